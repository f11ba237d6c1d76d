"""SVHN's cropped digits as their makers distribute them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import loadmat, whosmat

from osrae.datasets.original import Original
from osrae.datasets.readers.files import check_complete
from osrae.errors import InputError

__all__ = ["read_svhn"]

_FILES = ("train_32x32.mat", "test_32x32.mat")
#: More than the largest part has, 531,131 in ``extra_32x32.mat``.
_MOST = 10**6


def read_svhn(folder: Path) -> Original:
    """Read SVHN's cropped digits (format 2), without the extra training part.

    Parameters
    ----------
    folder : Path
        Holds ``train_32x32.mat`` and ``test_32x32.mat``.

    Returns
    -------
    Original
        Pictures of shape (n, 32, 32, 3), and the digits 0 to 9 as labels; the files have 10 for
        the digit 0.

    Raises
    ------
    InputError
        If a file is missing or damaged.

    References
    ----------
    Y. Netzer et al. Reading Digits in Natural Images with Unsupervised Feature Learning. NIPS
    Workshop on Deep Learning and Unsupervised Feature Learning 2011.
    """
    check_complete(folder, [name for name in _FILES if (folder / name).is_file()], _FILES)
    (X_train, y_train), (X_test, y_test) = (_part(folder / name) for name in _FILES)
    return Original(X_train, y_train, X_test, y_test)


def _part(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        shapes = {name: shape for name, shape, _ in whosmat(path)}
        _check_shapes(path, shapes.get("X", ()), shapes.get("y", ()))
        content = loadmat(path, variable_names=["X", "y"])
    except InputError:
        raise
    # Damaged bytes make this fail in many ways: ValueError, TypeError, zlib.error, MatReadError …
    except Exception as error:
        raise InputError(
            f"{path} cannot be read as a MATLAB file ({error}); fetch it again."
        ) from error
    X, y = content["X"], content["y"].ravel()
    if X.dtype != np.uint8 or y.dtype.kind not in "iuf" or not np.isin(y, range(1, 11)).all():
        raise InputError(
            f"{path} holds pictures as {X.dtype} and labels from {y.min()} to {y.max()}; expected "
            "uint8, and 1 to 10. Fetch it again."
        )
    return np.ascontiguousarray(X.transpose(3, 0, 1, 2)), y.astype(np.int64) % 10


def _check_shapes(path: Path, X: tuple[int, ...], y: tuple[int, ...]) -> None:
    """Check what the headers say before the arrays are unpacked."""
    if X[:3] != (32, 32, 3) or len(X) != 4 or y != (X[3], 1) or not 0 < X[3] <= _MOST:
        raise InputError(
            f"{path} holds X of shape {X} and y of shape {y}; expected (32, 32, 3, n) and (n, 1), "
            "as in the cropped digits of SVHN. Fetch it again."
        )
