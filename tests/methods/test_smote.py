from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from scipy.optimize import nnls
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from osrae import DataWarning, InputError, SMOTEFamily, load
from osrae.methods.smote import VARIANTS

IRIS, SPECIES = load_iris(return_X_y=True)
ROWS = np.r_[0:50, 50:70, 100:108]
X, Y = IRIS[ROWS], SPECIES[ROWS]


def resampled(**options):
    sampler = SMOTEFamily(random_state=0, **options)
    X_new, y_new = sampler.fit_resample(X, Y)
    return sampler, X_new[len(X) :], y_new[len(X) :]


def test_new_samples_lie_between_neighbours_of_one_class():
    _, new, labels = resampled()
    for point, label in zip(new[:40], labels[:40], strict=True):
        members = X[label == Y]
        near = NearestNeighbors(n_neighbors=6).fit(StandardScaler().fit(X).transform(members))
        pairs = near.kneighbors(return_distance=False)[:, :5]
        residuals = [
            nnls(np.vstack([members[[i, j]].T, np.ones(2)]), np.append(point, 1))[1]
            for i, js in enumerate(pairs)
            for j in js
        ]
        assert min(residuals) < 1e-3


def test_it_is_imbalanced_learns_own_smote():
    """On one rarer class, where nothing but the seed has to agree."""
    two = Y < 2
    sampler = SMOTEFamily(random_state=0)
    ours, _ = sampler.fit_resample(X[two], Y[two])
    seed = int(np.random.default_rng([sampler.seed_, 0]).integers(2**31))
    scaler = StandardScaler().fit(X[two])
    theirs, _ = SMOTE(random_state=seed).fit_resample(scaler.transform(X[two]), Y[two])
    np.testing.assert_allclose(ours, scaler.inverse_transform(theirs), atol=1e-5)


@pytest.mark.filterwarnings("ignore::osrae.DataWarning")
@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_every_variant_makes_what_is_asked_for(variant):
    """k-means and ADASYN need classes that lie in one another; the digits do."""
    images, digits = load_digits(return_X_y=True)
    rare = np.concatenate([np.flatnonzero(digits == 3)[:60], np.flatnonzero(digits == 8)])
    sampler = SMOTEFamily(variant=variant, random_state=0)
    if variant == "kmeans":
        rare = np.concatenate([np.flatnonzero(digits == 3)[:120], np.flatnonzero(digits == 8)])
    _, y = sampler.fit_resample(images[rare], digits[rare])
    made = int((y == 3).sum())
    assert sampler.sampling_strategy_[3] == made - int((digits[rare] == 3).sum())
    assert made == 174 if variant not in ("adasyn", "kmeans") else abs(made - 174) < 20
    for n in (1, 7, 100):
        assert len(sampler.sample(n, 3, random_state=0)) == n


@pytest.mark.filterwarnings("ignore::osrae.DataWarning")
def test_kmeans_chooses_clusters_by_the_share_of_a_class_of_all_new_rows(monkeypatch):
    """As imbalanced-learn does where it makes all classes' rows at once."""
    thresholds = []

    def record(self, X, y):
        thresholds.append(self.cluster_balance_threshold)
        return X, y

    monkeypatch.setattr(VARIANTS["kmeans"][0], "fit_resample", record)
    rows = np.r_[0:50, 50:80, 100:112]  # 20 and 38 new rows
    SMOTEFamily(variant="kmeans").fit_resample(IRIS[rows], SPECIES[rows])
    np.testing.assert_allclose(thresholds, [20 / 58 / 2, 38 / 58 / 2])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_small_classes(size):
    rows = np.r_[0:50, 100 : 100 + size]
    sampler = SMOTEFamily(random_state=0)
    X_new, y_new = sampler.fit_resample(IRIS[rows], SPECIES[rows])
    assert np.bincount(y_new)[[0, 2]].tolist() == [50, 50]
    if size == 1:
        np.testing.assert_allclose(X_new[51:], np.repeat(IRIS[[100]], 49, axis=0), atol=1e-5)


def test_a_class_of_one_is_warned_of():
    rows = np.r_[0:50, 100]
    with pytest.warns(DataWarning, match=r"one sample: 2"):
        SMOTEFamily(random_state=0).fit_resample(IRIS[rows], SPECIES[rows])


def test_tables_of_mixed_types_and_pictures(tmp_path):
    frame = pd.DataFrame({"a": X[:, 0], "b": pd.Categorical(np.where(X[:, 2] > 3, "x", "y"))})
    sampler = SMOTEFamily(random_state=0)
    new, _ = sampler.fit_resample(frame, Y)
    assert new.dtypes.equals(frame.dtypes)
    pd.testing.assert_frame_equal(new.iloc[: len(frame)], frame)
    sampler.save(tmp_path / "sampler")
    again = load(tmp_path / "sampler")
    pd.testing.assert_frame_equal(again.sample(6, 1, 0), sampler.sample(6, 1, 0))

    images, digits = load_digits(n_class=2, return_X_y=True)
    pictures = (images.reshape(-1, 8, 8) * 15).astype(np.uint8)[:200]
    keep = (digits[:200] == 0) | (np.arange(200) < 20)
    made, _ = SMOTEFamily(random_state=0).fit_resample(pictures[keep], digits[:200][keep])
    assert made.dtype == np.uint8
    assert made.shape[1:] == (8, 8)


def far_apart():
    """Two clouds, in which no row has neighbours of the other class."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(60, 2)) + np.repeat([[0.0], [50.0]], [40, 20], axis=0)
    return points, np.repeat(["many", "few"], [40, 20])


@pytest.mark.parametrize(
    ("variant", "reason"),
    [("adasyn", "ADASYN says: Not any neigbours"), ("kmeans", "No clusters found.*class few")],
)
def test_what_the_library_cannot_do_is_said_of_the_users_class(variant, reason):
    points, labels = far_apart()
    if variant == "kmeans":  # a class of three rows that lie in three clusters
        points = np.vstack([np.repeat(20.0 * np.arange(8), 20)[:, None] * [1, 1], 20 * np.eye(2)])
        points = np.vstack([points[:160], [[0, 0], [60, 60], [140, 140]]])
        labels = np.repeat(["many", "few"], [160, 3])
    with pytest.raises(
        InputError, match=rf"variant='{variant}'.*class few, which has \d+: .*{reason}.*'smote'"
    ):
        SMOTEFamily(variant=variant, random_state=0).fit_resample(points, labels)


@pytest.mark.filterwarnings("ignore::osrae.DataWarning")
@pytest.mark.parametrize("variant", ["borderline", "svm"])
def test_variants_that_look_at_ten_neighbours_do_with_fewer_rows(variant):
    """Nine rows of one column, where classes meet."""
    points = np.array([0, 1, 2, 3, 4, 5, 5.5, 4.6, 6.5])[:, None]
    labels = np.repeat([7, 9], [6, 3])
    sampler = SMOTEFamily(variant=variant, random_state=0)
    _, made = sampler.fit_resample(points, labels)
    assert (made[9:] == 9).all()
    assert len(made) > 9
    for seed in range(30):  # SVM-SMOTE draws how many it makes
        assert len(sampler.sample(2, 9, seed)) == 2


def test_fewer_rows_than_asked_for_are_warned_of_and_none_to_sample_are_refused():
    points, labels = far_apart()
    sampler = SMOTEFamily(variant="borderline", random_state=0)
    with pytest.warns(DataWarning, match="0 of 20 for the class few"):
        made, _ = sampler.fit_resample(points, labels)
    assert len(made) == 60
    assert sampler.sampling_strategy_ == {"few": 0}
    with pytest.raises(InputError, match=r"no rows of the class few, which has 20.*'smote'"):
        sampler.sample(3, "few")


def test_sample_before_training_says_what_to_call():
    with pytest.raises(NotFittedError, match="call fit_resample"):
        SMOTEFamily().fit(X, Y).sample(3, 0)


@pytest.mark.parametrize("n", ["3", 3.5, 3.0, -2, 0, None])
def test_a_number_of_samples_that_is_none(n):
    sampler, _, _ = resampled()
    with pytest.raises(InputError, match="whole number"):
        sampler.sample(n, 2)
    assert sampler.sample(np.int32(3), 2).shape == (3, 4)


def test_one_class_only_is_named_plainly():
    with pytest.raises(InputError, match=r"one class only \(a\)"):
        SMOTEFamily().fit(X[:4], np.array(["a"] * 4))


@pytest.mark.parametrize(
    ("n", "label"), [(True, 1), (np.True_, 1), (0, 1), (2.5, 1), (2, [1]), (2, None)]
)
def test_what_cannot_be_asked_for(n, label):
    X, y = load_iris(return_X_y=True)
    sampler = SMOTEFamily(random_state=0)
    sampler.fit_resample(X, y)
    with pytest.raises(
        InputError, match=r"ask for a whole number|is no class of the training data"
    ):
        sampler.sample(n, label)
