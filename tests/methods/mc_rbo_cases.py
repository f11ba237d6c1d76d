"""What the tests of MC-RBO's modules share."""

from __future__ import annotations

import numpy as np


def three_classes(seed=0, sizes=(11, 41, 20), d=3):
    """Class 1 is the largest, class 0 the smallest."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    return rng.normal(size=(len(codes), d)) + codes[:, None], codes
