"""Over-sampling on the probability contours of a class (AMDO).

A new row lies on the same ellipsoid around the class mean as a row of the class, its seed: it has
the seed's Mahalanobis distance. Seeds are rows among whose neighbours their own class is frequent.

Notation: n rows of d columns, the continuous ones first, then one block of indicator columns per
nominal column; C classes; n' seeds of a class; q principal components; K1, K2 as in the article.

References
----------
Yang, Kuang, Zhang, Zhang. AMDO: An Over-Sampling Technique for Multi-Class Imbalanced Problems.
IEEE Transactions on Knowledge and Data Engineering 30(9), 2018.

Wilson, Martinez. Improved Heterogeneous Distance Functions. Journal of Artificial Intelligence
Research 6, 1997.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from osrae.methods.progress import Advance, silent

__all__ = [
    "Contours",
    "Simplex",
    "choose_seeds",
    "count_same_class",
    "draw",
    "fit_contours",
    "hvdm_columns",
    "partially_balanced_counts",
]

Simplex = Literal["uniform", "dirichlet"]

#: Components of less variance, as a share of the greatest, are rounding errors.
_LEAST_VARIANCE = 1e-10
#: Up to so many columns a tree finds neighbours faster than all distances do.
_MOST_TREE_COLUMNS = 6
#: Rows whose neighbours are looked for at once.
_MEMBERS = 5000
#: Numbers in a block of new rows: 64 MB.
_BLOCK = 2**23


def partially_balanced_counts(counts: np.ndarray) -> np.ndarray:
    """Return the class sizes at which the rarest class is frequent enough (Algorithm 3).

    Again and again the currently smallest class (the first of them) grows by its original size,
    until its share is above θ = 2 / (3C - 1). The article derives θ from a ratio of 1.5 between the
    greatest and the smallest class; a share above θ is necessary for that ratio, not sufficient.

    Parameters
    ----------
    counts : ndarray of int, shape (C,)
        Rows of each class, at least 1.

    Returns
    -------
    ndarray of int, shape (C,)
    """
    sizes = np.array(counts, dtype=np.int64)
    n_classes = len(sizes)
    most_steps = -(-sizes.max() * (n_classes - 1) // sizes.min())
    for _ in range(most_steps):
        smallest = sizes.argmin()
        if sizes[smallest] * (3 * n_classes - 1) > 2 * sizes.sum():
            break
        sizes[smallest] += counts[smallest]
    return sizes


def hvdm_columns(
    rows: np.ndarray, codes: np.ndarray, n_continuous: int, categories: Sequence[int] = ()
) -> np.ndarray:
    """Return columns whose Euclidean distance is HVDM (Wilson and Martinez, Eq. 11, 13 and 15).

    A continuous column is divided by four standard deviations; a nominal column becomes the class
    frequencies given its level. Columns of one value become 0.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
    codes : ndarray of int, shape (n,)
        Class numbers.
    n_continuous : int
    categories : sequence of int
        Width of each block of indicator columns; a row without a level has zeros there.

    Returns
    -------
    ndarray of shape (n, n_continuous + C · len(categories))
    """
    parts = []
    if n_continuous:
        parts.append(StandardScaler().fit_transform(rows[:, :n_continuous]))
        parts[0] /= 4
    classes = np.eye(codes.max() + 1, dtype=rows.dtype)[codes] if len(categories) else None
    start = n_continuous
    for width in categories:
        block = rows[:, start : start + width]
        frequencies = block.T @ classes / np.maximum(block.sum(axis=0), 1)[:, None]
        parts.append(block @ frequencies)
        start += width
    return np.hstack(parts) if len(parts) > 1 else parts[0]


def count_same_class(
    columns: np.ndarray,
    codes: np.ndarray,
    members: np.ndarray,
    k: int,
    advance: Advance = silent,
) -> np.ndarray:
    """Count how many of the k nearest other rows have a row's class (Algorithm 2, lines 6 and 7).

    Parameters
    ----------
    columns : ndarray of shape (n, p)
        As `hvdm_columns` makes them.
    codes : ndarray of int, shape (n,)
        Class numbers.
    members : ndarray of int, shape (m,)
        Rows that are asked about.
    k : int
        K2; all other rows if there are fewer.
    advance : callable
        Is told which share of the members is done.

    Returns
    -------
    ndarray of int, shape (m,)
    """
    k = min(k, len(columns) - 1)
    algorithm = "kd_tree" if columns.shape[1] <= _MOST_TREE_COLUMNS else "brute"
    index = NearestNeighbors(n_neighbors=k + 1, algorithm=algorithm).fit(columns)
    found = []
    for start in range(0, len(members), _MEMBERS):
        block = members[start : start + _MEMBERS]
        found.append(index.kneighbors(columns[block], return_distance=False))
        advance((start + len(block)) / len(members))
    nearest = np.concatenate(found)
    own = nearest == members[:, None]
    own[~own.any(axis=1), -1] = True  # so many duplicates that a row is not among its nearest
    same = codes[nearest] == codes[members][:, None]
    return (same & ~own).sum(axis=1)


def choose_seeds(n_same: np.ndarray, k_min: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose the rows that new ones are drawn from, and how often (Algorithm 2, lines 8 to 12).

    Where fewer than two rows have ``k_min`` neighbours of their class, those with one are taken (as
    the authors do by hand), or else all rows alike.

    Parameters
    ----------
    n_same : ndarray of int, shape (m,)
        Neighbours of the own class, for every row of a class.
    k_min : int
        K1, at least 1.

    Returns
    -------
    seeds : ndarray of int, shape (n',)
        Places in ``n_same``.
    weights : ndarray of shape (n',)
        Probabilities, proportional to ``n_same``.
    """
    for least in (k_min, 1):
        seeds = np.flatnonzero(n_same >= least)
        if len(seeds) > 1:
            return seeds, n_same[seeds] / n_same[seeds].sum()
    return np.arange(len(n_same)), np.full(len(n_same), 1 / len(n_same))


@dataclass(frozen=True)
class Contours:
    """The ellipsoids of a class, all of one shape: one through each seed.

    Parameters
    ----------
    mean : ndarray of shape (d,)
        Their centre.
    axes : ndarray of shape (q, d)
        Semi-axes of the ellipsoid at Mahalanobis distance 1.
    radii : ndarray of shape (n',)
        Mahalanobis distance of every seed.
    weights : ndarray of shape (n',)
        Probability of every seed.
    """

    mean: np.ndarray
    axes: np.ndarray
    radii: np.ndarray
    weights: np.ndarray


def fit_contours(
    rows: np.ndarray, weights: np.ndarray, n_continuous: int, n_components: float = 1.0
) -> Contours:
    """Find the principal space of a class and every seed's contour in it (Algorithm 2, 13 to 19).

    Parameters
    ----------
    rows : ndarray of shape (n', d)
        The seeds.
    weights : ndarray of shape (n',)
        Their probabilities.
    n_continuous : int
        Leading columns that are no indicators.
    n_components : float, default=1.0
        Share of the variance, in (0, 1], that the components which are kept hold at least.

    Returns
    -------
    Contours
        In the dtype of ``rows``. Without any variance q is 0, and every new row is the mean.
    """
    x = rows.astype(np.float64)
    n = len(x)
    varies = x.min(axis=0) < x.max(axis=0)
    # By rounding, a column of one value may have another mean, and a deviation.
    mean = np.where(varies, x.mean(axis=0), x[0])
    scale = np.where(varies, x.std(axis=0), 1)
    # N^(1/2) X' M^(1/2) of Eq. 3, where the level i of n(i) rows weighs n' / n(i).
    metric = np.ones(x.shape[1])
    metric[n_continuous:] = 1 / np.where(varies, x.mean(axis=0), 1)[n_continuous:]
    x = (x - mean) / scale * np.sqrt(metric / n)
    directions = _principal_directions(x)
    scores = x @ directions.T
    variances = (scores**2).sum(axis=0) / max(n - 1, 1)
    if n_components < 1 and len(directions):
        held = np.cumsum(variances)
        last = np.searchsorted(held, n_components * held[-1])
        few = slice(last + 1)
        directions, scores, variances = directions[few], scores[:, few], variances[few]
    lengths = np.sqrt(n * variances)
    axes = lengths[:, None] * directions * (varies * scale / np.sqrt(metric))
    radii = np.sqrt((scores**2 / variances).sum(axis=1))
    mean, axes, radii = (array.astype(rows.dtype) for array in (mean, axes, radii))
    return Contours(mean, axes, radii, weights)


def _principal_directions(x: np.ndarray) -> np.ndarray:
    """Return the right singular vectors of ``x`` (n', d) as rows, the strongest first.

    The smaller of ``x.T @ x`` and ``x @ x.T`` is decomposed, many times faster than ``x`` itself.
    Components without variance are left out. The greatest entry of each vector is positive; of
    entries as great as it, the first.
    """
    wide = x.shape[0] < x.shape[1]
    values, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)
    kept = np.flatnonzero(values > _LEAST_VARIANCE * values[-1])[::-1]
    directions = vectors[:, kept].T
    if wide:
        directions = directions @ x / np.sqrt(values[kept])[:, None]
    size = np.abs(directions)
    first = (size > (1 - 1e-6) * size.max(axis=1, keepdims=True)).argmax(axis=1)
    return directions * np.sign(np.take_along_axis(directions, first[:, None], axis=1))


def draw(
    contours: Contours, seeds: np.ndarray, rng: np.random.Generator, simplex: Simplex = "uniform"
) -> np.ndarray:
    """Draw a row on the contour of each of these seeds (Algorithm 2, lines 22 to 32).

    The shares r of the squared distance that the components take are positive and sum to 1.

    Parameters
    ----------
    contours : Contours
    seeds : ndarray of int, shape (m,)
        Places in ``contours.radii``.
    rng : numpy.random.Generator
    simplex : {"uniform", "dirichlet"}, default="uniform"
        Law of r, which the article leaves open: uniform numbers divided by their sum, or the
        Dirichlet(1/2) distribution, which is uniform on the contour in whitened space.

    Returns
    -------
    ndarray of shape (m, d)
    """
    q, d = contours.axes.shape
    rows = np.empty((len(seeds), d), contours.axes.dtype)
    size = max(1, _BLOCK // max(q, d))
    for start in range(0, len(seeds), size):
        part = seeds[start : start + size]
        directions = _directions(rng, (len(part), q), simplex)
        directions *= contours.radii[part][:, None]
        out = rows[start : start + size]
        np.matmul(directions.astype(rows.dtype, copy=False), contours.axes, out=out)
        out += contours.mean
    return rows


def _directions(rng: np.random.Generator, shape: tuple[int, int], simplex: Simplex) -> np.ndarray:
    """Draw signs · √r, vectors of length 1.

    The size of one random number gives r, its sign the sign: both are independent.
    """
    if simplex == "uniform":
        u = rng.uniform(-1, 1, shape)
        return np.copysign(np.sqrt(np.abs(u) / np.abs(u).sum(axis=1, keepdims=True)), u)
    u = rng.standard_normal(shape)
    return u / np.sqrt((u**2).sum(axis=1, keepdims=True))
