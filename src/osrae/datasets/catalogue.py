"""Data sets by name: which there are, and loading them whole or split as the paper splits them."""

from __future__ import annotations

import difflib
from pathlib import Path

import numpy as np

from osrae.datasets.collection import PREFIX, collection_entry, collection_names
from osrae.datasets.download import fetch
from osrae.datasets.entries import ENTRIES
from osrae.datasets.original import Original
from osrae.datasets.registry import Entry, cache_folder, find, require
from osrae.datasets.splits import Split, draw_split, stratified_split
from osrae.errors import InputError

__all__ = ["available", "describe", "download_dataset", "load_original", "load_split"]


def available(collection: bool = False) -> tuple[str, ...]:
    """Return the names of the data sets.

    Parameters
    ----------
    collection : bool
        Also those of the KEEL and UCI tables, as far as their package is installed.
    """
    return (*ENTRIES, *(collection_names() if collection else ()))


def describe(name: str) -> Entry:
    """Return what is known of a data set: shape, citation, licence, where it can be had.

    Parameters
    ----------
    name : str
        One of `available`; capitals, hyphens and underscores make no difference.

    Raises
    ------
    InputError
        If the name is unknown; the message names the likeliest ones.
    """
    if name.startswith(PREFIX):
        return collection_entry(name)
    entry = {_plain(known): entry for known, entry in ENTRIES.items()}.get(_plain(name))
    if entry is None:
        close = difflib.get_close_matches(name, available(collection=True), n=3)
        guess = f" Did you mean {' or '.join(close)}?" if close else ""
        raise InputError(
            f"The data set {name!r} is unknown.{guess} There are {', '.join(ENTRIES)}, and the "
            f"tables of the collection, {PREFIX}…"
        )
    return entry


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def download_dataset(name: str, *, progress: bool = True) -> Path:
    """Download a data set to the user's cache, as far as it is not there.

    Returns
    -------
    Path
        The folder that holds its files.

    Raises
    ------
    InputError
        If it cannot be downloaded (it needs a licence agreement, or there is no network); the
        message says how to get it by hand.
    """
    entry = describe(name)
    if not entry.remotes:
        raise InputError(f"{entry.title} cannot be downloaded by a program. {entry.manual}".strip())
    folder = cache_folder() / entry.folders[0]
    for remote in entry.remotes:
        fetch(remote, folder, progress=progress)
    return folder


def load_original(
    name: str, folder: Path | str | None = None, *, download: bool = True
) -> Original:
    """Load a data set as its makers give it.

    Looked for are, in this order: ``folder`` (and if it is given, nothing else), the folder that
    the environment variable ``OSRAE_DATA`` names, ``../shared/data``, the user's cache,
    scikit-learn's data home, and the web.

    Parameters
    ----------
    name : str
        One of `available`.
    folder : Path, str or None
        The folder that holds the files, the one file that the data consist of, or a folder that
        holds a folder for each data set. Data that come with a package need none.
    download : bool
        Whether it may be downloaded if it is not on this machine.

    Raises
    ------
    InputError
        If the name is unknown, or the data are not there, cannot be fetched, or are damaged.
    """
    entry = describe(name)
    if entry.bundled is not None:
        return entry.bundled()
    place = None if folder is None else Path(folder)
    if download and place is None and entry.remotes and find(entry) is None:
        download_dataset(name)
    found = require(entry, place)
    original = found.read()
    _check(entry, original, found.path)
    return original


def _check(entry: Entry, original: Original, path: Path) -> None:
    """Refuse the files of another data set."""
    shape, n_classes = original.X_train.shape[1:], len(np.unique(original.y_train))
    if (shape, n_classes) != (entry.shape, entry.n_classes):
        raise InputError(
            f"{path} holds {n_classes} classes of samples of shape {shape}; {entry.title} has "
            f"{entry.n_classes} of shape {entry.shape}. These are files of another data set."
        )


def load_split(
    name: str, folder: Path | str | None = None, seed: int = 0, *, download: bool = True
) -> Split:
    """Load a data set with rare classes, split for training and tests.

    Data that have a class distribution of the paper (Tables 7 to 9) get it; tables are imbalanced
    by nature and get a stratified test part.

    Parameters
    ----------
    name, folder, download
        As for `load_original`.
    seed : int
        At least 0; the same seed is the same split everywhere.

    Raises
    ------
    InputError
        As `load_original`, or if a class has fewer samples than its distribution asks for.
    """
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed={seed!r}: expected a whole number, at least 0.")
    original = load_original(name, folder, download=download)
    distribution = describe(name).distribution
    rng = np.random.default_rng([seed, 2023])
    if distribution is None:
        return stratified_split(original, rng)
    return draw_split(original, distribution, rng)
