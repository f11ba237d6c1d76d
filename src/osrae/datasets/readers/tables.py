"""Tables of UCI, LIBSVM and the KDD Cup 2004 as their makers distribute them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, load_svmlight_file

from osrae.data.archives import read_file
from osrae.datasets.original import Original
from osrae.datasets.readers.files import check_complete, named_files
from osrae.errors import InputError

__all__ = [
    "read_isolet",
    "read_optdigits",
    "read_optical_digits",
    "read_protein_homo",
    "read_w7a",
]

_ISOLET = ("isolet1+2+3+4.data", "isolet5.data")
_OPTDIGITS = ("optdigits.tra", "optdigits.tes")
_W7A = ("w7a", "w7a.t")


def read_isolet(path: Path) -> Original:
    """Read UCI's ISOLET with the letters A and B as the minority.

    Parameters
    ----------
    path : Path
        A folder or archive with ``isolet1+2+3+4.data`` and ``isolet5.data``, unpacked from the
        ``.Z`` in which UCI has them.

    Returns
    -------
    Original
        Rows of 617 features; labels 1 (minority) and -1. The fifth group of speakers is the test
        part.

    Raises
    ------
    InputError
        If a file is missing or damaged.

    References
    ----------
    R. Cole, M. Fanty. ISOLET. UCI Machine Learning Repository, 1991.
    """
    files = named_files(path, _ISOLET)
    check_complete(path, files, _ISOLET)
    (X_train, y_train), (X_test, y_test) = (
        _last_is_class(files[name], f"{name} in {path}", 617, range(1, 27), (1, 2))
        for name in _ISOLET
    )
    return Original(X_train, y_train, X_test, y_test)


def read_optical_digits(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read UCI's ``optdigits.tra`` (or ``.tes``): 64 counts from 0 to 16, then the digit.

    Returns
    -------
    X : ndarray of shape (n, 64)
    digits : ndarray of int, shape (n,)

    Raises
    ------
    InputError
        If the file cannot be read, or is another.
    """
    return _rows_and_class(read_file(path), f"{path}", 64, range(10))


def read_optdigits(path: Path) -> Original:
    """Read UCI's optical digits with the digit 8 as the minority.

    Parameters
    ----------
    path : Path
        A folder or archive with ``optdigits.tra`` and ``optdigits.tes``, or the first file alone.
        Where the second is missing, the digits of scikit-learn, which are the same rows, stand
        in for it.

    Returns
    -------
    Original
        Rows of 64 counts from 0 to 16; labels 1 (minority) and -1.

    Raises
    ------
    InputError
        If ``optdigits.tra`` is missing, or a file is damaged.

    References
    ----------
    E. Alpaydin, C. Kaynak. Optical Recognition of Handwritten Digits. UCI Machine Learning
    Repository, 1998.
    """
    files = named_files(path, _OPTDIGITS)
    check_complete(path, files, _OPTDIGITS[:1])
    parts = [
        _last_is_class(files[name], f"{name} in {path}", 64, range(10), (8,))
        for name in _OPTDIGITS
        if name in files
    ]
    if len(parts) == 1:
        X, digits = load_digits(return_X_y=True)
        parts.append((X, _signs(digits, (8,))))
    return Original(*parts[0], *parts[1])


def read_protein_homo(path: Path) -> Original:
    """Read the protein homology task of the KDD Cup 2004.

    Parameters
    ----------
    path : Path
        ``bio_train.dat``, or a folder or archive that holds it (``data_kddcup04.tar.gz``). The
        test file of the cup has no labels and is not read.

    Returns
    -------
    Original
        In one part: 74 features, without the numbers of block and example; labels 1 (homologous,
        the minority) and -1.

    Raises
    ------
    InputError
        If the file is missing or damaged.

    References
    ----------
    R. Caruana, T. Joachims, L. Backstrom. KDD-Cup 2004: Results and Analysis. SIGKDD Explorations
    6(2), 2004.
    """
    files = named_files(path, ["bio_train.dat"])
    check_complete(path, files, ["bio_train.dat"])
    place = f"bio_train.dat in {path}"
    table = _numbers(files["bio_train.dat"], place, 77, None)
    return Original(table[:, 3:], _signs(_classes(table[:, 2], place, range(2)), (1,)))


def read_w7a(path: Path) -> Original:
    """Read LIBSVM's web page data w7a.

    imbalanced-learn's WEBPAGE comes from these data; it has 34,780 rows, and the two files
    together 49,749.

    Parameters
    ----------
    path : Path
        A folder or archive with ``w7a`` and, if there is to be a test part, ``w7a.t``; or the
        first file alone.

    Returns
    -------
    Original
        300 binary features as a dense array; labels 1 (minority) and -1.

    Raises
    ------
    InputError
        If ``w7a`` is missing, or a file is damaged.

    References
    ----------
    J. C. Platt. Fast Training of Support Vector Machines Using Sequential Minimal Optimization.
    Advances in Kernel Methods, MIT Press 1998.
    """
    files = named_files(path, _W7A)
    check_complete(path, files, _W7A[:1])
    parts = [_sparse(files[name], f"{name} in {path}") for name in _W7A if name in files]
    return Original(*parts[0], *(parts[1] if len(parts) == 2 else (None, None)))


def _sparse(content: bytes, place: str) -> tuple[np.ndarray, np.ndarray]:
    try:
        X, y = load_svmlight_file(io.BytesIO(content), n_features=300, zero_based=False)
    except ValueError as error:
        raise InputError(
            f"{place} cannot be read as 300 features in LIBSVM's format ({error}). Fetch it again."
        ) from error
    if set(np.unique(y)) != {-1, 1}:
        raise InputError(
            f"{place} holds the labels {np.unique(y)[:5].tolist()}; expected -1 and 1. Fetch it "
            "again."
        )
    return X.toarray(), y.astype(np.int64)


def _last_is_class(
    content: bytes, place: str, n_features: int, allowed: range, minority: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    X, classes = _rows_and_class(content, place, n_features, allowed)
    return X, _signs(classes, minority)


def _rows_and_class(
    content: bytes, place: str, n_features: int, allowed: range
) -> tuple[np.ndarray, np.ndarray]:
    table = _numbers(content, place, n_features + 1, ",")
    return table[:, :-1], _classes(table[:, -1], place, allowed)


def _numbers(content: bytes, place: str, n_columns: int, delimiter: str | None) -> np.ndarray:
    try:
        lines = content.decode("ascii").splitlines()
        table = np.loadtxt(lines, delimiter=delimiter, ndmin=2) if lines else np.empty((0, 0))
    except ValueError as error:
        between = "commas" if delimiter else "spaces"
        raise InputError(
            f"{place} cannot be read as numbers with {between} ({error}). Fetch it again."
        ) from error
    if table.shape[1] != n_columns:
        raise InputError(
            f"{place} has {table.shape[1]} columns; expected {n_columns}. Check that it is the "
            "right file, or fetch it again."
        )
    return table


def _classes(column: np.ndarray, place: str, allowed: range) -> np.ndarray:
    strange = column[~np.isin(column, allowed)]
    if len(strange):
        raise InputError(
            f"{place} has the class {strange[0]:g}; expected {allowed.start} to "
            f"{allowed.stop - 1}. Check that it is the right file, or fetch it again."
        )
    return column.astype(np.int64)


def _signs(classes: np.ndarray, minority: tuple[int, ...]) -> np.ndarray:
    return np.where(np.isin(classes, minority), 1, -1)
