from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist

from osrae.errors import DataWarning
from osrae.methods import registry
from osrae.methods.mc_ccr import MCCCR
from osrae.methods.registry import MethodEntry

from .mc_ccr_cases import three_classes


def test_energy_that_reaches_nobody_is_said():
    rows, codes = three_classes()
    with pytest.warns(DataWarning, match=r"energy=1e-06 \(absolute\) reaches no row"):
        MCCCR(energy=1e-6, energy_unit="absolute", random_state=0).fit_resample(rows, codes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MCCCR(random_state=0).fit_resample(rows, codes)


def test_rows_that_were_inside_a_sphere_are_outside_afterwards():
    """Also where that is beyond all rows that there were."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(30, 2)), np.zeros((1, 2))])
    y = np.repeat([0, 1], [30, 1])
    sampler = MCCCR(energy=60, energy_unit="absolute", random_state=0)
    with pytest.warns(DataWarning, match="one sample"):
        X_new, _ = sampler.fit_resample(X, y)
    moved = sampler.moved_mask_
    assert moved.sum() > 20
    distances = np.abs(X_new[:31] / X.std(axis=0)).sum(axis=1)  # the norm is the first one
    np.testing.assert_allclose(distances[moved[:31]], sampler.radii_[30], rtol=1e-5)
    assert np.abs(X_new[:31]).max() > 1.2 * np.abs(X).max()


def frame(seed=0):
    rows, codes = three_classes(seed)
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rows, columns=["a", "b", "c"])
    X["kind"] = pd.Categorical(rng.choice(["red", "green", "blue"], len(X)))
    X["whole"] = rng.integers(0, 9, len(X))
    X.loc[::7, "b"] = np.nan
    return X, np.array(["few", "most", "some"])[codes]


@pytest.mark.parametrize("cleaning", ["translate", "remove", "ignore"])
def test_resampled_tables_hold_the_moved_rows_then_new_ones(cleaning):
    rows, codes = three_classes()
    sampler = MCCCR(energy=0.6, cleaning=cleaning, random_state=0)
    X, y = sampler.fit_resample(rows, codes)
    kept, old = sampler.kept_indices_, ~sampler.synthetic_mask_
    np.testing.assert_array_equal(y[old], codes[kept])
    assert old[: len(kept)].all()
    assert not old[len(kept) :].any()
    moves = sampler.translations_[kept] * rows.std(axis=0)
    expected = rows[kept] + moves
    still = ~sampler.translations_[kept].any(axis=1)
    np.testing.assert_array_equal(X[old][still], rows[kept][still])
    np.testing.assert_allclose(X[old], expected, atol=1e-5)
    assert still.all() == (cleaning != "translate")
    assert (len(kept) < len(rows)) == (cleaning == "remove")
    labels, new = np.unique(y[~old], return_counts=True)
    added = {label: count for label, count in sampler.sampling_strategy_.items() if count}
    assert added == dict(zip(labels.tolist(), new.tolist(), strict=True))
    if cleaning != "remove":
        np.testing.assert_array_equal(np.bincount(y), 30)


def test_the_authors_preset_rounds_and_says_how_many_rows_were_added():
    rows, codes = three_classes(sizes=(29, 30, 17))
    sampler = MCCCR(preset="original", random_state=0)
    X, y = sampler.fit_resample(rows, codes)
    # One new row among 29 seeds: no share is a half.
    assert sampler.sampling_strategy_[0] == 0
    assert len(X) == len(y) == len(rows) + sampler.sampling_strategy_[2]


@pytest.mark.parametrize("cleaning", ["translate", "remove"])
def test_frames_keep_their_columns_and_types(cleaning):
    X, y = frame()
    sampler = MCCCR(energy=2.0, cleaning=cleaning, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    assert len(X_new) == len(y_new) == len(sampler.synthetic_mask_)
    assert X_new.dtypes.equals(X.dtypes)
    assert X_new.index.equals(pd.RangeIndex(len(X_new)))
    still = np.flatnonzero(~sampler.translations_[sampler.kept_indices_].any(axis=1))
    expected = X.iloc[sampler.kept_indices_[still]].reset_index(drop=True)
    pd.testing.assert_frame_equal(X_new.iloc[still].reset_index(drop=True), expected)


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array, np.ndarray.tolist])
def test_other_containers_come_back(kind):
    rows, codes = three_classes()
    expected, _ = MCCCR(energy=2.0, random_state=0).fit_resample(rows, codes)
    found, _ = MCCCR(energy=2.0, random_state=0).fit_resample(kind(rows), codes)
    assert type(found) is type(kind(rows))
    found = found.toarray() if sparse.issparse(found) else np.array(found)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(8, 9), (9, 8, 3)])
def test_pictures_stay_pictures(shape):
    rng = np.random.default_rng(0)
    codes = np.repeat([1, 0, 2], [12, 6, 4])
    X = rng.integers(0, 256, (22, *shape), dtype=np.uint8)
    sampler = MCCCR(random_state=0, energy=30.0)
    X_new, y_new = sampler.fit_resample(X, codes)
    assert X_new.dtype == np.uint8
    assert X_new.shape == (36, *shape)
    np.testing.assert_array_equal(np.bincount(y_new), 12)
    assert sampler.translations_.any()
    flat = (X / 255.0).astype(np.float32)
    flat = flat.reshape(22, -1) if len(shape) == 2 else flat.transpose(0, 3, 1, 2).reshape(22, -1)
    moved = (flat + sampler.translations_).clip(0, 1)
    found = X_new[:22] if len(shape) == 2 else X_new[:22].transpose(0, 3, 1, 2)
    np.testing.assert_allclose(found.reshape(22, -1), 255 * moved, atol=0.51)


def test_default_energies():
    pictures = np.random.default_rng(0).random((20, 8, 8)).astype(np.float32)
    rows, codes = three_classes()
    y = np.repeat([0, 1], [14, 6])
    for X, labels, preset, expected in [
        (pictures, y, "default", (1.0, "nn")),
        (pictures, y, "original", (0.25, "absolute")),
        (rows, codes, "default", (1.0, "nn")),
        (rows, codes, "original", (0.25, "absolute")),
    ]:
        plain = MCCCR(preset=preset, random_state=0)
        stated = MCCCR(preset=preset, energy=expected[0], energy_unit=expected[1], random_state=0)
        np.testing.assert_array_equal(
            plain.fit_resample(X, labels)[0], stated.fit_resample(X, labels)[0]
        )
    # A unit without an energy takes the energy of that unit.
    by_unit = MCCCR(energy_unit="nn", random_state=0).fit_resample(rows, codes)[0]
    stated = MCCCR(energy_unit="nn", energy=1.0, random_state=0).fit_resample(rows, codes)[0]
    np.testing.assert_array_equal(by_unit, stated)


def test_further_samples_lie_in_spheres_of_the_class():
    rows, codes = three_classes()
    sampler = MCCCR(energy=1.0, energy_unit="absolute", random_state=0)
    sampler.fit_resample(rows, codes)
    scale = rows.std(axis=0)
    for label in (0, 1, 2):
        drawn = sampler.sample(40, label, random_state=1)
        assert drawn.shape == (40, 3)
        own = codes == label
        near = cdist(drawn / scale, rows[own] / scale, "cityblock")
        reach = sampler.radii_[own] if label != 1 else np.full(own.sum(), 1.0)
        # Clipping to the range of the data only brings points nearer to rows inside that range.
        assert (near <= reach + 1e-5).any(axis=1).all()
        np.testing.assert_array_equal(drawn, sampler.sample(40, label, random_state=1))
        assert not np.array_equal(drawn, sampler.sample(40, label, random_state=2))


def test_further_samples_prefer_small_spheres():
    rows, codes = three_classes(sizes=(9, 30, 17))
    sampler = MCCCR(energy=1e-4, random_state=0)
    sampler.fit_resample(rows, codes)
    own = np.flatnonzero(codes == 0)
    sampler.radii_[own] = np.where(np.arange(9) < 3, 1e-5, 3e-5)
    drawn = sampler.sample(3000, 0, random_state=0)
    seeds = cdist(drawn, rows[own]).argmin(axis=1)
    # Weights 3 : 1 on 3 : 6 seeds, so 3 of 5 come from the small ones (deviation 0.009).
    assert abs((seeds < 3).mean() - 0.6) < 0.04


def test_removed_rows_of_the_largest_class_are_no_seeds():
    rows, codes = three_classes(sizes=(9, 60, 17))
    sampler = MCCCR(energy=1.0, cleaning="remove", random_state=0)
    sampler.fit_resample(rows, codes)
    gone = np.setdiff1d(np.arange(len(rows)), sampler.kept_indices_)
    assert len(gone)
    sampler.energy = 1e-6  # spheres so small that seeds can be told apart
    drawn = sampler.sample(500, 1, random_state=0)
    seeds = cdist(drawn, rows).argmin(axis=1)
    assert (codes[seeds] == 1).all()
    assert not set(seeds) & set(gone)


def test_a_saved_sampler_makes_the_same_samples(tmp_path, monkeypatch):
    entry = MethodEntry(
        name="saved", title="", kind="sampler", data=("tables",), paper="",
        home="osrae.methods.mc_ccr:MCCCR",
    )  # fmt: skip
    monkeypatch.setitem(registry._METHODS, "saved", entry)
    rows, codes = three_classes(sizes=(9, 60, 17))
    sampler = MCCCR(energy=1.0, cleaning="remove", random_state=0)
    sampler.fit_resample(rows, codes)
    sampler.save(tmp_path / "model")
    loaded = MCCCR.load(tmp_path / "model", device="cpu")
    for label in (0, 1):
        np.testing.assert_array_equal(
            loaded.sample(5, label, random_state=0), sampler.sample(5, label, random_state=0)
        )


@pytest.mark.parametrize("cleaning", ["translate", "remove", "ignore"])
def test_the_rows_of_the_result_that_were_moved_are_marked(cleaning):
    rows, codes = three_classes(sizes=(9, 60, 17))
    sampler = MCCCR(energy=1.0, cleaning=cleaning, random_state=0)
    X, _ = sampler.fit_resample(rows, codes)
    kept = sampler.kept_indices_
    differ = np.zeros(len(X), dtype=bool)
    differ[: len(kept)] = (X[: len(kept)] != rows[kept]).any(axis=1)
    np.testing.assert_array_equal(sampler.moved_mask_, differ)
    assert differ.any() == (cleaning == "translate")
    assert (len(kept) < len(rows)) == (cleaning == "remove")


@pytest.mark.parametrize(
    ("name", "value"),
    [("energy", -1.0), ("norm", 0.5), ("cleaning", "push"), ("energy_unit", "knn"), ("ball", "p")],
)
def test_parameters_are_checked(name, value):
    with pytest.raises(ValueError, match=name):
        MCCCR(**{name: value}).fit_resample(*three_classes())


def test_the_infinite_norm_is_a_norm():
    rows, codes = three_classes()
    X, y = MCCCR(norm=np.inf, random_state=0).fit_resample(rows, codes)
    assert len(X) == len(y) == 90


def test_the_infinite_norm_is_saved(tmp_path, monkeypatch):
    rows, codes = three_classes()
    sampler = MCCCR(norm=np.inf, random_state=0)
    sampler.fit_resample(rows, codes)
    sampler.save(tmp_path / "model")
    assert MCCCR.load(tmp_path / "model").norm == np.inf


def test_the_remedy_is_not_what_is_set_already():
    rows, codes = three_classes()
    with pytest.warns(DataWarning, match=r"Set a larger energy\.") as said:
        MCCCR(energy=1e-9, energy_unit="nn", random_state=0).fit_resample(rows, codes)
    assert "energy_unit=" not in str(said[0].message)


@pytest.mark.parametrize("energy", [1.0, 30.0])
def test_categories_and_what_is_missing_stay(energy):
    X, y = frame()
    X["text"] = np.where(np.arange(len(X)) % 3, "odd", "even")
    few = np.flatnonzero(y == "most")[:5]
    X.loc[few, "text"] = None  # missing in the largest class only
    sampler = MCCCR(energy=energy, random_state=0)
    X_new, _ = sampler.fit_resample(X, y)
    new, seeds = X_new[sampler.synthetic_mask_], X.iloc[sampler.seed_indices_]
    assert len(new) == len(seeds) > 0
    old = X_new[~sampler.synthetic_mask_]
    assert sampler.moved_mask_.any()
    for column in ("kind", "text"):
        assert new[column].astype(object).tolist() == seeds[column].astype(object).tolist()
        assert old[column].astype(object).tolist() == X[column].astype(object).tolist()
    np.testing.assert_array_equal(new["b"].isna(), seeds["b"].isna())
    np.testing.assert_array_equal(old["b"].isna(), X["b"].isna())
    assert not new["text"].isna().any()


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame])
def test_moved_rows_keep_categories_too_rare_to_be_encoded(container):
    rng = np.random.default_rng(0)
    content = {"a": rng.normal(size=600), "text": [f"z{number:04d}" for number in range(600)]}
    content["b"], content["again"] = rng.normal(size=600), content["text"]
    labels = np.repeat([0, 1], [500, 100])
    X = container(content)
    sampler = MCCCR(random_state=0, energy=1.0)
    with pytest.warns(DataWarning, match="600 categories"):
        resampled, _ = sampler.fit_resample(X, labels)
    assert sampler.moved_mask_[:600].sum() > 10
    for name in ("text", "again"):
        assert list(resampled[name][:600]) == content[name]
    changed = np.asarray(resampled["a"][:600]) != content["a"]
    np.testing.assert_array_equal(changed, sampler.moved_mask_[:600])


def test_no_rows_are_made_of_classes_that_were_not_asked_for():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [40, 15, 5])
    X = rng.normal(size=(60, 2)) + y[:, None] / 2
    sampler = MCCCR(
        cleaning="remove", decomposition="complete", sampling_strategy={1: 20}, random_state=0
    )
    _, labels = sampler.fit_resample(X, y)
    assert len(sampler.kept_indices_) < 60
    made = labels[sampler.synthetic_mask_]
    assert set(made) == {1}
    assert sampler.sampling_strategy_ == {1: len(made)}
