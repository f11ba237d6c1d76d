import dataclasses

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_iris

from osrae.benchmark import advice as advice_module
from osrae.benchmark.advice import advise, chance_text, how_to_train
from osrae.benchmark.candidates import candidates

from .comparisons import comparison

QUICK = [
    c.name for c in candidates("tables", ["smote+gradient-boosting", "balanced-random-forest"])
]
FAIR = [0.70, 0.72, 0.75, 0.71, 0.72]
CLOSE = [0.705, 0.722, 0.752, 0.713, 0.723]
GOOD = [0.80, 0.84, 0.82, 0.86, 0.83]
UNSURE = [0.60, 0.90, 0.65, 0.88, 0.70]


def test_a_method_that_is_clearly_better_is_advised():
    advice = advise(comparison({"logistic-regression": FAIR, "rae": GOOD}))
    assert advice.method == "rae"
    assert advice.text.startswith(
        "Use class-preserving regularised auto-encoder: on average it finds 83.0 % of a class"
    )
    assert "logistic regression finds 72.0 %" in advice.text
    assert (
        "the probability that it is behind by more than 1 point is more than 0.99." in advice.text
    )


@pytest.mark.parametrize(
    ("probability", "text"),
    [(1.0, "more than 0.99"), (0.996, "more than 0.99"), (0.5, "0.50"), (0.0, "less than 0.01")],
)
def test_no_probability_is_rounded_to_certainty(probability, text):
    assert chance_text(probability) == text


def test_a_simple_method_that_is_practically_the_same_is_advised():
    advice = advise(comparison({"weighted-logistic-regression": FAIR, "rae": CLOSE}))
    assert advice.method == "weighted-logistic-regression"
    assert "practically the same as the best method" in advice.text
    assert "differ by 1 point or less is more than 0.99" in advice.text


def test_a_simple_method_is_advised_where_the_better_one_may_not_be():
    advice = advise(comparison({"gradient-boosting": FAIR, "rae": UNSURE}, rope=0.03))
    assert advice.method == "gradient-boosting"
    assert "better by more than 3 points is 0." in advice.text


def test_of_two_plain_models_the_first_is_the_simplest():
    found = comparison({"gradient-boosting": CLOSE, "logistic-regression": FAIR})
    assert advise(found).method == "logistic-regression"


def test_of_two_models_that_are_as_simple_the_better_is_advised():
    weighted, corrected = "weighted-logistic-regression", "corrected-logistic-regression"
    found = comparison({corrected: CLOSE, weighted: FAIR, "rae": FAIR})
    assert advise(found).method == corrected
    found = comparison({corrected: FAIR, weighted: CLOSE, "rae": FAIR})
    assert advise(found).method == weighted


def test_a_rare_class_is_named_with_how_little_is_known_of_it():
    text = advise(comparison({"logistic-regression": GOOD, "rae": FAIR})).text
    assert "Of the rarest class, c with 10 rows, it finds 83.0 %" in text
    assert "collect more of them first" in text
    many = comparison({"logistic-regression": GOOD, "rae": FAIR}, counts=np.array([300, 200, 100]))
    assert advise(many).text.endswith("Of the rarest class, c with 100 rows, it finds 83.0 %.")


def test_training_that_was_cut_short_is_said():
    found = comparison({"logistic-regression": FAIR, "rae": GOOD}, counts=np.array([90, 90, 90]))
    cut = dataclasses.replace(found.results[1], shortened=0.4)
    text = advise(dataclasses.replace(found, results=(found.results[0], cut))).text
    assert "its training was cut to 40 % by the time budget" in text
    nearly = dataclasses.replace(cut, shortened=0.95)
    text = advise(dataclasses.replace(found, results=(found.results[0], nearly))).text
    assert "cut to" not in text


def test_methods_that_were_left_out_are_counted():
    found = comparison({"logistic-regression": FAIR, "rae": GOOD, "smote": FAIR})
    for result in found.results[1:]:
        result.folds.clear()
    text = advise(found).text
    assert text.startswith("Use logistic regression (1 method was measured, 2 were left out): on")


def test_folds_that_are_all_alike_are_no_sure_interval():
    text = advise(comparison({"logistic-regression": [1.0] * 5, "rae": FAIR})).text
    assert "finds 100.0 % of a class (the same in every fold)." in text


def test_no_class_is_the_rarest_where_several_are():
    alike = comparison({"logistic-regression": GOOD}, counts=np.array([90, 90, 90]))
    assert "Of one of the 3 rarest classes, a with 90 rows," in advise(alike).text


def test_classes_that_could_not_be_tested_are_counted():
    found = comparison({"logistic-regression": GOOD}, counts=np.array([90, 1, 1]))
    assert "2 classes have 1 row each and could not be tested." in advise(found).text


def test_a_class_that_could_not_be_tested_is_said():
    found = comparison({"logistic-regression": GOOD, "rae": FAIR}, counts=np.array([90, 90, 1]))
    for result in found.results:
        for fold in result.folds:
            fold.recalls[2] = np.nan
    assert "The class c has 1 row and could not be tested." in advise(found).text


def test_advice_is_two_sentences():
    for scores in ({"rae": GOOD, "logistic-regression": FAIR}, {"logistic-regression": GOOD}):
        text = advise(comparison(scores)).text
        assert text.count(". ") == 1
        assert text.endswith(".")


def test_commands_are_quoted():
    assert how_to_train("rae", "my data.csv", "the class") == (
        "osrae fit 'my data.csv' --target 'the class' --method rae -o model"
    )
    assert how_to_train("rae", "birds", size=(32, 48)) == (
        "osrae fit birds --size 32x48 --method rae -o model"
    )
    assert (
        how_to_train("rae", "-f.csv", "y") == "osrae fit ./-f.csv --target y --method rae -o model"
    )
    assert how_to_train("smote", "pictures") == "osrae fit pictures --method smote -o model"
    for name in (*QUICK, "corrected-gradient-boosting"):
        assert (
            how_to_train(name, "a.csv", "y")
            == f"osrae fit a.csv --target y --method {name} -o model"
        )


@pytest.mark.parametrize("name", [*QUICK, "rae", "smote"])
def test_code_that_is_advised_works(name):
    X, y = load_iris(return_X_y=True)
    X, y = X[:110], y[:110]
    names = {"X": X, "y": y}
    exec(how_to_train(name), names)
    assert (names["model"].predict(X) == y).mean() > 0.9


@pytest.mark.parametrize("name", ["smote+gradient-boosting", "balanced-random-forest"])
def test_code_reads_a_table_where_no_command_trains_the_method(name, tmp_path, monkeypatch):
    monkeypatch.setattr(advice_module, "can_be_written", lambda part: False)
    frame = load_iris(as_frame=True).frame.head(110)
    path = tmp_path / "it's iris.csv"
    frame.to_csv(path, index=False)
    names = {}
    exec(how_to_train(name, str(path), "target"), names)
    X, y = frame.drop(columns="target"), frame["target"]
    assert (names["model"].predict(X) == y).mean() > 0.9


def test_code_reads_a_folder(tmp_path):
    for name, grey in (("a", 40), ("b", 180)):
        (tmp_path / name).mkdir()
        for number in range(40):
            Image.new("L", (10, 12), grey + number).save(tmp_path / name / f"{number}.png")
    names = {}
    exec(how_to_train("weighted-gradient-boosting", str(tmp_path), size=(8, 9)), names)
    assert names["X"].shape == (80, 8, 9)
    assert (names["model"].predict(names["X"]) == names["y"]).all()


@pytest.mark.parametrize("scores", [[1 / 3] * 5, [0.30, 0.36, 0.35, 0.31, 0.36]])
def test_nothing_is_praised_that_does_no_better_than_one_class(scores):
    text = advise(comparison({"logistic-regression": scores})).text
    assert text.startswith(
        "No method is sure to do better than naming one class always, which finds 33.3 % of a "
        "class on average; logistic regression finds 33."
    )


def test_the_rarest_class_that_is_tested_is_named_beside_one_that_is_not():
    found = comparison({"rae": GOOD}, counts=np.array([60, 20, 1]))
    found.results[0].shortened = 0.3
    text = advise(found).text
    assert "Of the rarest class that could be tested, b with 20 rows, it finds 83.0 %" in text
    assert "its training was cut to 30 %" in text
    assert text.endswith("The class c has 1 row and could not be tested.")
