"""Ranks of any methods over data sets."""

import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.measured import read_results
from osrae.benchmark.rendering import to_markdown
from osrae.benchmark.tables.ranks import ranks_table
from osrae.errors import InputError

from ..result_cases import scores, write

TEN = [f"keel/{name}" for name in ("vehicle", "glass", "iris0", "ecoli1", "haberman", "wine",
                                   "abalone19", "yeast1", "vowel0", "pima")]  # fmt: skip
METHODS = {"rae": 0.9, "smote+gradient-boosting": 0.895, "random-forest": 0.6}


@pytest.fixture
def store(tmp_path):
    for number, data in enumerate(TEN):
        for method, acsa in METHODS.items():
            write(tmp_path, Cell(data=data, method=method), {"test": scores(acsa - number / 100)})
    return read_results([tmp_path])


def row(table, name):
    (found,) = (row for row in table.rows if row.stubs == (name,))
    return dict(zip(table.columns, found.values, strict=True))


def test_methods_by_mean_rank_beside_the_first(store):
    table = ranks_table(store)
    assert [row.stubs[0] for row in table.rows] == ["RAE", "smote+gradient-boosting",
                                                    "random-forest"]  # fmt: skip
    first, near, far = (row(table, line.stubs[0]) for line in table.rows)
    assert [r["mean rank"].own_text for r in (first, near, far)] == ["1.00", "2.00", "3.00"]
    assert first["mean ACSA, %"].own_text == "85.50"
    assert first["Holm p"].own_text == "–"
    assert (far["better on"].own_text, far["worse on"].own_text) == ("0", "10")
    # z = 2 / √(3 · 4 / (6 · 10)) = 4.472, p = 7.74e-6, the smaller of two.
    assert far["Holm p"].own_text == "1.55e-05"
    assert near["equal"].mean == pytest.approx(1, abs=1e-3)
    assert far["worse"].mean == pytest.approx(1, abs=1e-3)
    assert sum(near[name].mean for name in ("better", "equal", "worse")) == pytest.approx(1)


def test_ranks_within_the_critical_difference_of_the_best_are_bold(store):
    table = ranks_table(store)
    bold = [row(table, line.stubs[0])["mean rank"].bold for line in table.rows]
    # 2.343 √(3 · 4 / (6 · 10)) = 1.05 (Demšar's Table 5).
    assert bold == [True, True, False]
    assert any("critical difference of 1.05" in note for note in table.notes)


def test_beside_a_method_of_ones_choice(store):
    table = ranks_table(store, "random-forest")
    assert row(table, "RAE")["better on"].own_text == "10"
    assert row(table, "RAE")["better"].mean == pytest.approx(1, abs=1e-3)
    assert row(table, "random-forest")["better"].own_text == "–"
    assert row(ranks_table(store, "RAE"), "RAE")["better"].own_text == "–"


def test_mean_difference_and_its_standard_error(tmp_path):
    for data, ahead in zip(TEN[:4], (0.01, 0.02, 0.03, 0.06), strict=True):
        for method, acsa in {"smote": 0.5, "rae": 0.5 + ahead}.items():
            write(tmp_path, Cell(data=data, method=method), {"test": scores(acsa)})
    found = row(ranks_table(read_results([tmp_path]), "smote"), "RAE")
    # 3 points; deviations of -2, -1, 0 and 3 points: √(14 / 3) / √4 = 1.080.
    assert found["difference"].own_text == "+3.00"
    assert found["s.e."].own_text == "1.08"


def test_tables_of_the_same_rows_can_count_as_one(tmp_path):
    behind = {"keel/yeast1": 0.1, "keel/yeast3": 0.2, "keel/glass0": -0.4, "keel/pima": -0.1}
    for data, apart in behind.items():
        for method, acsa in {"smote": 0.5 + apart, "rae": 0.5}.items():
            write(tmp_path, Cell(data=data, method=method), {"test": scores(acsa)})
    store = read_results([tmp_path])
    assert row(ranks_table(store, "rae"), "SMOTE")["better on"].own_text == "2"
    table = ranks_table(store, "rae", sources=True)
    found = row(table, "SMOTE")
    assert (found["better on"].own_text, found["worse on"].own_text) == ("1", "2")
    assert found["mean ACSA, %"].own_text == "38.33"  # of 0.65, 0.10 and 0.40
    assert "3 sources" in table.caption
    named = "Of 3 sources, each the mean of its own: keel/glass, keel/pima, keel/yeast."
    assert named in table.notes


def test_ranks_by_another_score(store):
    table = ranks_table(store, score="f1")
    assert "mean F1, %" in table.columns
    with pytest.raises(InputError, match="score='accuracy': expected one of acsa, gm, f1"):
        ranks_table(store, score="accuracy")


def test_there_is_no_column_that_says_measured(store):
    head = to_markdown(ranks_table(store)).splitlines()[2]
    assert head.startswith("| method | mean rank |")


def test_methods_and_data_sets_with_gaps_are_left_out_and_named(tmp_path, store):
    write(tmp_path, Cell(data=TEN[0], method="smote"), {"test": scores(0.9)})
    write(tmp_path, Cell(data="keel/zoo", method="rae"), {"test": scores(0.9)})
    table = ranks_table(read_results([tmp_path]))
    assert len(table.rows) == 3
    assert "Left out, measured on fewer than half of the data sets: SMOTE." in table.notes
    assert "Left out, because a method has no result there: keel/zoo." in table.notes


def test_what_cannot_be_ranked_is_refused(tmp_path, store):
    with pytest.raises(InputError, match="There is no result of 'gamo'; there are rae, random-"):
        ranks_table(store, "gamo")
    write(tmp_path, Cell(data=TEN[0], method="smote"), {"test": scores(0.9)})
    with pytest.raises(InputError, match="'smote' was not measured on enough data sets; there are"):
        ranks_table(read_results([tmp_path]), "SMOTE")
    write(tmp_path / "one", Cell(data=TEN[0], method="rae"), {"test": scores(0.9)})
    with pytest.raises(InputError, match="two methods or more on the same two data sets"):
        ranks_table(read_results([tmp_path / "one"]))
