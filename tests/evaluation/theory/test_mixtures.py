from __future__ import annotations

import numpy as np
import pytest

from osrae.errors import InputError
from osrae.evaluation.theory.mixtures import check_latents, class_numbers, draw_mixtures

LATENTS = np.random.default_rng(0).normal(size=(12, 3))
LABELS = np.array(["a"] * 7 + ["b"] * 4 + ["c"])


@pytest.mark.parametrize("mixing", ["uniform", 2.0, [0.2, 0.3, 0.5]])
def test_mixtures_are_convex_combinations_inside_a_class(mixing):
    made = draw_mixtures(LATENTS, LABELS, mixing=mixing, mixture_size=3, repeats=5, random_state=0)
    assert made.Z.shape == (60, 3)
    assert made.alpha.min() >= 0
    np.testing.assert_allclose(made.alpha.sum(axis=1), 1)
    assert (LABELS[made.parents] == made.y[:, None]).all()
    expected = sum(made.alpha[:, [j]] * LATENTS[made.parents[:, j]] for j in range(3))
    np.testing.assert_allclose(made.Z, expected)


def test_partners_are_other_members_while_there_are_enough():
    made = draw_mixtures(LATENTS, LABELS, mixture_size=4, repeats=50, random_state=0)
    for row in made.parents[made.y != "c"]:
        assert len(set(row)) == 4
    assert (made.parents[made.y == "c"] == 11).all()
    seen = made.parents[(made.y == "a") & (made.parents[:, 0] == 3), 1:]
    assert set(seen.ravel()) == {0, 1, 2, 4, 5, 6}


def test_coefficients_follow_the_stated_law():
    # Of a symmetric Dirichlet distribution with concentration a: E‖α‖² = (a + 1) / (ta + 1).
    for mixing, a in (("uniform", 1), (2.0, 2)):
        made = draw_mixtures(LATENTS, LABELS, mixing=mixing, repeats=2000, random_state=0)
        expected = (a + 1) / (2 * a + 1)
        assert (made.alpha**2).sum(axis=1).mean() == pytest.approx(expected, abs=0.01)


def test_one_seed_decides_and_classes_draw_differently():
    first, again, other = (draw_mixtures(LATENTS, LABELS, random_state=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.Z, again.Z)
    assert not np.allclose(first.Z, other.Z)
    assert not np.allclose(first.alpha[0], first.alpha[7])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mixing": "mixer"}, "mixing='mixer'; expected 'uniform'"),
        ({"mixing": 0.0}, "concentration is positive"),
        ({"mixing": [0.5, 0.6]}, "2 numbers, none negative, with sum 1"),
        ({"mixing": [1.5, -0.5]}, "2 numbers, none negative, with sum 1"),
        ({"mixture_size": 0}, "mixture_size=0: at least 1"),
        ({"repeats": 0}, "repeats=0: at least 1"),
    ],
)
def test_unusable_parameters(wrong, message):
    with pytest.raises(InputError, match=message):
        draw_mixtures(LATENTS, LABELS, **wrong)


def test_labels_must_fit():
    with pytest.raises(InputError, match="Z has 12 rows and y 11 labels"):
        check_latents(LATENTS, LABELS[1:])
    with pytest.raises(InputError, match=r"y holds c, which is not among the classes \['a', 'b'\]"):
        class_numbers(LABELS, ["a", "b"])
    classes, codes = class_numbers(np.array(["x", "w"]), ["w", "x", "v"])
    assert list(classes) == ["w", "x", "v"]
    assert list(codes) == [1, 0]
