from __future__ import annotations

import tracemalloc
from functools import partial

import numpy as np
import pytest

from osrae.evaluation.generation import frechet_distance, kernel_distance, prdc

SAMPLES = 10_000


@pytest.mark.parametrize(
    ("score", "bound_mib"),
    [
        (prdc, 128),
        (frechet_distance, 16),
        (partial(kernel_distance, n_subsets=5, random_state=0), 32),
    ],
)
def test_memory_does_not_hold_all_pairs(score, bound_mib):
    """NumPy reports its arrays to tracemalloc; one float32 for each pair would take 381 MiB."""
    assert bound_mib < SAMPLES**2 * 4 / 2**20 / 2
    sides = [
        np.random.default_rng(seed).standard_normal((SAMPLES, 64), dtype=np.float32)
        for seed in (0, 1)
    ]
    tracemalloc.start()
    try:
        score(*sides)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak / 2**20 < bound_mib
