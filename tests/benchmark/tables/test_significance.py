"""Table 2."""

import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.measured import read_results
from osrae.benchmark.tables import make_table
from osrae.errors import InputError

from ..result_cases import scores, write

METHODS = {"rae": 0.9, "deepsmote": 0.6, "gamo": 0.895}


def measure(folder, data, methods=METHODS, **cell):
    for number, name in enumerate(data):
        for method, acsa in methods.items():
            write(folder, Cell(data=name, method=method, **cell),
                  {"test": scores(acsa - number / 100)})  # fmt: skip


def row(table, name):
    (found,) = (row for row in table.rows if row.stubs == (name,))
    return dict(zip(table.columns, found.values, strict=True))


TEN = [f"keel/{name}" for name in ("vehicle", "glass", "iris0", "ecoli1", "haberman", "wine",
                                   "abalone19", "yeast1", "vowel0", "pima")]  # fmt: skip


def test_a_clear_difference_is_significant_and_a_small_one_is_equal_in_practice(tmp_path):
    measure(tmp_path, TEN)
    table = make_table(2, read_results([tmp_path]))
    clear = row(table, "DeepSMOTE")
    assert (clear["better on"].own_text, clear["worse on"].own_text) == ("10", "0")
    assert clear["mean rank behind RAE"].own_text == "2.00"
    # z = 2 / √(3 · 4 / (6 · 10)) = 4.472, p = 7.74e-6, the smallest of three pairs.
    assert clear["Shaffer p"].own_text == "2.32e-05"
    assert clear["Holm p"].own_text == "2.32e-05"
    assert clear["Shaffer p"].printed_text == "5.15e-14"
    assert clear["Shaffer p"].difference is None
    assert clear["Bayesian, not better"].mean == pytest.approx(0, abs=1e-3)
    assert [clear[name].bold for name in ("Shaffer p", "Holm p", "Bayesian, not better")] == [
        True, True, True,
    ]  # fmt: skip
    near = row(table, "GAMO")
    assert near["Bayesian, equal in practice"].mean == pytest.approx(1, abs=1e-3)
    assert not near["Bayesian, not better"].bold
    assert any(note.startswith("10 data sets: keel/") for note in table.notes)
    assert any("Friedman: χ² = 20.00" in note for note in table.notes)
    assert "Left out, measured on fewer than half of the data sets: DGC, BAGAN." in table.notes
    assert row(table, "BAGAN")["Shaffer p"].own_text == "–"


def test_losing_everywhere_is_not_bold(tmp_path):
    measure(tmp_path, TEN, {"rae": 0.6, "gamo": 0.9})
    losing = row(make_table(2, read_results([tmp_path])), "GAMO")
    assert losing["Shaffer p"].mean < 0.05
    assert not losing["Shaffer p"].bold
    assert losing["Bayesian, not better"].mean > 0.99


def test_folds_seeds_and_test_parts_go_together_and_gaps_are_left_out(tmp_path):
    for fold, acsa in enumerate((0.1, 0.9)):
        for method in METHODS:
            write(tmp_path / "folds", Cell(data="keel/glass", method=method, fold=fold, folds=2),
                  {"test": scores(acsa if method == "rae" else 0.45)})  # fmt: skip
    measure(tmp_path / "own", TEN[:1])
    measure(tmp_path / "own", ["optdigits"], {"rae": 0.9, "gamo": 0.8})
    table = make_table(2, read_results([tmp_path / "folds", tmp_path / "own"]))
    assert "2 data sets: keel/glass, keel/vehicle." in table.notes
    assert "Left out, because a method has no result there: OPTICAL DIGITS." in table.notes
    # 0.5 on average over the folds of keel/glass is better than 0.45.
    assert row(table, "GAMO")["better on"].own_text == "2"


def test_too_few_data_sets(tmp_path):
    measure(tmp_path, TEN[:1])
    with pytest.raises(InputError, match="Table 2 needs RAE and at least one of its baselines"):
        make_table(2, read_results([tmp_path]))


def test_three_data_sets_that_agree_are_not_said_to_differ(tmp_path):
    measure(tmp_path, TEN[:3], {"rae": 0.9, "gamo": 0.6})
    notes = make_table(2, read_results([tmp_path])).notes
    assert any("p = 0.25: the methods cannot be told apart" in note for note in notes)


def test_methods_are_compared_on_the_same_rows(tmp_path):
    """Of two partings of a data set, the one that more methods have results of counts."""
    for name in TEN[:2]:
        write(tmp_path, Cell(data=name, method="rae"), {"test": scores(0.95)})
        for fold in (0, 1):
            for method, acsa in {"rae": 0.995, "gamo": 0.99}.items():
                cell = Cell(data=name, method=method, fold=fold, folds=2)
                write(tmp_path, cell, {"test": scores(acsa)})
    store = read_results([tmp_path])
    assert store.folds(TEN[0]) == 2
    assert store.folds("keel/none") is None
    (shown, own) = store.groups(TEN[0], "rae")
    assert (shown.cell.folds, own.cell.folds) == (2, None)
    assert row(make_table(2, store), "GAMO")["better on"].own_text == "2"
    write(tmp_path, Cell(data=TEN[0], method="gamo"), {"test": scores(0.5)})
    assert read_results([tmp_path]).folds(TEN[0]) is None
