from __future__ import annotations

import numpy as np
import pytest

from osrae.errors import DataWarning, InputError
from osrae.methods import mc_rbo_method, registry
from osrae.methods.mc_rbo import MCRBO
from osrae.methods.mc_rbo_method import RadialWalk, nearest_opponent_distance, oversample_class

from .mc_rbo_cases import three_classes

FAST = {"n_steps": 30, "random_state": 0}


def labelled_table(dtype=np.float64):
    rows, codes = three_classes()
    return rows.astype(dtype), np.array(["few", "many", "some"])[codes]


@pytest.mark.parametrize("decomposition", ["sampling", "complete"])
def test_a_table_with_text_labels_is_balanced_and_kept(decomposition):
    X, y = labelled_table()
    sampler = MCRBO(decomposition=decomposition, **FAST)
    X_new, y_new = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_new[:72], X)
    np.testing.assert_array_equal(y_new[:72], y)
    labels, counts = np.unique(y_new, return_counts=True)
    assert dict(zip(labels, counts, strict=True)) == {"few": 41, "many": 41, "some": 41}
    assert int(sampler.synthetic_mask_.sum()) == 51
    # standardised columns: at most 30 steps of 0.001 from a point of the class
    scale = X.std(axis=0)
    for x, label in zip(X_new[72:], y_new[72:], strict=True):
        assert (np.abs(X[y == label] - x) / scale).sum(1).min() <= 0.03 + 1e-4


def test_the_same_seed_gives_the_same_points_and_another_one_others():
    X, y = labelled_table()
    runs = [
        MCRBO(n_steps=30, unit="nn", random_state=seed).fit_resample(X, y)[0] for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_pictures_stay_in_their_range_and_take_their_unit_from_opponents(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, size=(40, 9, 8), dtype=np.uint8)
    X[:30] //= 2
    y = np.repeat(["dark", "light"], [30, 10])
    walks = []

    def spied(own, rivals, n, how, rng, *rest):
        walks.append(how)
        return oversample_class(own, rivals, n, how, rng)

    monkeypatch.setattr(mc_rbo_method, "oversample_class", spied)
    X_new, y_new = MCRBO(random_state=0).fit_resample(X, y)
    assert walks == [RadialWalk(gamma=1.0, step=0.001, n_steps=500, n_neighbors=25, unit="nn")]
    assert X_new.dtype == np.uint8
    assert X_new.shape == (60, 9, 8)
    np.testing.assert_array_equal(X_new[:40], X)
    assert list(y_new[40:]) == ["light"] * 20
    moved = np.abs(X_new[40:, None].astype(int) - X[30:]).reshape(20, 10, -1).sum(2).min(1)
    unit = nearest_opponent_distance(
        *(rows.reshape(len(rows), -1) / 255 for rows in (X[30:], X[:30]))
    )
    assert moved.min() > 0
    assert moved.max() / 255 <= 0.5 * unit + 72 / 255  # half-way, and rounding of 72 values


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, (0.05, 0.001, "absolute")),
        ({"unit": "nn"}, (1.0, 0.001, "nn")),
        ({"unit": "nn", "gamma": 3.0, "step": 0.5}, (3.0, 0.5, "nn")),
        ({"gamma": 2}, (2, 0.001, "absolute")),
    ],
)
def test_defaults_of_tables_depend_on_the_unit(parameters, expected, monkeypatch):
    walks = []

    def spied(own, rivals, n, how, rng, *rest):
        walks.append((how.gamma, how.step, how.unit))
        return oversample_class(own, rivals, n, how, rng)

    monkeypatch.setattr(mc_rbo_method, "oversample_class", spied)
    X, y = labelled_table()
    MCRBO(n_steps=3, **parameters).fit_resample(X, y)
    assert walks == [expected] * 2


def test_any_number_of_any_class_can_be_asked_for():
    X, y = labelled_table()
    strategy = {"many": 45, "few": 13}
    X_new, y_new = MCRBO(sampling_strategy=strategy, **FAST).fit_resample(X, y)
    assert list(y_new[72:]).count("many") == 4
    assert list(y_new[72:]).count("few") == 2
    assert len(X_new) == 78


def test_a_class_of_one_sample_is_enlarged():
    X, y = labelled_table()
    keep = (y != "few") | (np.cumsum(y == "few") == 1)
    with pytest.warns(DataWarning, match="one sample: few"):
        _, y_new = MCRBO(**FAST).fit_resample(X[keep], y[keep])
    assert list(y_new).count("few") == 41


def test_further_samples_of_every_class_lie_near_its_own():
    X, y = labelled_table(np.float32)
    sampler = MCRBO(unit="nn", gamma=1.0, step=0.01, n_steps=50, random_state=0)
    sampler.fit_resample(X, y)
    for label in ("few", "many", "some"):
        new = sampler.sample(6, label, random_state=1)
        assert new.shape == (6, 3)
        again = sampler.sample(6, label, random_state=1)
        np.testing.assert_array_equal(new, again)
        assert not np.array_equal(new, sampler.sample(6, label, random_state=2))
        own, others = X[y == label], X[y != label]
        for x in new:
            assert np.abs(own - x).sum(1).min() > 0
            assert np.abs(own - x).sum(1).min() < np.abs(own[:, None] - others).sum(2).max()
    with pytest.raises(InputError, match="no class"):
        sampler.sample(1, "none")


@pytest.mark.parametrize(
    "wrong",
    [{"gamma": 0}, {"step": -1}, {"n_steps": -1}, {"n_neighbors": 0}, {"unit": "mm"},
     {"decomposition": "ova"}],
)  # fmt: skip
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        MCRBO(**wrong).fit_resample(*labelled_table())


def test_a_saved_sampler_makes_the_same_samples(tmp_path, monkeypatch):
    entry = registry.MethodEntry(
        name="mc-rbo", title="MC-RBO", kind="sampler", data=("tables",), paper="",
        home="osrae.methods.mc_rbo:MCRBO",
    )  # fmt: skip
    monkeypatch.setitem(registry._METHODS, "mc-rbo", entry)
    X, y = labelled_table()
    sampler = MCRBO(unit="nn", n_steps=20, random_state=0)
    sampler.fit_resample(X, y)
    sampler.save(tmp_path / "model")
    loaded = MCRBO.load(tmp_path / "model")
    for label in ("few", "many"):
        np.testing.assert_array_equal(
            loaded.sample(7, label, random_state=3), sampler.sample(7, label, random_state=3)
        )
