import json
import math

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import balanced_accuracy_score

from osrae import RAEClassifier
from osrae.benchmark import running
from osrae.benchmark.cells import Cell
from osrae.benchmark.running import run_cell
from osrae.datasets import load_split
from osrae.evaluation.classification import summary


@pytest.fixture(scope="module")
def measured():
    """The method on pictures, briefly."""
    return run_cell(Cell(data="digits", method="rae", settings={"max_steps": 40}))


def test_a_result_is_json(measured):
    result, _ = measured
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["data_note"] is None


def test_scores_are_those_of_the_same_model_trained_by_hand(measured):
    result, arrays = measured
    split = load_split("digits", seed=0)
    model = RAEClassifier(random_state=0, max_steps=40, validation_fraction=0.0)
    model.fit(split.X_train, split.y_train)
    for name in ("balanced", "imbalanced"):
        X, y = getattr(split, f"X_test_{name}"), getattr(split, f"y_test_{name}")
        expected = summary(y, model.predict(X), model.predict_proba(X), model.classes_)
        found = result["tests"][name]["summary"]
        assert {k: found[k] for k in expected} == pytest.approx(expected)
        assert arrays[f"{name}/true"].tolist() == y.tolist()
        acsa = balanced_accuracy_score(arrays[f"{name}/true"], arrays[f"{name}/predicted"])
        assert found["acsa"] == pytest.approx(acsa)
    assert arrays["balanced/probabilities"].shape == (500, 10)


def test_every_class_and_confusion_is_told(measured):
    result, arrays = measured
    test = result["tests"]["balanced"]
    assert [row["class"] for row in test["classes"]] == [str(c) for c in range(10)]
    recalls = [row["recall"] for row in test["classes"]]
    assert np.mean(recalls) == pytest.approx(test["summary"]["acsa"])
    counts = np.array(test["confusion"]["counts"])
    assert counts.sum() == 500
    assert counts.trace() == (arrays["balanced/true"] == arrays["balanced/predicted"]).sum()
    assert [row["training"] for row in result["classes"]][:2] == [120, 82]


def test_cost_stage_and_origin_are_told(measured):
    result, _ = measured
    (stage,) = result["stages"]
    assert stage["estimator"] == "RAEClassifier"
    assert stage["steps"] == 40
    assert stage["settings"]["max_steps"] == 40
    assert stage["history"][-1]["step"] == 40
    cost = result["cost"]
    assert cost["training"]["cpu_seconds"] > 0
    assert cost["prediction"]["rows"] == 654
    assert cost["peak_memory_bytes"] > 50e6
    assert result["whole_run"] is False  # its settings say max_steps
    assert result["made"]["versions"]["osrae"]
    assert result["made"]["machine"]["cores"] >= 1


def test_samples_are_compared_and_kept_with_their_nearest(measured):
    result, arrays = measured
    assert result["generation"]["samples_of_a_class"] == 50
    assert result["generation"]["extractor"].startswith("random VGG-16")
    assert len(result["generation"]["classes"]) == 10
    split = load_split("digits", seed=0)
    made, nearest = arrays["made/9"], arrays["nearest/9"]
    assert made.shape == nearest.shape == (5, 8, 8)
    assert made.dtype == np.uint8
    nines = split.X_train[split.y_train == 9].astype(float)
    nines = nines * (255 / nines.max()) if nines.max() <= 1 else nines
    distances = np.abs(made[:, None].astype(float) - nines[None]).reshape(5, len(nines), -1)
    closest = nines[np.square(distances).sum(2).argmin(1)]
    assert np.abs(closest - nearest).max() <= 1


def test_the_latent_space_is_kept(measured):
    _, arrays = measured
    n_tests, n_mixtures = 10 * 50, 10 * 20
    assert arrays["latent/z"].shape == (n_tests + n_mixtures, 64)
    assert arrays["latent/mixture"].sum() == n_mixtures
    assert sorted(set(arrays["latent/labels"])) == [str(c) for c in range(10)]


def test_two_stages_of_a_table_and_folds():
    cell = Cell(data="keel/vehicle", method="smote+gradient-boosting", seed=1, fold=2, folds=3)
    result, arrays = run_cell(cell)
    assert list(result["tests"]) == ["test"]
    assert [stage["estimator"] for stage in result["stages"]] == [
        "SMOTEFamily", "HistGradientBoostingClassifier",
    ]  # fmt: skip
    assert result["generation"] is None
    assert not [name for name in arrays if name.startswith(("made", "latent"))]
    n_training = sum(row["training"] for row in result["classes"])
    assert n_training + len(arrays["test/true"]) == 846
    assert abs(n_training - 2 * len(arrays["test/true"])) <= 4


def test_what_is_not_defined_is_none(measured):
    result, _ = measured
    losses = [v for row in result["stages"][0]["history"] for v in row.values()]
    assert None in losses  # there is no validation part
    assert all(v is None or isinstance(v, int) or math.isfinite(v) for v in losses)


def test_parameters_that_json_does_not_know_are_told():
    part = HistGradientBoostingClassifier(l2_regularization=float("inf"))
    assert running._stage(part)["settings"]["l2_regularization"] == "inf"
