"""The paper's data sets as it uses them: class distributions of Tables 6 and 7."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from osrae.data.folders import read_folder
from osrae.datasets.readers import read_idx, read_optical_digits
from osrae.errors import InputError

__all__ = [
    "CLASS_COUNTS",
    "DIGIT_COUNTS",
    "NAMES",
    "Protocol",
    "data_folder",
    "load_protocol",
    "long_tailed_digits",
    "subsample",
]

_GREY = (4000, 2000, 1000, 750, 500, 350, 200, 100, 60, 40)
_COLOUR = (4500, 2000, 1000, 800, 600, 500, 400, 250, 150, 80)
#: The long-tailed test part; MNIST has 980 test images of its first class.
_LONG_TAIL = (1000, 500, 250, 187, 125, 87, 50, 25, 15, 10)

#: Training samples of each class, in label order (Table 7).
CLASS_COUNTS: Mapping[str, tuple[int, ...]] = {
    "mnist": _GREY,
    "fashion-mnist": _GREY,
    "cifar10": _COLOUR,
}
#: Training samples of the digits 0 … 9 in `long_tailed_digits`: a tail of 1 : 30.
DIGIT_COUNTS = (120, 82, 56, 39, 26, 18, 12, 8, 6, 4)
_BALANCED = 800
#: Of each class, for validation; the least that a class leaves over is 500.
_VALIDATION = 300
_IDX_PARTS = ("train", "t10k")


@dataclass(frozen=True)
class Protocol:
    """One data set, split as the paper splits it.

    Attributes
    ----------
    X_train, y_train : ndarray
        Imbalanced.
    X_test_balanced, y_test_balanced : ndarray
        Every class equally common. (OPTICAL DIGITS has one test part, a stratified split.)
    X_test_imbalanced, y_test_imbalanced : ndarray
        As imbalanced as the training part.
    X_validation, y_validation : ndarray or None
        Rows outside the test parts that the training part leaves over: what settings may be chosen
        by. (OPTICAL DIGITS leaves none.)
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test_balanced: np.ndarray
    y_test_balanced: np.ndarray
    X_test_imbalanced: np.ndarray
    y_test_imbalanced: np.ndarray
    X_validation: np.ndarray | None = None
    y_validation: np.ndarray | None = None


def subsample(y: np.ndarray, counts: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    """Draw so many rows of each class, without replacement.

    Parameters
    ----------
    y : ndarray of shape (n,)
    counts : sequence of int
        For the sorted classes of ``y``, in order.
    rng : Generator

    Returns
    -------
    ndarray of int
        Row numbers, sorted.

    Raises
    ------
    InputError
        If a class has fewer rows than are asked for.
    """
    classes, available = np.unique(y, return_counts=True)
    if len(classes) != len(counts):
        raise InputError(f"{len(counts)} class sizes are given, and y holds {len(classes)}.")
    for label, wanted, there in zip(classes, counts, available, strict=True):
        if wanted > there:
            raise InputError(f"{wanted} samples of class {label} are asked for; there are {there}.")
    chosen = [
        rng.choice(np.flatnonzero(y == label), size=wanted, replace=False)
        for label, wanted in zip(classes, counts, strict=True)
    ]
    return np.sort(np.concatenate(chosen))


def data_folder(name: str, folder: Path | None = None) -> Path:
    """Find the folder of a data set.

    Looked for, in this order, are ``folder/name``, ``folder`` itself, and ``name`` below the
    folder that the environment variable ``OSRAE_DATA`` names, and below ``../shared/data``.

    Raises
    ------
    InputError
        If there is none; the message lists where it was looked for.
    """
    if folder is not None:
        places = [folder / name, folder]
    else:
        roots = [os.environ.get("OSRAE_DATA"), "../shared/data"]
        places = [Path(root) / name for root in roots if root]
    for place in places:
        if place.is_dir():
            return place
    raise InputError(
        f"The data set {name} was not found in {', '.join(map(str, places))}. Fetch it, and set "
        "OSRAE_DATA to the folder that holds it."
    )


def load_protocol(name: str, folder: Path | None = None, seed: int = 0) -> Protocol:
    """Load a data set of the paper with its class distribution.

    Parameters
    ----------
    name : {"mnist", "fashion-mnist", "cifar10", "optdigits"}
    folder : Path or None
        Where the data lie, see `data_folder`.
    seed : int
        Decides the sub-samples.

    Raises
    ------
    InputError
        If the name is unknown, or the data are not there or damaged.
    """
    if name not in _LOADERS:
        raise InputError(f"The data set {name!r} is unknown; there are {', '.join(NAMES)}.")
    return _LOADERS[name](data_folder(name, folder), np.random.default_rng([seed, 2023]))


def _idx(name: str) -> Callable[[Path, np.random.Generator], Protocol]:
    def load(folder: Path, rng: np.random.Generator) -> Protocol:
        X_train, X_test = (_read_either(folder / f"{part}-images-idx3") for part in _IDX_PARTS)
        y_train, y_test = (_read_either(folder / f"{part}-labels-idx1") for part in _IDX_PARTS)
        return _drawn(X_train, y_train, X_test, y_test, CLASS_COUNTS[name], rng)

    return load


def _read_either(stem: Path) -> np.ndarray:
    """Read the IDX file with this stem, gzipped or not."""
    packed = stem.with_name(f"{stem.name}-ubyte.gz")
    return read_idx(packed if packed.exists() else stem.with_name(f"{stem.name}-ubyte"))


def _cifar10(folder: Path, rng: np.random.Generator) -> Protocol:
    archives = sorted(folder.glob("cifar10*.tar*"))
    source = archives[0] if archives else folder
    train, test = (read_folder(source, subfolder=part) for part in ("train", "test"))
    return _drawn(
        train.pictures, train.labels, test.pictures, test.labels, CLASS_COUNTS["cifar10"], rng
    )


def _drawn(
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_test: np.ndarray,
    y_test: np.ndarray,
    counts: Sequence[int],
    rng: np.random.Generator,
) -> Protocol:
    train = subsample(y_train, counts, rng)
    balanced = subsample(y_test, [_BALANCED] * len(counts), rng)
    _, there = np.unique(y_test, return_counts=True)
    tail = subsample(y_test, np.minimum(_LONG_TAIL, there).tolist(), rng)
    rest = np.setdiff1d(np.arange(len(y_train)), train)
    validation = rest[subsample(y_train[rest], [_VALIDATION] * len(counts), rng)]
    return Protocol(
        X_train[train],
        y_train[train],
        X_test[balanced],
        y_test[balanced],
        X_test[tail],
        y_test[tail],
        X_train[validation],
        y_train[validation],
    )


def _optical_digits(folder: Path, rng: np.random.Generator) -> Protocol:
    """UCI's 3,823 training rows and the 1,797 of scikit-learn; the digit 8 is the minority."""
    X, digits = read_optical_digits(folder / "optdigits.tra")
    more, more_digits = load_digits(return_X_y=True)
    X, y = np.vstack([X, more]), np.where(np.concatenate([digits, more_digits]) == 8, 1, -1)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, stratify=y, random_state=int(rng.integers(2**31))
    )
    return Protocol(X_train, y_train, X_test, y_test, X_test, y_test)


def long_tailed_digits(seed: int = 0) -> Protocol:
    """Load scikit-learn's digits as 8 × 8 pictures with a long tail, without any file.

    Parameters
    ----------
    seed : int
        Decides the training part. The test part, 30 % of every class, is the same for all seeds,
        so that what one seed leaves over for validation is no test row of another.
    """
    X, y = load_digits(return_X_y=True)
    X = np.rint(X.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
    train = subsample(y, DIGIT_COUNTS, np.random.default_rng(seed))
    rest = np.setdiff1d(np.arange(len(y)), train)
    return Protocol(X[train], y[train], X_test, y_test, X_test, y_test, X[rest], y[rest])


_LOADERS: Mapping[str, Callable[[Path, np.random.Generator], Protocol]] = {
    "mnist": _idx("mnist"),
    "fashion-mnist": _idx("fashion-mnist"),
    "cifar10": _cifar10,
    "optdigits": _optical_digits,
}
#: The data sets that `load_protocol` knows.
NAMES = tuple(_LOADERS)
