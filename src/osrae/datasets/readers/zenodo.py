"""The tables of imbalanced-learn's benchmark, which lies on Zenodo."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from osrae.datasets.original import Original
from osrae.datasets.readers.files import check_complete, named_files, npz_arrays
from osrae.errors import InputError

__all__ = ["read_imblearn"]


def read_imblearn(path: Path, number: int) -> Original:
    """Read a table of imbalanced-learn's benchmark.

    Parameters
    ----------
    path : Path
        ``benchmark-imbalanced-learn.tar.gz``, the folder ``zenodo`` of scikit-learn's data home,
        or the file ``x{number}data.npz`` itself.
    number : int
        1 to 27: 2 is OPTICAL DIGITS, 9 ISOLET, 23 WEBPAGE and 26 PROTEIN HOMO.

    Returns
    -------
    Original
        In one part; labels 1 (minority) and -1.

    Raises
    ------
    InputError
        If the file is missing or damaged.

    References
    ----------
    Z. Ding. Diversified Ensemble Classifiers for Highly Imbalanced Data Learning and their
    Application in Bioinformatics. Dissertation, Georgia State University, 2011.
    """
    name = f"x{number}data.npz"
    files = named_files(path, [name])
    check_complete(path, files, [name])
    place = f"{name} in {path}"
    arrays = npz_arrays(files[name], place, ("data", "label"))
    X, y = arrays["data"], arrays["label"].ravel()
    if (
        X.ndim != 2
        or X.dtype.kind not in "iufb"
        or len(X) != len(y)
        or set(np.unique(y)) != {-1, 1}
    ):
        raise InputError(
            f"{place} holds data as {X.dtype} {X.shape} and {len(y)} labels "
            f"{np.unique(y)[:5].tolist()}; expected numbers (n, d), and -1 or 1 for each row. "
            "Fetch it again."
        )
    return Original(X.astype(np.float64), y.astype(np.int64))
