"""Tables that the classical methods are compared on."""

from __future__ import annotations

import functools

import numpy as np
from sklearn.datasets import make_classification
from sklearn.preprocessing import MinMaxScaler
from two_samples import Table

from osrae.data.codec import fit_codec
from osrae.datasets import load_original
from osrae.methods.rows import encoded_rows

_SHARES = (0.6, 0.2, 0.1, 0.06, 0.04)
_SYNTHETIC = (5_000, 64)


@functools.cache
def table(name: str) -> Table:
    """Encoded rows (n, d) in float64, and class numbers in the order of class sizes."""
    if name == "synthetic":
        return synthetic(*_SYNTHETIC)
    original = load_original(f"keel/{name}")
    X, y = original.X_train, np.asarray(original.y_train).astype(str)
    rows = encoded_rows(fit_codec(X, None, "auto"), X).astype(np.float64)
    return rows, by_size(np.unique(y, return_inverse=True)[1])


def synthetic(n: int, d: int) -> Table:
    """Make five classes of two Gaussian clusters each."""
    X, y = make_classification(
        n, d, n_informative=max(4, d // 3), n_redundant=d // 8, n_classes=len(_SHARES),
        weights=list(_SHARES), flip_y=0.02, random_state=0,
    )  # fmt: skip
    return (X - X.mean(0)) / X.std(0), by_size(y)


def by_size(codes: np.ndarray) -> np.ndarray:
    """Number classes by descending size, so that equal sizes mean the same to everyone."""
    order = np.argsort(-np.bincount(codes), kind="stable")
    return np.argsort(order)[codes]


def untied(data: Table) -> Table:
    """Move every row a little: which of two neighbours at one distance counts is left open."""
    rows, codes = data
    return rows + np.random.default_rng(0).normal(scale=1e-3, size=rows.shape), codes


def in_unit_cube(data: Table) -> Table:
    """Bring columns to [0, 1], as MC-RBO's authors do; leave out classes below five rows."""
    rows, codes = data
    kept = np.bincount(codes)[codes] >= 5
    return MinMaxScaler().fit_transform(rows[kept]), codes[kept]
