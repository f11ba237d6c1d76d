"""Tables of methods against data sets."""

import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.measured import read_results
from osrae.benchmark.tables import TABLES, make_table
from osrae.errors import InputError

from ..result_cases import GENERATION, scores, write, write_failed


def parts(acsa):
    return {"balanced": scores(acsa), "imbalanced": scores(acsa - 0.1)}


def place(table, column, *stubs):
    (row,) = (row for row in table.rows if row.stubs == stubs)
    return row.values[table.columns.index(column)]


@pytest.fixture
def folder(tmp_path):
    for seed, acsa in enumerate((0.96, 0.98)):
        write(tmp_path, Cell(data="mnist", method="rae", seed=seed, core_minutes=20.0),
              parts(acsa), generation=GENERATION, whole=False)  # fmt: skip
    write(tmp_path, Cell(data="mnist", method="gamo", core_minutes=20.0), parts(0.95),
          note="drawn by hand")  # fmt: skip
    write_failed(tmp_path, Cell(data="mnist", method="dgc", core_minutes=20.0))
    write(tmp_path, Cell(data="mnist", method="rae", core_minutes=5.0), parts(0.3))
    return tmp_path


def test_measured_printed_and_difference_in_the_places_of_table_1(folder):
    table = make_table(1, read_results([folder]))
    assert table.columns == ("RAE", "DeepSMOTE", "GAMO", "BAGAN", "DGC")
    rae = place(table, "RAE", "MNIST", "ACSA")
    assert rae.own_text == "97.00 ± 1.41"
    assert rae.printed_text == "96.79 ± 0.09"
    assert rae.difference_text == "+0.21"
    assert (rae.bold, rae.printed_bold) == (True, True)
    assert place(table, "GAMO", "MNIST", "F1").own_text == "94.00 (one seed)"
    assert place(table, "GAMO", "MNIST", "GM").own_text == "96.00 (one seed)"
    assert place(table, "GAMO", "MNIST", "GM of recalls").own_text == "93.00 (one seed)"
    assert place(table, "DGC", "MNIST", "ACSA").own_text == "failed"
    assert place(table, "BAGAN", "MNIST", "ACSA").own_text == "–"
    assert place(table, "RAE", "SVHN", "ACSA").own_text == "–"


def test_table_10_is_of_the_imbalanced_test_part(folder):
    table = make_table(10, read_results([folder]))
    assert place(table, "RAE", "MNIST", "ACSA").own_text == "87.00 ± 1.41"
    assert place(table, "RAE", "MNIST", "ACSA").printed_text == "96.75 ± 0.86"


def test_notes_say_how_it_was_measured(folder):
    notes = make_table(1, read_results([folder])).notes
    assert any("GM follows from ACSA" in note for note in notes)
    assert "MNIST: drawn by hand." in notes
    assert any(note.startswith("Seeds: 0, 1; 0 for GAMO. ±") for note in notes)
    budget = "about 20 minutes of one core"
    assert f"Training: {budget}; whole runs, within {budget}, for GAMO." in notes
    times = "RAE 60 s (60 s); GAMO 60 s (60 s)"
    assert f"Processor time of training, and in brackets time by the clock: {times}." in notes
    assert "Steps, stage by stage: RAE 100; GAMO 100." in notes
    assert "Failed: DGC on MNIST: MemoryError: no memory (seed 0)." in notes
    assert any("other settings or budgets, too (for RAE)" in note for note in notes)
    assert "Machine: Z80, 2 of 2 cores." in notes
    assert "Versions: python 3.12.1, torch 2.13.0." in notes
    assert "Code: abc1234." in notes


def test_what_training_took_stands_below_the_scores_of_each_data_set(folder):
    write(folder, Cell(data="mnist", method="smote", core_minutes=20.0), parts(0.9), steps=0)
    table = make_table(1, read_results([folder]))
    assert place(table, "RAE", "MNIST", "steps, all stages").own_text == "100"
    assert place(table, "GAMO", "MNIST", "minutes of training").own_text == "1.0"
    assert place(table, "DGC", "MNIST", "steps, all stages").own_text == "–"
    assert ("SVHN", "minutes of training") not in [row.stubs for row in table.rows]
    classical = make_table(15, read_results([folder]))
    assert place(classical, "SMOTE", "MNIST", "steps, all stages").own_text == "–"
    assert place(classical, "SMOTE", "MNIST", "minutes of training").own_text == "1.0"


def test_attempts_that_failed_are_no_other_results(tmp_path):
    write(tmp_path, Cell(data="mnist", method="gamo", core_minutes=20.0), parts(0.95))
    write_failed(tmp_path, Cell(data="mnist", method="gamo", core_minutes=5.0))
    notes = make_table(1, read_results([tmp_path])).notes
    assert not any("other settings or budgets" in note for note in notes)


def test_variants_of_the_method_stand_beside_it_and_ablations_do_not(folder):
    for settings, preset, label in (
        ({"encoder": "conv"}, "default", "rae-paper-encoder"), ({}, "paper", ""),
        ({"mixing": "uniform"}, "paper", "no-mixer"),
    ):  # fmt: skip
        write(folder, Cell(data="mnist", method="rae", settings=settings, preset=preset,
                           label=label), parts(0.9))  # fmt: skip
    table = make_table(1, read_results([folder]))
    write(folder, Cell(data="mnist", method="rae-sampler"), parts(0.9))
    with_sampler = make_table(1, read_results([folder]))
    assert table.columns[:4] == (
        "RAE",
        "RAE, the paper's encoder",
        "RAE (preset=paper)",
        "DeepSMOTE",
    )
    assert with_sampler.columns[1:3] == ("RAE, the paper's encoder", "RAE, as a sampler")
    equal = place(table, "RAE, the paper's encoder", "MNIST", "ACSA")
    assert equal.difference_text == "−6.79"


def test_tables_are_measured_on_their_test_part_or_by_folds(tmp_path):
    write(tmp_path, Cell(data="optdigits", method="rae"), {"test": scores(0.97)})
    for fold in (0, 1):
        write(tmp_path, Cell(data="isolet", method="rae", fold=fold, folds=2),
              {"test": scores(0.9)})  # fmt: skip
    table = make_table(13, read_results([tmp_path]))
    assert place(table, "RAE", "OPTICAL DIGITS", "ACSA").difference_text == "−1.01"
    assert place(table, "RAE", "ISOLET", "ACSA").own_text == "90.00 (one seed)"
    assert any("0, each the mean of 2 folds for RAE on ISOLET" in note for note in table.notes)


def test_pictures_measured_by_folds_are_not_in_a_table_of_the_balanced_test_part(tmp_path):
    for fold in (0, 1):
        write(tmp_path, Cell(data="mnist", method="rae", fold=fold, folds=2),
              {"test": scores(0.9)})  # fmt: skip
    with pytest.raises(InputError, match="nothing for Table 1 "):
        make_table(1, read_results([tmp_path]))


def test_generated_samples_in_inceptions_features(folder):
    store = read_results([folder])
    density = place(make_table(3, store), "MNIST density", "RAE")
    assert (density.mean, density.printed_text) == (0.5, "0.729")
    assert density.difference_text == "−0.229"
    fid = make_table(11, store)
    assert fid.caption.startswith("Table 11. FID")
    assert place(fid, "MNIST", "RAE").difference_text == "+6.76"


def test_in_other_features_there_is_no_difference(tmp_path):
    other = {**GENERATION, "extractor": "random VGG-16, 64 features, seed 0", "frechet": 0.0123}
    write(tmp_path, Cell(data="mnist", method="rae"), parts(0.9), generation=other)
    table = make_table(11, read_results([tmp_path]))
    assert table.caption.startswith("Table 11. Fréchet distance")
    value = place(table, "MNIST", "RAE")
    assert (value.own_text, value.printed_text) == ("0.0123 (one seed)", "13.24")
    assert value.difference is None
    assert any("random VGG-16" in note for note in table.notes)


def test_table_12_has_four_digits(folder):
    table = make_table(12, read_results([folder]))
    assert place(table, "MNIST", "GAMO").own_text == "0.9700 (one seed)"
    assert place(table, "MNIST", "GAMO").difference_text == "−0.0102"


@pytest.mark.parametrize("number", [14, 15])
def test_classical_methods(folder, number):
    write(folder, Cell(data="mnist", method="smote"), parts(0.9))
    table = make_table(number, read_results([folder]))
    assert table.columns == ("RAE", "SMOTE", "AMDO", "MC-CCR", "MC-RBO")
    difference = {15: "+2.02", 14: "−1.48"}[number]
    assert place(table, "SMOTE", "MNIST", "ACSA").difference_text == difference


def test_a_table_that_there_is_not_and_one_without_results(tmp_path):
    store = read_results([tmp_path])
    with pytest.raises(InputError, match=r"no table 7 of results.*1 \(deep methods, balanced"):
        make_table(7, store)
    for number in sorted(TABLES.keys() - {2}):
        with pytest.raises(InputError, match=f"nothing for Table {number} .*osrae bench run"):
            make_table(number, store)
