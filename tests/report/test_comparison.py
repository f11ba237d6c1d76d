import html
from datetime import datetime

import numpy as np
import pytest
from sklearn.datasets import load_wine

import osrae
from osrae.benchmark import comparing
from osrae.report.comparison import comparison_report
from osrae.report.render import render

from ..benchmark.comparisons import comparison

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def page():
    data = load_wine()
    rows = np.r_[0:59, 59:99, 130:142]
    names = np.array(["first", "second", HOSTILE])
    found = osrae.compare(
        data.data[rows], names[data.target[rows]], methods=["rae", "deepsmote"], budget=0.01
    )
    return comparison_report(found, title=HOSTILE, command="osrae compare wine.csv")


def test_it_says_what_to_use_first_and_how_to_train_it(page):
    assert page.lead.startswith("Use ")
    (code,) = [item for item in page.opening if hasattr(item, "text")]
    assert "methods.get(" in code.text
    assert [section.title for section in page.sections] == [
        "Ranking", "Classes", "Whether its probabilities can be believed", "Left out",
        "How it was compared",
    ]  # fmt: skip
    facts = dict(page.sections[-1].items[1].pairs)
    assert "imbalanced-learn" in facts
    assert "cores" in facts["machine"]


def test_the_ranking_has_a_row_for_every_method_that_was_measured(page):
    budget, ranking = page.sections[0].items
    assert "budget" in budget.text  # what would have been enough
    assert len(ranking.rows) == 6
    values = [row[1].value for row in ranking.rows]
    assert values == sorted(values, reverse=True)
    assert all(0 <= row[1].low <= row[1].value <= row[1].high <= 100 for row in ranking.rows)
    left_out = page.sections[3].items[0]
    assert [row[1].startswith("needs about ") for row in left_out.rows] == [True, True]


def test_hostile_names_are_text(page):
    text = render(page)
    assert HOSTILE not in text
    assert html.escape(HOSTILE) in text


def test_the_command_and_the_seed_are_told(page):
    text = render(page)
    assert "osrae compare wine.csv" in text
    assert "5 stratified folds" in text


def test_a_class_of_one_row_and_no_plain_model_are_reported_on():
    found = comparison({"rae": [0.8, 0.84, 0.82]}, counts=np.array([60, 30, 1]), n_folds=3)
    for result in found.results:
        for fold in result.folds:
            fold.recalls[2] = np.nan
            kept = fold.test < 90
            for name in ("test", "predicted", "probabilities"):
                object.__setattr__(fold, name, getattr(fold, name)[kept])
    text = render(comparison_report(found))
    assert "could not be tested" in text
    assert "equally common" not in text
    assert "differ by 1 point of ACSA or less" in text


@pytest.mark.parametrize(
    "labels",
    [
        ["a", 1],
        [datetime(2026, 1, 1), datetime(2026, 2, 1)],
        ["1", 1],  # written alike
    ],
)
def test_labels_of_any_sort_are_reported_on(labels):
    classes = np.empty(2, dtype=object)
    classes[:] = labels
    found = comparison({"rae": [0.8, 0.84, 0.82]}, counts=np.array([60, 30]), n_folds=3,
                       classes=classes)  # fmt: skip
    names = {str(label) for label in labels}
    names = names if len(names) == 2 else {repr(label) for label in labels}
    text = html.unescape(render(comparison_report(found)))
    assert all(name in text for name in names)


def test_scores_that_are_the_same_in_all_folds_have_no_interval():
    page = comparison_report(comparison({"logistic-regression": [1.0] * 5}))
    (ranking,) = page.sections[0].items
    assert ranking.rows[0][1] == 100.0
    assert page.opening[0].items[0].detail == "the same in every fold"


def test_a_model_is_there_to_be_looked_at(monkeypatch):
    data = load_wine()
    rows = np.r_[0:59, 59:99, 130:142]
    monkeypatch.setattr(comparing, "_MOST_REPEATS", 1)
    monkeypatch.setattr(comparing, "_SHORT", np.inf)
    monkeypatch.setattr(comparing, "_SHORT_SHARE", np.inf)
    monkeypatch.setattr(comparing, "LEAST_SHARE", 0.0)  # however slow the machine is
    monkeypatch.setattr(comparing, "_in_turn", lambda runs, *_: ((r, 9.0, 9.0) for r in runs))
    found = osrae.compare(data.data[rows], data.target[rows],
                          methods=["smote+logistic-regression", "rae"], budget=0.01)  # fmt: skip
    assert found.example.title == found.result("rae").candidate.title  # it has a latent space
    assert len(found.example.X_test) == len(found.result("rae").folds[0].test)
    assert found.example.acsa == found.result("rae").acsa[0]
    page = comparison_report(found)
    titles = [section.title for section in page.sections]
    assert titles[3:6] == ["Latent space", "New samples", "Training of the model"]
    assert all("trained on the rows of the first fold" in s.text for s in page.sections[3:6])
    assert render(page)
