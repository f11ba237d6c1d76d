from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from osrae import (
    DataWarning,
    DeepClassifier,
    DeepSMOTE,
    InputError,
    ModelFileError,
    RAEClassifier,
    SMOTEFamily,
    TwoStageClassifier,
    load,
    methods,
)
from osrae.methods.prior_correction import PriorCorrectedClassifier
from osrae.methods.two_stage import default_classifier
from osrae.training.callbacks import Callback

IRIS, SPECIES = load_iris(return_X_y=True)
ROWS = np.r_[0:50, 50:70, 100:108]
X, Y = IRIS[ROWS], SPECIES[ROWS]
FAST = {"max_steps": 20, "batch_size": 16, "device": "cpu"}


def test_it_is_the_pipeline_written_out():
    model = TwoStageClassifier(
        sampler=SMOTEFamily(random_state=3), classifier=LogisticRegression(max_iter=1000)
    ).fit(X, Y)
    resampled, labels = SMOTEFamily(random_state=3).fit_resample(X, Y)
    scaled = StandardScaler().fit(X)
    by_hand = LogisticRegression(max_iter=1000).fit(scaled.transform(resampled), labels)
    np.testing.assert_allclose(
        model.predict_proba(IRIS), by_hand.predict_proba(scaled.transform(IRIS)), atol=1e-4
    )
    np.testing.assert_array_equal(model.predict(IRIS), by_hand.predict(scaled.transform(IRIS)))


def test_without_a_sampler_the_classifier_sees_the_data_as_they_are():
    model = TwoStageClassifier(classifier=LogisticRegression(max_iter=1000)).fit(X, Y)
    scaled = StandardScaler().fit(X)
    by_hand = LogisticRegression(max_iter=1000).fit(scaled.transform(X), Y)
    np.testing.assert_allclose(model.classifier_.coef_, by_hand.coef_, atol=1e-4)
    assert model.sampler_ is None
    with pytest.raises(InputError, match="cannot make samples"):
        model.sample(3, 0)


def test_a_sampler_of_imbalanced_learn_makes_the_same_rows_as_in_its_own_pipeline():
    sampler = SMOTE(random_state=0)
    model = TwoStageClassifier(sampler=sampler, classifier=LogisticRegression(max_iter=1000))
    pipeline = make_pipeline(StandardScaler(), sampler, LogisticRegression(max_iter=1000))
    np.testing.assert_array_equal(model.fit(X, Y).predict(IRIS), pipeline.fit(X, Y).predict(IRIS))


def test_any_labels_frames_with_categories_and_missing_values():
    frame = pd.DataFrame({"a": X[:, 0], "b": pd.Categorical(np.where(X[:, 2] > 3, "x", "y"))})
    frame.loc[3, "a"] = np.nan
    labels = np.array(["setosa", "versicolor", "virginica"], dtype=object)[Y]
    model = TwoStageClassifier(
        sampler=SMOTEFamily(), classifier=HistGradientBoostingClassifier(), random_state=0
    )
    model.fit(frame, labels)
    assert set(model.predict(frame)) <= set(labels)
    assert model.score(frame, labels) > 0.7
    new = model.sample(4, "virginica", random_state=0)
    assert list(new.columns) == ["a", "b"]
    assert set(new["b"]) <= {"x", "y"}


LABELS = {
    "from 1": np.array([1, 2, 3]),
    "text": np.array(["a", "b", "c"]),
    "objects of text": np.array(["a", "b", "c"], dtype=object),
    "objects of numbers": np.array([1, 2, 3], dtype=object),
    "booleans": np.array([False, True, True]),
}


@pytest.mark.parametrize("named", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("sampler", [SMOTEFamily, SMOTE])
def test_both_stages_get_the_users_labels(named, sampler):
    """Strategies and class weights name classes as the user does; predictions, too."""
    labels, grown = named[Y], named[1]
    before = {label: int((labels == label).sum()) for label in named}
    weights = {label: 1.0 + place for place, label in enumerate(before)}
    seen = []

    class Spy(LogisticRegression):
        def fit(self, X, y):
            seen.append(y)
            return super().fit(X, y)

    model = TwoStageClassifier(
        sampler=sampler(sampling_strategy={grown: 60}),
        classifier=Spy(max_iter=1000, class_weight=weights),
    ).fit(X, labels)
    assert {label: int((seen[0] == label).sum()) for label in named} == before | {grown: 60}
    assert model.predict(IRIS).dtype == labels.dtype
    assert model.score(X, labels) > 0.8
    by_call = model.set_params(
        sampler=sampler(sampling_strategy=lambda y: {grown: int((y == grown).sum()) + 3})
    ).fit(X, labels)
    assert by_call.score(X, labels) > 0.8
    assert seen[1].shape == (len(X) + 3,)


def test_labels_of_mixed_types_are_numbers_to_other_libraries_only():
    named = np.array(["a", 2, (3, "b")], dtype=object)
    named[2] = (3, "b")
    labels = named[Y]
    own = TwoStageClassifier(
        sampler=SMOTEFamily(sampling_strategy={(3, "b"): 40}), classifier=RandomForestClassifier(),
        random_state=0,
    ).fit(X, labels)  # fmt: skip
    assert own.sampler_.sampling_strategy_ == {(3, "b"): 32}
    assert own.score(X, labels) > 0.9
    assert own.sample(2, "a").shape == (2, 4)
    others = TwoStageClassifier(sampler=SMOTE(), classifier=DeepClassifier(**FAST)).fit(X, labels)
    assert list(others.classifier_.classes_) == list(others.classes_)
    assert others.classifier_.class_counts_.tolist() == [50, 50, 50]


def test_warnings_of_a_stage_name_the_users_classes():
    with pytest.warns(DataWarning, match="one sample: rare"):
        TwoStageClassifier(sampler=SMOTEFamily(), classifier=LogisticRegression()).fit(
            X[:51], ["common"] * 50 + ["rare"]
        )


@pytest.mark.parametrize("classifier", [Ridge(), make_pipeline(StandardScaler(), Ridge())])
def test_a_second_stage_that_is_no_classifier(classifier):
    with pytest.raises(InputError, match=r"Ridge.*no classifier"):
        TwoStageClassifier(sampler=SMOTEFamily(), classifier=classifier).fit("no data", None)


@pytest.mark.parametrize(
    ("classifier", "message"),
    [
        (DeepClassifier(loss="none"), "'loss' parameter of DeepClassifier"),
        (DeepClassifier(encoder="residual"), "no encoder for tables"),
        (DeepClassifier(augmentation="crops"), "flip-crop"),
        (RAEClassifier(encoder="residual"), "no encoder for tables"),
        (RAEClassifier(mixing=["a", "b"]), "sum to 1"),
    ],
    ids=str,
)
def test_parameters_of_both_stages_are_checked_before_any_is_trained(classifier, message):
    sampler = DeepSMOTE(**FAST, callbacks=[_Fails()])
    model = TwoStageClassifier(sampler=sampler, classifier=classifier)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)


class _Fails(Callback):
    def on_start(self, *arguments):
        raise AssertionError("the sampler is trained")


def test_progress_says_which_stage_it_is_of(capsys):
    shown = FAST | {"max_steps": 2, "verbose": 1}
    TwoStageClassifier(sampler=DeepSMOTE(**shown), classifier=DeepClassifier(**shown)).fit(X, Y)
    lines = capsys.readouterr().err.splitlines()
    titles = [line for line in lines if line.endswith(("DeepSMOTE", "DeepClassifier"))]
    assert titles == ["Sampler: DeepSMOTE", "Classifier: DeepClassifier"]
    assert lines.index(titles[0]) + 1 < lines.index(titles[1])
    quiet = FAST | {"max_steps": 2}
    TwoStageClassifier(sampler=SMOTEFamily(), classifier=DeepClassifier(**quiet)).fit(X, Y)
    assert not capsys.readouterr().err


def test_a_search_sets_parameters_of_both_stages():
    model = TwoStageClassifier(sampler=SMOTEFamily(), classifier=default_classifier(**FAST))
    grid = {"sampler__n_neighbors": [3], "classifier__max_steps": [2, 3]}
    best = GridSearchCV(model, grid, cv=2).fit(X, Y).best_estimator_
    assert best.sampler_.n_neighbors == 3
    assert best.classifier_.n_steps_ in (2, 3)


def test_pictures_and_the_default_classifiers():
    images, digits = load_digits(n_class=2, return_X_y=True)
    pictures = images.reshape(-1, 8, 8)[:80] / 16
    model = TwoStageClassifier(
        sampler=SMOTEFamily(), classifier=default_classifier(**FAST | {"max_steps": 2}),
        random_state=0,
    )  # fmt: skip
    model.fit(pictures[20:], digits[:80][20:])
    assert type(model.classifier_.method_.networks["encoder"]).__name__ == "ResNet18Encoder"
    assert model.predict_proba(pictures).shape == (80, 2)
    chosen = TwoStageClassifier()._stage_two()
    assert isinstance(chosen, DeepClassifier)
    assert (chosen.preset, chosen.validation_fraction) == ("two-stage", 0.0)


def test_one_seed_decides_over_both_stages():
    def probabilities(seed):
        model = TwoStageClassifier(
            sampler=SMOTEFamily(), classifier=DeepClassifier(**FAST), random_state=seed
        )
        return model.fit(X, Y).predict_proba(IRIS)

    np.testing.assert_array_equal(probabilities(0), probabilities(0))
    assert (probabilities(0) != probabilities(1)).any()
    model = TwoStageClassifier(sampler=SMOTEFamily(random_state=5), random_state=0)
    assert model.set_params(classifier=LogisticRegression()).fit(X, Y).sampler_.random_state == 5


def test_both_stages_are_told_how_to_read_the_data():
    numbers = np.column_stack([X[:, 0], (X[:, 2] > 3) + 2.0 * (X[:, 1] > 3)])
    model = TwoStageClassifier(
        sampler=SMOTEFamily(), classifier=DeepClassifier(**FAST), categorical_features=[1],
        random_state=0,
    ).fit(numbers, Y)  # fmt: skip
    for part in (model, model.sampler_, model.classifier_):
        assert part.codec_.description.n_continuous == 1
    own = model.set_params(sampler=SMOTEFamily(categorical_features=[0, 1])).fit(numbers, Y)
    assert own.sampler_.codec_.description.n_continuous == 0
    images, digits = load_digits(n_class=2, return_X_y=True)
    model = TwoStageClassifier(
        sampler=SMOTEFamily(), classifier=DeepClassifier(**FAST | {"max_steps": 2}),
        image_shape=(8, 8),
    ).fit(images[:60] / 16, digits[:60])  # fmt: skip
    assert model.classifier_.codec_.description.shape == (1, 8, 8)


def test_questions_are_the_classifiers():
    without = TwoStageClassifier(classifier=SVC()).fit(X, Y)
    assert not hasattr(without, "predict_proba")
    assert without.decision_function(IRIS).shape == (150, 3)
    with pytest.raises(NotFittedError):
        TwoStageClassifier().predict(IRIS)


def test_saved_and_loaded(tmp_path):
    model = TwoStageClassifier(
        sampler=DeepSMOTE(**FAST), classifier=default_classifier(**FAST), random_state=0
    ).fit(X, Y)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model", device="cpu")
    assert isinstance(again, TwoStageClassifier)
    np.testing.assert_array_equal(again.predict_proba(IRIS), model.predict_proba(IRIS))
    np.testing.assert_array_equal(again.sample(5, 2, 0), model.sample(5, 2, 0))
    assert again.sampler.max_steps == 20
    model.save(tmp_path / "model")  # replaces it, folders and all
    rows = TwoStageClassifier(sampler=SMOTEFamily(), classifier=DeepClassifier(**FAST)).fit(X, Y)
    rows.save(tmp_path / "rows")
    np.testing.assert_array_equal(load(tmp_path / "rows").sample(5, 2, 0), rows.sample(5, 2, 0))
    named = np.array(["a", "b", "c"])[Y]
    model = TwoStageClassifier(sampler=SMOTEFamily(), classifier=DeepClassifier(**FAST))
    model.fit(X, named).save(tmp_path / "named")
    again = load(tmp_path / "named", device="cpu")
    np.testing.assert_array_equal(again.predict(IRIS), model.predict(IRIS))
    np.testing.assert_array_equal(again.sample(5, "c", 0), model.sample(5, "c", 0))


class Mine(LogisticRegression):
    """A classifier that no reader of a file has heard of."""


@pytest.mark.parametrize(
    ("sampler", "classifier"),
    [(None, Mine()), (RandomOverSampler(), Pipeline([("inside", Mine())]))],
)
def test_what_only_pickle_could_write_is_not_written(tmp_path, sampler, classifier):
    model = TwoStageClassifier(sampler=sampler, classifier=classifier, random_state=0).fit(X, Y)
    with pytest.raises(InputError, match="only be written by pickle"):
        model.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_file_that_holds_strangers_is_not_read(tmp_path):
    model = TwoStageClassifier(classifier=LogisticRegression(), random_state=0).fit(X, Y)
    model.save(tmp_path / "model")
    file = tmp_path / "model" / "classifier.skops"
    file.write_bytes(skops.io.dumps(Mine().fit(X, Y)))
    with pytest.raises(ModelFileError, match=r"holds .*Mine, which osrae did not write"):
        load(tmp_path / "model")
    file.write_bytes(b"PK")
    with pytest.raises(ModelFileError, match="is damaged"):
        load(tmp_path / "model")


def schema(content: bytes) -> dict:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return json.loads(archive.read("schema.json"))


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        ("numpy.testing._private.utils", "runstring", ("open({path!r}, 'w').write('x')", {})),
        ("sklearn.datasets._base", "get_data_home", ("{path}",)),
    ],
    ids=["numpy", "sklearn"],
)
def test_a_file_that_calls_functions_is_not_read(tmp_path, module, name, arguments):
    model = TwoStageClassifier(classifier=LogisticRegression(), random_state=0).fit(X, Y)
    model.save(tmp_path / "model")
    file = tmp_path / "model" / "classifier.skops"
    planted = tmp_path / "planted"
    whole = schema(file.read_bytes())
    told = arguments[0].format(path=str(planted)), *arguments[1:]
    call = {
        "__class__": name,
        "__module__": module,
        "__loader__": "LossNode",
        "__reduce__": {"args": schema(skops.io.dumps(told))},
        "content": schema(skops.io.dumps({})),
        "__id__": 0,
    }
    call |= {key: whole[key] for key in ("protocol", "_skops_version")}
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", json.dumps(call))
    with pytest.raises(ModelFileError, match="which osrae did not write"):
        load(tmp_path / "model")
    assert not planted.exists()


@pytest.mark.parametrize(
    "classifier",
    [
        PriorCorrectedClassifier(RandomForestClassifier(5)),
        Pipeline([("inside", RandomForestClassifier(5))]),
    ],
)
def test_the_seed_reaches_what_is_inside_of_a_classifier(classifier):
    models = [
        TwoStageClassifier(classifier=classifier, random_state=0).fit(IRIS, SPECIES)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*(model.predict_proba(IRIS) for model in models))


def test_boosting_on_many_rows_with_a_class_of_one():
    """From 10,000 rows on, scikit-learn would hold rows of every class back."""
    X, y = np.tile(IRIS, (70, 1)), np.tile(SPECIES, 70)
    y[0] = 3
    model = methods.get("gradient-boosting").estimator(random_state=0).fit(X, y)
    assert model.predict_proba(X).shape == (len(X), 4)


def test_a_classifier_that_predicts_only_once_it_is_fitted():
    stacked = StackingClassifier([("one", LogisticRegression(max_iter=1000))])
    model = TwoStageClassifier(classifier=stacked, random_state=0).fit(IRIS, SPECIES)
    assert (model.predict(IRIS) == SPECIES).mean() > 0.9


@pytest.mark.parametrize(
    "name", [entry.name for entry in methods.available(data="tables") if entry.name.endswith(
        ("boosting", "forest", "regression"))]
)  # fmt: skip
def test_classifiers_of_libraries(name, tmp_path):
    model = methods.get(name).estimator(random_state=0).fit(X, Y)
    assert model.score(IRIS, SPECIES) > 0.7
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(IRIS), model.predict_proba(IRIS))
    assert type(again.classifier) is type(model.classifier)


def test_samplers_of_libraries_are_saved_too(tmp_path):
    model = TwoStageClassifier(sampler=RandomOverSampler(), classifier=DeepClassifier(**FAST))
    model.set_params(random_state=0).fit(X, Y).save(tmp_path / "model")
    again = load(tmp_path / "model", device="cpu")
    assert isinstance(again.sampler_, RandomOverSampler)
    np.testing.assert_array_equal(again.predict(IRIS), model.predict(IRIS))


def test_parts_that_are_none():
    with pytest.raises(ValueError, match="sampler"):
        TwoStageClassifier(sampler="smote").fit(X, Y)


def test_a_model_from_a_file_is_trained_again_by_its_own_seed(tmp_path):
    """What a model tells the copies of its stages is not saved as their own parameters."""
    X, y = load_iris(return_X_y=True)
    X, y = X[:110], y[:110]
    forest = make_pipeline(StandardScaler(), RandomForestClassifier(5))
    model = TwoStageClassifier(sampler=SMOTEFamily(), classifier=forest, random_state=0).fit(X, y)
    model.save(tmp_path / "model.osrae")
    loaded = load(tmp_path / "model.osrae")
    assert loaded.sampler.get_params() == model.sampler.get_params()
    assert loaded.classifier.get_params()["randomforestclassifier__random_state"] is None
    for seed in (1, 2):
        again = loaded.set_params(random_state=seed).fit(X, y).predict_proba(X)
        model.set_params(random_state=seed).fit(X, y)
        np.testing.assert_array_equal(again, model.predict_proba(X))


def test_a_refit_that_fails_leaves_the_model_before():
    X, y = load_iris(return_X_y=True)
    model = TwoStageClassifier(sampler=SMOTEFamily(), classifier=LogisticRegression(max_iter=500))
    model.fit(X[:110], y[:110])
    expected = model.predict(X)
    other = np.array(["rare"] * 2 + ["common"] * 60)
    with pytest.raises(ValueError, match="n_neighbors"):  # of 2 rows there are not 5
        model.set_params(sampler=SMOTE()).fit(10 * X[:62], other)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict(X).tolist() == expected.tolist()
