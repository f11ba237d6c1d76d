"""Every method beside one of them, data set by data set."""

import numpy as np
import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.measured import read_results
from osrae.benchmark.rendering import to_markdown
from osrae.benchmark.tables.against import against_table
from osrae.errors import InputError
from osrae.evaluation.classification import summary
from osrae.evaluation.statistics import acsa_difference

from ..result_cases import scores, write, write_failed

TRUE = np.repeat([0, 1, 2], [50, 30, 20])


def told(wrong, *, rows=TRUE):
    """Predictions of which so many are wrong, from the first row on."""
    predicted = rows.copy()
    predicted[:wrong] = (rows[:wrong] + 1) % 3
    return predicted


def keep(folder, cell, predicted, *, true=TRUE, cpu_seconds=90.0):
    score = {"balanced": summary(true, predicted)}
    arrays = {"balanced/true": true, "balanced/predicted": predicted}
    write(folder, cell, score, arrays=arrays, cpu_seconds=cpu_seconds)


def row(table, data, method):
    (found,) = (row for row in table.rows if row.stubs == (data, method))
    return dict(zip(table.columns, found.values, strict=True))


@pytest.fixture
def folder(tmp_path):
    for seed, wrong in enumerate((4, 6)):
        keep(tmp_path, Cell(data="mnist", method="rae", seed=seed), told(wrong))
        keep(tmp_path, Cell(data="mnist", method="plain", seed=seed), told(wrong + 20))
    keep(tmp_path, Cell(data="cifar10", method="rae"), told(10))
    keep(tmp_path, Cell(data="cifar10", method="mixup"), told(9))
    return tmp_path


def test_the_difference_is_over_the_predictions_of_both(folder):
    table = against_table(read_results([folder]), "rae")
    found = row(table, "MNIST", "plain")
    apart = acsa_difference([TRUE, TRUE], [told(24), told(26)], [told(4), told(6)])
    numbers = [found[name].mean for name in ("difference", "from", "to")]
    assert numbers == pytest.approx([100 * n for n in (apart.mean, apart.low, apart.high)])
    assert found["difference"].own_text == "−13.33"
    assert found["ACSA, %"].own_text == "83.33 ± 0.94"
    assert found["core minutes"].own_text == "1.5"


def test_bold_is_what_differs_and_the_best_comes_first(folder):
    table = against_table(read_results([folder]), "rae")
    assert [r.stubs for r in table.rows] == [
        ("CIFAR-10", "mixup"), ("CIFAR-10", "RAE"), ("MNIST", "RAE"), ("MNIST", "plain"),
    ]  # fmt: skip
    assert row(table, "MNIST", "plain")["difference"].bold
    near = row(table, "CIFAR-10", "mixup")["difference"]
    assert near.own_text == "+0.67"
    assert not near.bold
    assert not any(row(table, "MNIST", "plain")[name].bold for name in ("from", "to"))
    assert row(table, "MNIST", "RAE")["difference"].own_text == "–"


def test_only_seeds_that_both_have_count(folder):
    keep(folder, Cell(data="mnist", method="ldam-drw", seed=1), told(8))
    table = against_table(read_results([folder]), "rae")
    assert row(table, "MNIST", "ldam-drw")["difference"].own_text == "−1.33"
    assert row(table, "MNIST", "ldam-drw")["common seeds"].own_text == "1"
    assert row(table, "MNIST", "plain")["common seeds"].own_text == "2"
    keep(folder, Cell(data="mnist", method="remix", seed=7), told(8))
    table = against_table(read_results([folder]), "rae")
    assert row(table, "MNIST", "remix")["difference"].own_text == "–"
    assert row(table, "MNIST", "remix")["ACSA, %"].own_text == "94.67 (one seed)"


def test_folds_are_put_together(tmp_path):
    parts = [np.arange(100) % 2 == 0, np.arange(100) % 2 == 1]
    for method, wrong in (("rae", 4), ("plain", 24)):
        for fold, part in enumerate(parts):
            cell = Cell(data="keel/glass", method=method, fold=fold, folds=2)
            keep(tmp_path, cell, told(wrong)[part], true=TRUE[part])
    keep(tmp_path, Cell(data="keel/glass", method="mixup"), told(3))  # of other test rows
    table = against_table(read_results([tmp_path]), "rae")
    assert [r.stubs[1] for r in table.rows] == ["RAE", "plain"]
    assert "Left out, measured on other test rows: mixup on keel/glass." in table.notes
    found = row(table, "keel/glass", "plain")
    order = np.concatenate([np.flatnonzero(part) for part in parts])
    apart = acsa_difference([TRUE[order]], [told(24)[order]], [told(4)[order]])
    assert found["from"].mean == pytest.approx(100 * apart.low)


def test_results_without_predictions_have_no_difference(folder):
    write(folder, Cell(data="mnist", method="smote"), {"balanced": scores(0.5)})
    table = against_table(read_results([folder]), "rae")
    assert row(table, "MNIST", "SMOTE")["difference"].own_text == "–"


def test_beside_another_preset(folder):
    keep(folder, Cell(data="mnist", method="rae", preset="strong"), told(2))
    table = against_table(read_results([folder]), "rae (preset=strong)")
    assert {r.stubs for r in table.rows} == {
        ("MNIST", "RAE (preset=strong)"), ("MNIST", "RAE"), ("MNIST", "plain"),
    }  # fmt: skip
    assert "beside RAE (preset=strong)" in to_markdown(table)


def test_what_failed_is_said(folder):
    write_failed(folder, Cell(data="mnist", method="gamo"))
    table = against_table(read_results([folder]), "rae")
    assert row(table, "MNIST", "GAMO")["ACSA, %"].own_text == "failed"
    assert row(table, "MNIST", "GAMO")["difference"].own_text == "–"
    assert any(note.startswith("Failed: GAMO on MNIST") for note in table.notes)
    with pytest.raises(InputError, match="Every cell of 'gamo' failed"):
        against_table(read_results([folder]), "gamo")


def test_the_parting_of_the_control_counts(folder):
    for fold in (0, 1):
        cell = Cell(data="mnist", method="plain", fold=fold, folds=2, core_minutes=500.0)
        keep(folder, cell, told(50))
    table = against_table(read_results([folder]), "rae")
    assert row(table, "MNIST", "plain")["difference"].own_text == "−13.33"


def test_a_method_may_be_called_as_tables_call_it(folder):
    tables = [against_table(read_results([folder]), name) for name in ("rae", "RAE")]
    assert tables[0] == tables[1]


def test_what_was_not_measured_is_refused(folder):
    with pytest.raises(InputError, match="no result of 'gamo'; there are mixup, plain, rae"):
        against_table(read_results([folder]), "gamo")


def test_notes_name_data_sets_where_that_is_shorter(folder):
    for data in ("mnist", "cifar10", "optdigits"):
        for method in ("rae", "plain", "mixup"):
            for seed in (0, *((2, 3) if data == "optdigits" else ())):
                keep(folder, Cell(data=data, method=method, seed=seed), told(5))
    for method in ("plain", "mixup"):
        keep(folder, Cell(data="mnist", method=method, seed=1), told(5))
    table = against_table(read_results([folder]), "rae")
    (seeds,) = (note for note in table.notes if note.startswith("Seeds"))
    assert "; 0, 2, 3 for everything on OPTICAL DIGITS" in seeds
    assert "Seeds: 0; 0, 1 for everything on MNIST" in seeds
