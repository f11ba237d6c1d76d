from __future__ import annotations

import numpy as np
import pytest

from osrae import InputError
from osrae.randomness import numpy_generator


def draw(random_state):
    return numpy_generator(random_state).integers(2**60, size=3).tolist()


def test_an_integer_and_its_random_state_draw_the_same():
    assert draw(3) == draw(3) == draw(np.int64(3)) == draw(np.random.RandomState(3))
    assert draw(3) != draw(4)


def test_what_is_passed_in_moves_on():
    generator, state = np.random.default_rng(0), np.random.RandomState(0)
    assert numpy_generator(generator) is generator
    assert draw(state) != draw(state)


def test_none_follows_the_global_state():
    before = np.random.get_state()  # noqa: NPY002
    try:
        np.random.seed(5)  # noqa: NPY002
        first = draw(None), draw(None)
        assert first[0] == draw(5) != first[1]
    finally:
        np.random.set_state(before)  # noqa: NPY002


@pytest.mark.parametrize("random_state", ["seed", -1, 2**32, 1.5])
def test_what_cannot_be_a_seed_is_refused(random_state):
    with pytest.raises(InputError, match=f"random_state={random_state!r}: expected a whole"):
        numpy_generator(random_state)
