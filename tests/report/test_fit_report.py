"""The report on a trained classifier, of every kind that it takes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from osrae import DeepSMOTE, RAEClassifier, TwoStageClassifier
from osrae.errors import InputError
from osrae.methods.two_stage import default_classifier
from osrae.report import Page, fit_report
from osrae.report.page import Code, DataTable, Note, Strips
from osrae.report.render import MOST_BYTES, render

FAST = {"max_steps": 15, "batch_size": 16, "device": "cpu", "random_state": 0}
ROWS = np.r_[0:50, 50:75, 100:112]
TEST = np.r_[75:95, 112:132]


@pytest.fixture(scope="module")
def iris():
    data = load_iris(as_frame=True)
    X = data.data.assign(site=np.where(np.arange(150) % 3, "north", "<south>"))
    return X, np.array(["<setosa>", "versicolor", "$virginica$"])[data.target]


@pytest.fixture(scope="module")
def page(iris) -> Page:
    X, y = iris
    model = RAEClassifier(**FAST).fit(X.iloc[ROWS], y[ROWS])
    others = {"constant answer": np.full(len(TEST), "versicolor")}
    return fit_report(
        model, X.iloc[ROWS], y[ROWS], X.iloc[TEST], y[TEST],
        others=others, title="iris <data>", command="osrae fit 'iris <data>'",
    )  # fmt: skip


def titles(page: Page) -> list[str]:
    return [section.title for section in page.sections]


def test_everything_there_is_to_see_is_there(page):
    assert titles(page) == [
        "Classes", "Confusions", "Latent space", "New samples", "Calibration",
        "Training of the model", "How it was made",
    ]  # fmt: skip
    assert "The constant answer recognises" in page.lead
    html = render(page)
    assert len(html.encode()) < MOST_BYTES / 5
    assert "<setosa>" not in html
    assert "&lt;setosa&gt;" in html


def test_command_settings_and_versions_are_told(page):
    command, facts, settings, versions = page.sections[-1].items
    assert command == Code("osrae fit 'iris <data>'", "The command that trains this model")
    assert dict(facts.pairs)["max_steps"] == "15"
    assert "verbose" not in dict(facts.pairs)
    assert dict(settings.rows)["batch_size"] == "16"
    assert "torch" in dict(versions.pairs)["versions"]


def test_new_rows_stand_above_the_real_ones(page):
    (samples,) = [section for section in page.sections if section.title == "New samples"]
    distances, first, *_ = samples.items
    assert {row[0] for row in distances.rows} == {"<setosa>", "versicolor", "$virginica$"}
    assert distances.rows[0][:2] == ("$virginica$", 12)
    assert [column.title for column in first.columns[1:-1]][-1] == "site"
    assert {row[0] for row in first.rows} == {"new 1", "new 2", "new 3", "nearest real"}


def test_same_model_same_report(iris, page):
    X, y = iris
    model = RAEClassifier(**FAST).fit(X.iloc[ROWS], y[ROWS])
    given = (X.iloc[ROWS], y[ROWS], X.iloc[TEST], y[TEST])
    assert render(fit_report(model, *given)) == render(fit_report(model, *given))


def test_nothing_held_out(iris):
    X, y = iris
    model = RAEClassifier(**FAST, decoder=False).fit(X.iloc[ROWS], y[ROWS])
    page = fit_report(model, X.iloc[ROWS], y[ROWS], X.iloc[:0], y[:0])
    assert titles(page) == [
        "Classes", "Latent space", "New samples", "Training of the model", "How it was made"
    ]  # fmt: skip
    assert not page.opening
    (note,) = page.sections[2].items
    assert isinstance(note, Note)
    assert "has no decoder" in note.text
    render(page)


def test_classes_of_which_nothing_was_held_out(iris):
    X, y = iris
    model = RAEClassifier(**FAST).fit(X.iloc[ROWS], y[ROWS])
    rows = TEST[y[TEST] != "$virginica$"]
    page = fit_report(model, X.iloc[ROWS], y[ROWS], X.iloc[rows], y[rows])
    (calibration,) = [section for section in page.sections if section.title == "Calibration"]
    assert "Every held-out sample counts the same" in calibration.text
    render(page)


def test_pictures_of_a_sampler_and_the_classifier_behind_it():
    images, y = load_digits(n_class=2, return_X_y=True)
    X = (images.reshape(-1, 8, 8) * 15).astype(np.uint8)
    rows = np.concatenate([np.flatnonzero(y == 0)[:40], np.flatnonzero(y == 1)[:12]])
    small = {"max_steps": 3, "batch_size": 8, "device": "cpu"}
    model = TwoStageClassifier(
        sampler=DeepSMOTE(**small), classifier=default_classifier(**small, encoder="conv"),
        random_state=0,
    ).fit(X[rows], y[rows])  # fmt: skip
    page = fit_report(model, X[rows], y[rows], X[-40:], y[-40:])
    assert page.subtitle.startswith("DeepSMOTE + DeepClassifier")
    assert titles(page)[-3:-1] == ["Training of the sampler", "Training of the classifier"]
    (samples,) = [section for section in page.sections if section.title == "New samples"]
    assert sum(isinstance(item, Strips) for item in samples.items) == 2
    render(page)


@pytest.mark.parametrize("classifier", [LogisticRegression(max_iter=500), LinearSVC()])
def test_classifiers_of_other_libraries(classifier):
    X, y = load_iris(return_X_y=True)
    page = fit_report(classifier.fit(X[ROWS], y[ROWS]), X[ROWS], y[ROWS], X[TEST], y[TEST])
    expected = ["Classes", "Confusions", "Calibration", "How it was made"]
    if not hasattr(classifier, "predict_proba"):
        expected.remove("Calibration")
    assert titles(page) == expected
    assert isinstance(page.sections[0].items[0], DataTable)
    render(page)


def test_predictions_that_do_not_fit_are_refused(iris):
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(X[ROWS], y[ROWS])
    with pytest.raises(InputError, match="short: 1 predictions for 40 test samples"):
        fit_report(model, X[ROWS], y[ROWS], X[TEST], y[TEST], others={"short": [0]})
