"""Data sets of pictures as folders of classes, below train and test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from osrae.data.folders import read_folder
from osrae.datasets.original import Original
from osrae.errors import InputError

__all__ = ["read_class_folders"]


def read_class_folders(path: Path) -> Original:
    """Read ``train/<class>/*.jpg`` and ``test/<class>/*.jpg`` (or PNG and others).

    Parameters
    ----------
    path : Path
        A folder, or a .zip or .tar archive.

    Returns
    -------
    Original
        Labels are the numbers of the sorted names of the classes.

    Raises
    ------
    InputError
        If a part is missing or damaged, or the two parts have other classes or sizes.
    """
    train, test = (read_folder(path, subfolder=part) for part in ("train", "test"))
    names, y_train = np.unique(train.labels, return_inverse=True)
    test_names, y_test = np.unique(test.labels, return_inverse=True)
    if not np.array_equal(names, test_names):
        differing = np.setxor1d(names, test_names).tolist()
        raise InputError(f"The classes {differing} of {path} are in only one of train and test.")
    if train.pictures.shape[1:] != test.pictures.shape[1:]:
        raise InputError(
            f"The training pictures of {path} have the shape {train.pictures.shape[1:]}, the test "
            f"pictures {test.pictures.shape[1:]}."
        )
    return Original(train.pictures, y_train, test.pictures, y_test, tuple(map(str, names)))
