from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from imblearn.pipeline import make_pipeline
from scipy import sparse
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from osrae import InputError, RAEClassifier, RAEOversampler
from osrae.methods import bank

IRIS, SPECIES = load_iris(return_X_y=True)
#: 50 setosa, 20 versicolor, 8 virginica.
ROWS = np.r_[0:50, 50:70, 100:108]
X, Y = IRIS[ROWS], SPECIES[ROWS]
FAST = {"max_steps": 40, "batch_size": 16, "device": "cpu", "random_state": 0}


def counts(y) -> dict:
    values, numbers = np.unique(np.asarray(y), return_counts=True)
    return dict(zip(values.tolist(), numbers.tolist(), strict=True))


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("auto", {0: 50, 1: 50, 2: 50}),
        ("not majority", {0: 50, 1: 50, 2: 50}),
        ("minority", {0: 50, 1: 20, 2: 50}),
        ("not minority", {0: 50, 1: 50, 2: 8}),
        ("all", {0: 50, 1: 50, 2: 50}),
        ({1: 25, 2: 9}, {0: 50, 1: 25, 2: 9}),
        (lambda y: {2: int((y == 1).sum())}, {0: 50, 1: 20, 2: 20}),
    ],
)
def test_every_form_of_sampling_strategy(strategy, expected):
    sampler = RAEOversampler(**{**FAST, "max_steps": 2}, sampling_strategy=strategy)
    _, y = sampler.fit_resample(X, Y)
    assert counts(y) == expected


def test_a_ratio_is_for_two_classes():
    two = Y < 2
    _, y = RAEOversampler(**FAST, sampling_strategy=0.6).fit_resample(X[two], Y[two])
    assert counts(y) == {0: 50, 1: 30}
    with pytest.raises(ValueError, match="float"):
        RAEOversampler(**FAST, sampling_strategy=0.6).fit_resample(X, Y)


def test_originals_come_first_and_new_rows_say_where_they_are_from():
    sampler = RAEOversampler(**FAST)
    X_new, y_new = sampler.fit_resample(X, Y)
    np.testing.assert_array_equal(X_new[: len(X)], X)
    np.testing.assert_array_equal(y_new[: len(Y)], Y)
    np.testing.assert_array_equal(sampler.synthetic_mask_, np.arange(150) >= len(X))
    parents, weights = sampler.parent_indices_, sampler.mixing_weights_
    assert parents.shape == weights.shape == (150 - len(X), 2)
    assert (parents[:, 0] != parents[:, 1]).all()
    np.testing.assert_array_equal(Y[parents], np.repeat(y_new[len(X) :, None], 2, axis=1))
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)


def check_rows(sampler, keeps_details):
    X_new, y_new = sampler.fit_resample(X, Y)
    method, made, parents = sampler.method_, sampler.synthetic_mask_, sampler.parent_indices_
    x, codes = torch.from_numpy(sampler.codec_.encode(X)).float(), torch.from_numpy(Y)
    weights = torch.from_numpy(sampler.mixing_weights_).float()
    with torch.inference_mode():
        z = method.encode(x).float()
        mixed = torch.einsum("nt,ntm->nm", weights, z[parents])
        rows = method.decode(mixed, torch.from_numpy(y_new[made])).float()
        if keeps_details:
            lost = x - method.decode(z, codes).float()
            rows += torch.einsum("nt,ntd->nd", weights, lost[parents])
    np.testing.assert_allclose(X_new[made], sampler.codec_.decode(rows.numpy()), atol=1e-4)


@pytest.mark.parametrize(("preset", "keeps_details"), [("default", True), ("paper", False)])
def test_new_rows_are_the_decoded_mixtures_of_their_parents(preset, keeps_details):
    check_rows(RAEOversampler(**FAST, preset=preset), keeps_details)


def test_a_mixture_of_one_parent_is_that_parent_where_details_are_kept():
    sampler = RAEOversampler(**FAST, mixing=(1.0, 0.0))
    X_new, _ = sampler.fit_resample(X, Y)
    made, first = sampler.synthetic_mask_, sampler.parent_indices_[:, 0]
    np.testing.assert_allclose(X_new[made], X[first], atol=1e-4)


def test_new_rows_are_made_block_by_block_of_all_members_of_rare_classes(monkeypatch):
    monkeypatch.setattr(bank, "EVALUATION_ROWS", 7)
    monkeypatch.setattr(bank, "_KEPT_PER_CLASS", 5)
    check_rows(RAEOversampler(**FAST), keeps_details=True)
    sampler = RAEOversampler(**FAST)
    sampler.fit_resample(X, Y)
    assert len(np.unique(sampler.parent_indices_)) > 2 * 5  # of the two rarer classes
    assert np.bincount(Y[sampler.bank_.rows.numpy()]).tolist() == [5, 5, 5]
    for label in range(3):
        parents = sampler.sample_latent(50, label, 0)[2]
        assert set(parents.ravel()) == set(
            sampler.bank_.rows[sampler.bank_.codes == label].tolist()
        )


def test_saved_and_pickled_samplers_sample_alike_of_classes_that_are_not_kept_whole(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(bank, "_KEPT_PER_CLASS", 5)
    sampler = RAEOversampler(**FAST)
    sampler.fit_resample(X, Y)
    sampler.save(tmp_path / "sampler")
    made = [
        model.sample(20, 1, random_state=0)
        for model in (
            sampler,
            RAEOversampler.load(tmp_path / "sampler", device="cpu"),
            pickle.loads(pickle.dumps(sampler)),
        )
    ]
    np.testing.assert_array_equal(made[0], made[1])
    np.testing.assert_array_equal(made[0], made[2])


def test_without_new_rows_the_data_come_back():
    sampler = RAEOversampler(**{**FAST, "max_steps": 2}, sampling_strategy={1: 20})
    X_same, y_same = sampler.fit_resample(X, Y)
    np.testing.assert_array_equal(X_same, X)
    np.testing.assert_array_equal(y_same, Y)
    assert sampler.parent_indices_.shape == sampler.mixing_weights_.shape == (0, 2)


def test_three_in_a_mixture():
    sampler = RAEOversampler(**FAST, mixture_size=3)
    sampler.fit_resample(X, Y)
    assert sampler.parent_indices_.shape[1] == 3


def test_new_rows_are_recognised_by_a_classifier_that_never_saw_them():
    sampler = RAEOversampler(**{**FAST, "max_steps": 400})
    X_new, y_new = sampler.fit_resample(X, Y)
    others = np.setdiff1d(np.arange(150), ROWS)
    judge = LogisticRegression(max_iter=1000).fit(
        np.vstack([X[Y == 0], IRIS[others]]), np.concatenate([Y[Y == 0], SPECIES[others]])
    )
    made = sampler.synthetic_mask_
    assert (judge.predict(X_new[made]) == y_new[made]).mean() > 0.85
    copies = (np.abs(X_new[made][:, None] - X[None]).max(axis=2) < 1e-6).any(axis=1)
    assert not copies.any()


# ---------------------------------------------------------------- containers


def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "length": X[:, 0],
            "visits": rng.integers(0, 9, len(X)),
            "maybe": pd.array(rng.integers(0, 4, len(X)), dtype="Int64"),
            "flag": rng.random(len(X)) < 0.3,
            "colour": pd.Categorical(rng.choice(["red", "blue"], len(X)), ["red", "blue", "never"]),
            "note": rng.choice(["a", "b"], len(X)),
        },
        index=np.arange(len(X))[::-1],
    )


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_keep_columns_types_and_container(library):
    data = frame()
    data.loc[data.index[0], "length"] = np.nan
    data.loc[data.index[1], "maybe"] = pd.NA
    if library == "polars":
        data = pl.from_pandas(data)
    names = np.array(["se", "ve", "vi"])[Y]
    y = pd.Series(names, name="species") if library == "pandas" else pl.Series("species", names)
    sampler = RAEOversampler(**FAST)
    X_new, y_new = sampler.fit_resample(data, y)
    assert type(X_new) is type(data)
    assert type(y_new) is type(y)
    assert y_new.name == "species"
    assert list(X_new.columns) == list(data.columns)
    assert list(X_new.dtypes) == list(data.dtypes)
    made = X_new[sampler.synthetic_mask_] if library == "pandas" else X_new[len(X) :]
    assert set(made["colour"]) <= {"red", "blue"}
    assert set(made["note"]) <= {"a", "b"}
    assert 0 <= min(made["visits"]) <= max(made["visits"]) <= 8
    head = X_new[: len(X)]
    if library == "pandas":
        pd.testing.assert_frame_equal(head, data.reset_index(drop=True))
    else:
        assert head.equals(data)


def test_integer_arrays_stay_integers():
    whole = np.rint(X * 10).astype(np.int32)
    X_new, _ = RAEOversampler(**FAST).fit_resample(whole, Y)
    assert X_new.dtype == np.int32
    np.testing.assert_array_equal(X_new[: len(X)], whole)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_matrices(container):
    X_new, y_new = RAEOversampler(**FAST).fit_resample(container(X), Y)
    assert type(X_new) is container
    assert X_new.shape == (150, 4)
    assert len(y_new) == 150


def test_torch_tensors():
    X_new, y_new = RAEOversampler(**FAST).fit_resample(torch.from_numpy(X), torch.from_numpy(Y))
    assert isinstance(X_new, torch.Tensor)
    assert X_new.dtype == torch.float64
    assert torch.equal(X_new[: len(X)], torch.from_numpy(X))
    assert isinstance(y_new, torch.Tensor)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("channels", [None, 1, 3, 4])
def test_pictures_keep_layout_dtype_and_range(dtype, channels):
    images, digits = load_digits(return_X_y=True)
    few = np.r_[np.flatnonzero(digits == 0)[:12], np.flatnonzero(digits == 1)[:5]]
    pictures = images[few].reshape(-1, 8, 8) / 16
    pictures = (
        np.rint(pictures * 255).astype(dtype) if dtype == np.uint8 else pictures.astype(dtype)
    )
    if channels is not None:
        pictures = np.repeat(pictures[..., None], channels, axis=-1)
    sampler = RAEOversampler(**{**FAST, "max_steps": 3}, encoder="conv")
    X_new, y_new = sampler.fit_resample(pictures, digits[few])
    assert X_new.dtype == dtype
    assert X_new.shape == (24, *pictures.shape[1:])
    np.testing.assert_array_equal(X_new[:17], pictures)
    assert 0 <= X_new.min() <= X_new.max() <= (255 if dtype == np.uint8 else 1)
    assert counts(y_new) == {0: 12, 1: 12}


def test_flat_pictures():
    images, digits = load_digits(return_X_y=True)
    few = np.r_[np.flatnonzero(digits == 0)[:12], np.flatnonzero(digits == 1)[:5]]
    sampler = RAEOversampler(**{**FAST, "max_steps": 3}, image_shape=(8, 8))
    X_new, _ = sampler.fit_resample(images[few] / 16, digits[few])
    assert X_new.shape == (24, 64)
    assert sampler.n_features_in_ == 64


@pytest.mark.parametrize(
    "labels", [[True, False, "maybe"], [3, "x", 3.5], [(0, 1), (0, 2), (1, 1)]]
)
def test_labels_of_any_hashable_sort(labels):
    y = np.empty(len(Y), dtype=object)
    y[:] = [labels[code] for code in Y]
    for strategy in (
        "auto",
        {labels[2]: 50, labels[1]: 50},
        lambda _: {labels[2]: 50, labels[1]: 50},
    ):
        sampler = RAEOversampler(**{**FAST, "max_steps": 2}, sampling_strategy=strategy)
        _, y_new = sampler.fit_resample(X, y)
        assert [sum(made == label for made in y_new) for label in labels] == [50, 50, 50]
        assert list(y_new[: len(y)]) == list(y)
    with pytest.raises(InputError, match="names"):
        RAEOversampler(sampling_strategy={"else": 60}).fit_resample(X, y)


def test_lists_of_rows_with_numbers_beside_text():
    rows = [[float(x), "north" if number % 3 else "south"] for number, x in enumerate(X[:, 0])]
    X_new, y_new = RAEOversampler(**FAST).fit_resample(rows, Y.tolist())
    assert X_new[: len(X)] == rows
    assert isinstance(y_new, list)
    assert {type(row[0]) for row in X_new} == {float}
    assert len({row[0] for row in X_new}) > len({row[0] for row in rows}) + 20
    assert {row[1] for row in X_new} == {"north", "south"}


# ---------------------------------------------------------------- machinery


def test_it_resamples_inside_pipelines_and_searches_at_fit_only():
    pipeline = make_pipeline(RAEOversampler(**FAST), LogisticRegression(max_iter=500))
    search = GridSearchCV(pipeline, {"raeoversampler__mixing": ["mixer", 2.0]}, cv=2).fit(X, Y)
    assert search.predict(X).shape == Y.shape


def test_the_same_seed_makes_the_same_samples():
    first, again, other = (
        RAEOversampler(**{**FAST, "random_state": seed}).fit_resample(X, Y)[0] for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_more_samples_of_any_class_afterwards():
    sampler = RAEOversampler(**FAST)
    sampler.fit_resample(X, np.array(["a", "b", "c"])[Y])
    made = sampler.sample(7, "c", random_state=1)
    assert made.shape == (7, 4)
    np.testing.assert_array_equal(made, sampler.sample(7, "c", random_state=1))
    assert not np.array_equal(made, sampler.sample(7, "c", random_state=2))
    with pytest.raises(InputError, match="there are a, b, c"):
        sampler.sample(1, "d")


def test_nothing_to_add_gives_the_data_back():
    balanced = np.r_[0:20, 50:70]
    sampler = RAEOversampler(**{**FAST, "max_steps": 2})
    X_new, _ = sampler.fit_resample(IRIS[balanced], SPECIES[balanced])
    np.testing.assert_array_equal(X_new, IRIS[balanced])
    assert not sampler.synthetic_mask_.any()
    assert sampler.parent_indices_.shape == (0, 2)


def test_a_class_of_one_gets_samples_too():
    rows = np.r_[0:30, 50:51]
    with pytest.warns(UserWarning, match="one sample: 1"):
        _, y = RAEOversampler(**FAST).fit_resample(IRIS[rows], SPECIES[rows])
    assert counts(y) == {0: 30, 1: 30}


def test_bad_strategies_are_refused_before_training():
    for strategy in ({7: 100}, {0: 10}, "rarest"):
        with pytest.raises(ValueError, match=r"class|minority|sampling_strategy"):
            RAEOversampler(sampling_strategy=strategy).fit_resample(X, Y)


def test_saved_samplers_sample_alike(tmp_path):
    sampler = RAEOversampler(**FAST)
    sampler.fit_resample(frame(), Y)
    sampler.save(tmp_path / "sampler")
    again = RAEOversampler.load(tmp_path / "sampler")
    pd.testing.assert_frame_equal(
        again.sample(5, 2, random_state=0), sampler.sample(5, 2, random_state=0)
    )
    with pytest.raises(ValueError, match="not RAEClassifier"):
        RAEClassifier.load(tmp_path / "sampler")
