"""What the tests of BAGAN's modules share."""

from __future__ import annotations

import numpy as np


def blobs(counts=(12, 120, 40)):
    """Three Gaussians in R^8, the rarest first, and their means."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(np.arange(3), counts))
    centres = 4 * rng.normal(size=(3, 8))
    return centres[y] + rng.normal(size=(len(y), 8)), y
