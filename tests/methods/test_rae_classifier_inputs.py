from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from osrae import DataWarning, InputError, RAEClassifier

from .rae_classifier_cases import FAST, IRIS, SPECIES, pictures

# ---------------------------------------------------------------- containers


def frames():
    rng = np.random.default_rng(0)
    n = 90
    y = np.array(["often"] * 70 + ["rare"] * 20)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=n) + 2 * (y == "rare"),
            "count": pd.array(rng.integers(0, 9, n), dtype="Int64"),
            "colour": pd.Categorical(rng.choice(["red", "blue"], n)),
            "note": rng.choice(["a", "b", "c"], n),
            "flag": rng.random(n) < 0.5,
        }
    )
    frame.loc[3, "size"] = np.nan
    frame.loc[4, "count"] = pd.NA
    frame.loc[5, "colour"] = None
    return frame, y


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_of_mixed_types(library):
    frame, y = frames()
    X = frame if library == "pandas" else pl.from_pandas(frame)
    model = RAEClassifier(**FAST).fit(X, y)
    assert list(model.feature_names_in_) == list(frame.columns)
    assert set(model.predict(X)) <= {"often", "rare"}
    made = model.sample(5, "rare", random_state=1)
    assert list(made.columns) == list(frame.columns)
    assert set(made["colour"]) <= {"red", "blue", None}


def test_a_column_missing_or_unseen_at_prediction_is_named():
    frame, y = frames()
    model = RAEClassifier(**FAST).fit(frame, y)
    with pytest.raises(ValueError, match="note"):
        model.predict(frame.drop(columns="note"))
    with pytest.raises(ValueError, match="extra"):
        model.predict(frame.assign(extra=1))


def test_a_category_unseen_in_training_is_noted():
    frame, y = frames()
    model = RAEClassifier(**FAST).fit(frame, y)
    with pytest.warns(DataWarning, match=r"note.*zebra"):
        model.predict(frame.assign(note="zebra"))


def test_sparse_read_only_and_memory_mapped_inputs(tmp_path):
    expected = RAEClassifier(**FAST).fit(IRIS, SPECIES).predict_proba(IRIS)
    path = tmp_path / "iris.npy"
    np.save(path, IRIS)
    frozen = IRIS.copy()
    frozen.flags.writeable = False
    for X in (
        sparse.csr_array(IRIS),
        sparse.csc_matrix(IRIS),
        np.load(path, mmap_mode="r"),
        frozen,
    ):
        got = RAEClassifier(**FAST).fit(X, SPECIES).predict_proba(X)
        np.testing.assert_allclose(got, expected, atol=1e-6)


@pytest.mark.parametrize(
    "labels",
    [
        ["b", "a", "c"],
        [True, False, "maybe"],
        [(0, 1), (0, 2), (1, 1)],
        [3, "three", 3.5],
        [7, 2, 5],
    ],
)
def test_labels_of_any_hashable_sort(labels):
    y = np.empty(150, dtype=object)
    y[:] = [labels[code] for code in SPECIES]
    model = RAEClassifier(**{**FAST, "max_steps": 200}).fit(IRIS, y)
    assert set(model.classes_) == set(labels)
    assert model.score(IRIS, y) > 0.9


def test_mixing_coefficients_may_be_numpys():
    model = RAEClassifier(**{**FAST, "max_steps": 2}, mixing=np.int64(2)).fit(IRIS, SPECIES)
    assert model.method_.settings.mixing == 2
    model = RAEClassifier(**{**FAST, "max_steps": 2}, mixing=np.array([0.25, 0.75]))
    assert model.fit(IRIS, SPECIES).method_.settings.mixing == (0.25, 0.75)
    with pytest.raises(InputError, match="sum to 1"):
        RAEClassifier(mixing=np.array([0.5, 0.75])).fit(IRIS, SPECIES)


# ---------------------------------------------------------------- bad input


def test_bad_data_is_refused_before_training():
    with pytest.raises(InputError, match="one class only"):
        RAEClassifier().fit(IRIS[:50], SPECIES[:50])
    infinite = IRIS.copy()
    infinite[3, 1] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        RAEClassifier().fit(infinite, SPECIES)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        RAEClassifier().fit(IRIS, SPECIES[:-1])
    with pytest.raises(InputError, match="missing"):
        RAEClassifier().fit(IRIS, [None, *SPECIES[1:]])
    with pytest.raises(InputError, match="empty"):
        RAEClassifier().fit(pd.DataFrame({"a": []}), [])
    with pytest.raises(InputError, match=r"priors"):
        RAEClassifier(priors=[0.5, 0.5]).fit(IRIS, SPECIES)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"preset": "best"}, "preset"),
        ({"encoder": "resnet18"}, "mlp"),
        ({"encoder": "vgg"}, "mlp"),
        ({"mixing": (0.5, 0.6)}, "sum to 1"),
        ({"mixing": "mixup"}, "mixing"),
        ({"mixture_size": 1}, "mixture_size"),
        ({"device": "tpu9"}, "device"),
        ({"precision": "int8"}, "precision"),
        ({"augmentation": "digits"}, "pictures"),
        ({"validation_fraction": 1.5}, "validation_fraction"),
        ({"max_steps": 0}, "max_steps"),
    ],
)
def test_unknown_parameter_values(options, match):
    with pytest.raises(ValueError, match=match):
        RAEClassifier(**options).fit(IRIS, SPECIES)


def test_an_unknown_augmentation_lists_those_there_are():
    X, y = pictures(40)
    with pytest.raises(InputError, match="flip-crop"):
        RAEClassifier(augmentation="fog").fit(X, y)


def test_a_class_of_one_sample_is_paired_with_itself():
    y = SPECIES.copy()
    y[-1] = 3
    with pytest.warns(DataWarning, match="one sample: 3"):
        model = RAEClassifier(**FAST).fit(IRIS, y)
    assert model.sample(2, 3).shape == (2, 4)


def test_classes_too_small_for_validation_are_named():
    rows = np.r_[0:50, 50:53, 100:150]
    with pytest.warns(DataWarning, match="too small to hold a sample back for validation: 1"):
        RAEClassifier(**FAST).fit(IRIS[rows], SPECIES[rows])
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        RAEClassifier(**FAST).fit(IRIS, SPECIES)


def test_a_checkpoint_never_replaces_what_is_no_checkpoint(tmp_path):
    model = RAEClassifier(**FAST).fit(IRIS, SPECIES)
    (tmp_path / "taken").mkdir()
    model.save(tmp_path / "taken" / "checkpoint")
    for place in (tmp_path / "taken", tmp_path / "no" / "where"):
        with pytest.raises(InputError, match=r"not replaced|Make it first"):
            RAEClassifier(**FAST, checkpoint_dir=place).fit(IRIS, SPECIES)
    assert sorted(path.name for path in (tmp_path / "taken" / "checkpoint").iterdir()) == [
        "model.safetensors", "osrae.json"
    ]  # fmt: skip
    (tmp_path / "empty").mkdir()
    RAEClassifier(**FAST, checkpoint_dir=tmp_path / "empty", resume=True).fit(IRIS, SPECIES)
    with pytest.raises(InputError, match="not replaced"):
        model.save(tmp_path / "empty")


def test_colour_pictures_have_checkpoints_and_other_pictures_are_refused(tmp_path):
    pictures = np.random.default_rng(0).integers(256, size=(20, 8, 9, 3), dtype=np.uint8)
    y = np.arange(20) % 2
    settings = {**FAST, "max_steps": 2, "checkpoint_dir": tmp_path / "run"}
    RAEClassifier(**settings).fit(pictures, y)
    RAEClassifier(**settings, resume=True).fit(pictures, y)
    pictures[3, 4, 5, 1] ^= 1
    with pytest.raises(InputError, match="data"):
        RAEClassifier(**settings, resume=True).fit(pictures, y)
