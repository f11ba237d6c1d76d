import html
from dataclasses import replace

import numpy as np
import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.measured import Store, read_results
from osrae.benchmark.outcomes import Outcome
from osrae.benchmark.results import Result, Results
from osrae.benchmark.running import run_cell
from osrae.errors import InputError
from osrae.report.grid import grid_report
from osrae.report.render import render

METHODS = ("logistic-regression", "weighted-logistic-regression", "smote+logistic-regression")
DATA = ("keel/glass", "keel/newthyroid", "keel/balance")
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Results:
    """Three quick methods on three tables with two seeds; one of them under a hostile name."""
    results = Results(tmp_path_factory.mktemp("results"))
    for data in DATA:
        for method in METHODS:
            for seed in (0, 1):
                label = HOSTILE if method == METHODS[2] else ""
                result, _ = run_cell(Cell(data=data, method=method, seed=seed, label=label))
                results.write(Outcome({"status": "done", **result}))
    return results


@pytest.fixture(scope="module")
def page(results):
    return grid_report(read_results([results.folder]), title="Tables", command="osrae bench …")


def means(results: Results, data: str) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for result in results:
        if result.cell.data == data:
            found.setdefault(result.cell.title, []).append(result.score())
    return {title: 100 * np.mean(scores) for title, scores in found.items()}


def test_the_overview_has_the_means_and_marks_the_best(results, page):
    (table,) = page.sections[0].items
    heads = [column.title for column in table.columns[1:]]
    assert set(heads) == set(DATA)
    for column, data in enumerate(heads, start=1):
        expected = means(results, data)
        assert {row[0]: row[column] for row in table.rows} == pytest.approx(expected)
        best = {row for row, place in table.strong if place == column}
        written = [f"{row[column]:.1f}" for row in table.rows]
        highest = f"{max(expected.values()):.1f}"
        assert best == {row for row, text in enumerate(written) if text == highest}


def test_ranks_are_over_all_data_sets(results, page):
    section = page.sections[1]
    assert section.title == "Over all data sets"
    diagram, beside = section.items
    assert {row[0] for row in diagram.data.rows} == {*METHODS[:2], HOSTILE}
    assert len(beside.rows) == 2
    assert all(sum(row[1:]) == pytest.approx(100, abs=0.2) for row in beside.rows)
    best = diagram.data.rows[0][0]
    assert best in page.lead
    assert best not in {row[0] for row in beside.rows}


def test_every_data_set_is_told_with_its_classes_and_cost(results, page):
    section = next(s for s in page.sections if s.title == "keel/glass")
    table, recalls, *_ = section.items
    assert [row[0] for row in table.rows] == sorted(
        means(results, "keel/glass"), key=lambda title: -means(results, "keel/glass")[title]
    )
    assert all(row[1].low <= row[1].value <= row[1].high for row in table.rows)
    assert len(recalls.rows) == 6
    trained = [row[1] for row in recalls.rows]
    assert trained == sorted(trained, reverse=True)


def moved(result: Result, **changes) -> Result:
    return replace(result, cell=replace(result.cell, **changes))


def test_methods_that_are_equally_good_are_all_marked(results):
    first = next(iter(results))
    page = grid_report(Store([first, moved(first, method="random-forest")]))
    assert page.sections[0].items[0].strong == {(0, 1), (1, 1)}
    assert page.sections[1].items[0].strong == [(0, 1), (1, 1)]


def test_data_sets_that_the_lead_does_not_name_are_counted(results):
    first = next(iter(results))
    page = grid_report(Store([moved(first, data=f"data {n}") for n in range(6)]))
    assert "on data 3, " in page.lead
    assert page.lead.endswith("; 2 more data sets below.")


def test_failed_cells_are_named(results):
    cell = Cell(data="keel/glass", method="rae")
    error = {"type": "MemoryError", "message": "no room", "traceback": ""}
    failed = Results(results.folder.parent / "failed").write(
        Outcome({"status": "failed", "cell": cell.to_dict(), "error": error})
    )
    page = grid_report(Store([*results, failed]))
    section = next(s for s in page.sections if s.title == "Failed")
    assert section.items[0].rows == [(str(cell), "MemoryError: no room")]
    with pytest.raises(InputError, match="no result to report on"):
        grid_report(Store([failed]))


def test_hostile_names_are_text(page):
    text = render(page)
    assert HOSTILE not in text
    assert html.escape(HOSTILE) in text
    assert "osrae bench …" in text


def test_what_ranks_leave_out_is_named(results):
    first, *_ = [r for r in results if r.cell.data == "keel/glass" and r.cell.seed == 0]
    one_only = moved(first, method="random-forest")
    page = grid_report(Store([*results, one_only]))
    section = next(s for s in page.sections if s.title == "Over all data sets")
    assert "random-forest (measured on fewer than half of the data sets)" in section.text
    rare = [r for r in results if not (r.cell.data == "keel/balance" and r.cell.label)]
    page = grid_report(Store(rare))
    section = next(s for s in page.sections if s.title == "Over all data sets")
    assert "keel/balance (a method is missing there)" in section.text
    assert "Ranks over 2 data sets" in section.text


def test_it_is_told_how_it_was_measured(page, results):
    facts = dict(page.sections[-1].items[1].pairs)
    assert facts["Seeds"].startswith("0, 1")
    assert facts["Training"] == "whole runs, as long as the preset says"
    assert "Processor time of training, and in brackets time by the clock" in facts
    assert "scikit-learn" in facts["Versions"]


def test_of_one_seed_there_is_no_interval(results):
    page = grid_report(Store([r for r in results if r.cell.seed == 0]))
    table = next(s for s in page.sections if s.title == "keel/glass").items[0]
    assert table.columns[1].title == "ACSA, %, one seed"
    assert all(isinstance(row[1], float) for row in table.rows)


def test_scores_on_other_test_rows_are_named_and_not_shown(results):
    first, *_ = [r for r in results if r.cell.data == "keel/glass" and r.cell.seed == 0]
    folds = [moved(first, method="random-forest", folds=2, fold=fold) for fold in (0, 1)]
    page = grid_report(Store([*results, *folds]))
    assert "random-forest" not in [row[0] for row in page.sections[0].items[0].rows]
    facts = dict(page.sections[-1].items[-1].pairs)
    assert facts["Left out, measured on other test rows"] == "random-forest on keel/glass"


def test_a_method_of_two_budgets_is_noted_with_a_subject(results):
    first, *_ = [r for r in results if r.cell.data == "keel/glass" and r.cell.seed == 0]
    page = grid_report(Store([*results, moved(first, core_minutes=2.0)]))
    pairs = page.sections[-1].items[-1].pairs
    assert "other settings or budgets" in dict(pairs)["Not shown"]
    assert all(text for _, text in pairs)
