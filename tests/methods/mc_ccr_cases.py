"""What the tests of MC-CCR's modules share: data, and plain versions by loops."""

from __future__ import annotations

import numpy as np

NORMS = [1.0, 2.0, 3.0, np.inf]


def distances(a, b, norm):
    return np.array([[np.linalg.norm(x - z, ord=norm) for z in b] for x in a])


def plain_radius(row, energy, original=False):
    """Expand from opponent to opponent, and pay each stretch by the opponents already inside."""
    radius, left, inside = 0.0, energy, 0
    for d in sorted(row):
        price = (d - radius) * (inside + 1)
        if price >= left:
            return radius + left / (inside + 1)
        radius, left, inside = d, left - price, inside + 1
    return radius + left / (inside if original and inside else inside + 1)


def plain_translations(centres, opponents, radii, norm):
    moves = np.zeros_like(opponents)
    for x, r in zip(centres, radii, strict=True):
        for j, z in enumerate(opponents):
            d = np.linalg.norm(z - x, ord=norm)
            if d < r:
                moves[j] += (r - d) / d * (z - x)
    return moves


def three_classes(seed=0, sizes=(9, 30, 17), d=3):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    return rng.normal(size=(len(codes), d)) + 0.5 * codes[:, None], codes
