from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.utils import check_random_state

from osrae import RAEClassifier
from osrae.errors import InputError
from osrae.evaluation.theory import diagnose
from osrae.evaluation.theory.diagnosis import fresh_mixtures
from osrae.evaluation.theory.risk import cross_entropy

X, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[SPECIES]


class Linear:
    """A fitted classifier whose latent vectors are the data; it mixes two members by halves."""

    classes_ = np.array(["setosa", "versicolor", "virginica"])
    coef_ = np.array([[2.0, 4, -6, -3], [1, 0, 0, -1], [-3, -4, 6, 4]])
    intercept_ = np.array([1.03, 2.01, -5.02])

    def transform(self, X):
        return np.asarray(X)

    def sample_latent(self, n, label, random_state=None):
        members = np.flatnonzero(self.classes_[SPECIES] == label)
        parents = check_random_state(random_state).choice(members, size=(n, 2))
        return X[parents].mean(axis=1).astype(np.float32), np.full((n, 2), 0.5), parents


def test_every_proposition_gets_the_latents_and_the_models_own_mixtures():
    result = diagnose(Linear(), X, NAMES, random_state=0)
    predicted = (X @ Linear.coef_.T + Linear.intercept_).argmax(axis=1)
    right = [np.mean(predicted[c == SPECIES] == c) for c in range(3)]
    np.testing.assert_allclose(result.preservation.correct, right)
    assert list(result.preservation.separable) == [True, False, False]
    assert result.preservation.kept_all_right == 1
    assert result.preservation.n_some_wrong > 0
    losses = cross_entropy(X, SPECIES, Linear.coef_, Linear.intercept_)
    np.testing.assert_allclose(result.risk.losses, losses)
    assert len(result.risk.losses_mixed) == 1500
    np.testing.assert_allclose(result.risk.alpha_norm, 0.5)
    largest = max(losses.max(), result.risk.losses_mixed.max())
    assert result.bernstein.risk == pytest.approx(losses.mean() / largest)
    assert result.bernstein.n == 150
    assert (result.interpolation.n, result.interpolation.d) == (150, 4)
    assert (result.margins.n, result.margins.n_mixtures) == (150, 150)
    assert result.margins.norms_both[0] == pytest.approx(result.margins.norms[0], rel=1e-4)
    for title in ("Proposition 1", "Proposition 2", "Proposition 3", "Proposition 4", "Corollary"):
        assert title in str(result)


def test_one_seed_decides():
    first, again, other = (diagnose(Linear(), X, NAMES, random_state=s) for s in (0, 0, 1))
    assert str(first) == str(again) != str(other)


def test_ten_mixtures_for_every_sample():
    made = fresh_mixtures(Linear(), X, NAMES, 0)
    assert (made.y == np.repeat(Linear.classes_, 500)).all()
    np.testing.assert_allclose(made.Z, X[made.parents].mean(axis=1))
    assert (NAMES[made.parents] == made.y[:, None]).all()


def test_a_fitted_model_and_latents_of_unit_length():
    model = RAEClassifier(max_steps=40, batch_size=16, latent_dim=6, device="cpu", random_state=0)
    model.fit(X, NAMES)
    result = diagnose(model, X, NAMES, random_state=0)
    predicted = model.predict(X) == NAMES
    np.testing.assert_allclose(result.preservation.correct, predicted.reshape(3, 50).mean(axis=1))
    assert result.preservation.kept_all_right == 1
    assert result.risk.mixture_size == 2
    assert result.interpolation.d == 4 * 6  # encoders, and the size of each one's part


def test_interpolation_is_of_latents_of_length_one():
    class Wide(Linear):
        def transform(self, X):
            return 7 * np.eye(150)

        def sample_latent(self, n, label, random_state=None):
            _, alpha, parents = super().sample_latent(n, label, random_state)
            return (7 * np.eye(150))[parents].mean(axis=1), alpha, parents

        coef_ = np.zeros((3, 150))

    result = diagnose(Wide(), X, NAMES, random_state=0)
    assert result.interpolation.smallest_eigenvalue == pytest.approx(1)
    np.testing.assert_allclose(result.interpolation.norms, np.sqrt(150))


def test_what_cannot_be_diagnosed():
    with pytest.raises(InputError, match="object has no transform, sample_latent"):
        diagnose(object(), X, NAMES)
    with pytest.raises(InputError, match="y holds 0, which is not among"):
        diagnose(Linear(), X, SPECIES)
    with pytest.raises(InputError, match="150 rows and y 149"):
        diagnose(Linear(), X, NAMES[1:])


@pytest.mark.parametrize("rows", [np.arange(90), np.arange(150)[::-1], np.r_[1:50, 0, 50:150]])
def test_other_rows_than_those_of_the_training_are_noticed(rows):
    with pytest.raises(InputError, match="not the model's training data"):
        diagnose(Linear(), X[rows], NAMES[rows])
