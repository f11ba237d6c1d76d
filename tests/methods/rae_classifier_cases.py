"""Small real data and short runs for tests of RAEClassifier."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits, load_iris

IRIS, SPECIES = load_iris(return_X_y=True)
FAST = {"max_steps": 60, "batch_size": 16, "device": "cpu", "random_state": 0}


def pictures(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Digits 0, 1 and 2."""
    images, digits = load_digits(n_class=3, return_X_y=True)
    return (images[:n].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8), digits[:n]
