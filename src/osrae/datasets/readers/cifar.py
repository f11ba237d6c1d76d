"""CIFAR-10 and CIFAR-100 as their makers distribute them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from osrae.datasets.original import Original
from osrae.datasets.readers.files import check_complete, named_files
from osrae.datasets.readers.pickles import read_pickle
from osrae.datasets.readers.planes import ROW, labelled_planes
from osrae.errors import InputError

__all__ = ["read_cifar10", "read_cifar100"]


@dataclass(frozen=True)
class _Release:
    """The files of a release; pickles have keys, and binary rows so many bytes before a picture."""

    train: tuple[str, ...]
    test: str
    names: str
    label_key: str = ""
    names_key: str = ""
    n_labels: int = 0

    @property
    def files(self) -> tuple[str, ...]:
        return (*self.train, self.test, self.names)


_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
_CIFAR10 = (
    _Release(_BATCHES, "test_batch", "batches.meta", "labels", "label_names"),
    _Release(
        tuple(f"{name}.bin" for name in _BATCHES),
        "test_batch.bin",
        "batches.meta.txt",
        n_labels=1,
    ),
)
_CIFAR100 = (
    _Release(("train",), "test", "meta", "fine_labels", "fine_label_names"),
    # The first of two labels is the coarse one.
    _Release(("train.bin",), "test.bin", "fine_label_names.txt", n_labels=2),
)


def read_cifar10(path: Path) -> Original:
    """Read CIFAR-10 from its Python or binary release.

    Parameters
    ----------
    path : Path
        A folder or an archive. It holds, directly or in a folder of any name, ``data_batch_1`` …
        ``data_batch_5``, ``test_batch`` and ``batches.meta`` (the release for Python), or
        ``data_batch_1.bin`` … ``data_batch_5.bin``, ``test_batch.bin`` and ``batches.meta.txt``.

    Returns
    -------
    Original
        Pictures of shape (n, 32, 32, 3), labels 0 to 9, and the names of the classes.

    Raises
    ------
    InputError
        If files are missing or damaged, or a pickle asks for anything but arrays.

    References
    ----------
    A. Krizhevsky. Learning Multiple Layers of Features from Tiny Images. 2009.
    """
    return _read(path, _CIFAR10)


def read_cifar100(path: Path) -> Original:
    """Read CIFAR-100 with its fine labels from its Python or binary release.

    Parameters
    ----------
    path : Path
        A folder or an archive. It holds, directly or in a folder of any name, ``train``, ``test``
        and ``meta`` (the release for Python), or ``train.bin``, ``test.bin`` and
        ``fine_label_names.txt``.

    Returns
    -------
    Original
        Pictures of shape (n, 32, 32, 3), labels 0 to 99, and the names of the classes.

    Raises
    ------
    InputError
        If files are missing or damaged, or a pickle asks for anything but arrays.

    References
    ----------
    A. Krizhevsky. Learning Multiple Layers of Features from Tiny Images. 2009.
    """
    return _read(path, _CIFAR100)


def _read(path: Path, releases: tuple[_Release, ...]) -> Original:
    files = named_files(path, {name for release in releases for name in release.files})
    started = [release for release in releases if not files.keys().isdisjoint(release.files)]
    complete = [release for release in started if files.keys() >= set(release.files)]
    release = [*complete, *started, *releases][0]
    check_complete(path, files, release.files)
    names = _class_names(files[release.names], release, f"{release.names} in {path}")
    parts = {}
    for name in (*release.train, release.test):
        # Each content is set free once its pictures are made.
        parts[name] = _batch(files.pop(name), release, range(len(names)), f"{name} in {path}")
    X_train, y_train = (
        np.concatenate([parts[name][place] for name in release.train]) for place in (0, 1)
    )
    return Original(X_train, y_train, *parts[release.test], names)


def _class_names(content: bytes, release: _Release, place: str) -> tuple[str, ...]:
    if release.n_labels:
        names: Any = content.split()
    else:
        names = read_pickle(content, place).get(release.names_key)
    if not isinstance(names, list) or not names:
        raise InputError(f"{place} holds no list of class names; fetch it again.")
    try:
        return tuple(name.decode() if isinstance(name, bytes) else str(name) for name in names)
    except UnicodeDecodeError as error:
        raise InputError(f"{place} holds class names that are no text ({error}).") from error


def _batch(
    content: bytes, release: _Release, allowed: range, place: str
) -> tuple[np.ndarray, np.ndarray]:
    if not release.n_labels:
        batch = read_pickle(content, place)
        return labelled_planes(batch.get("data"), batch.get(release.label_key), allowed, place)
    width = release.n_labels + ROW
    if not content or len(content) % width:
        raise InputError(
            f"{place} is cut short: it holds {len(content)} bytes, which is no multiple of the "
            f"{width} bytes of a picture and its labels. Fetch it again."
        )
    rows = np.frombuffer(content, np.uint8).reshape(-1, width)
    return labelled_planes(
        rows[:, release.n_labels :], rows[:, release.n_labels - 1], allowed, place
    )
