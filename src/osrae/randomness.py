"""Random numbers from whatever a user passes as ``random_state``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from osrae.errors import InputError

__all__ = ["numpy_generator"]


def numpy_generator(random_state: Any) -> np.random.Generator:
    """Return a generator for what scikit-learn accepts as ``random_state``, and for a generator.

    Parameters
    ----------
    random_state : int, RandomState, Generator or None
        A generator is returned as it is, and a RandomState is drawn from, so the state of both
        moves on. None draws from NumPy's global state.

    Returns
    -------
    Generator

    Raises
    ------
    InputError
        If ``random_state`` is anything else, or an integer that cannot be a seed.
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    try:
        state = check_random_state(random_state)
    except ValueError as error:
        raise InputError(
            f"random_state={random_state!r}: expected a whole number from 0 to 2³² − 1, a NumPy "
            "RandomState or Generator, or None."
        ) from error
    return np.random.default_rng(state.randint(2**31, size=4))
