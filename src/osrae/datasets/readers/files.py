"""The few files of a data set, from a folder or an archive."""

from __future__ import annotations

import io
import os
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from osrae.data.archives import entries, read_file, zip_entries
from osrae.errors import InputError

__all__ = ["check_complete", "named_files", "npz_arrays"]


def named_files(path: Path, names: Collection[str]) -> dict[str, bytes]:
    """Read the files of these names that lie in a folder or archive, or in a folder directly in it.

    Parameters
    ----------
    path : Path
        A folder, an archive, or itself a file of one of the names, which is then the only one.
    names : collection of str

    Returns
    -------
    dict of bytes
        By name; what is not there is left out.

    Raises
    ------
    InputError
        If a file lies in two places, or ``path`` cannot be read.
    """
    if path.name in names and path.is_file():
        return {path.name: read_file(path)}

    def wanted(name: str) -> bool:
        return name.count("/") <= 1 and os.path.basename(name) in names

    found: dict[str, bytes] = {}
    places: dict[str, str] = {}
    for place, content in entries(path, wanted):
        if content is None:
            continue
        name = os.path.basename(place)
        if places.setdefault(name, place) != place:
            raise InputError(
                f"{path} holds {name} twice ({places[name]} and {place}); pass the folder of one."
            )
        found[name] = content
    return found


def check_complete(path: Path, found: Collection[str], expected: Collection[str]) -> None:
    """Raise an InputError that names the files that are missing, if any are."""
    missing = [name for name in expected if name not in found]
    if missing:
        raise InputError(
            f"{path} has no {', '.join(missing)}; expected {', '.join(expected)}. Check the path, "
            "or fetch the data set again."
        )


def npz_arrays(content: bytes, place: str, keys: Collection[str]) -> Mapping[str, np.ndarray]:
    """Read arrays of plain numbers from the bytes of an ``.npz`` file; no object is unpickled.

    Raises
    ------
    InputError
        If it is damaged, lacks an array, or holds objects; ``place`` names it.
    """
    files = {f"{key}.npy": key for key in keys}
    arrays: dict[str, np.ndarray] = {}
    for name, member in zip_entries(io.BytesIO(content), place, files.__contains__):
        if member is None:
            continue
        try:
            array = np.lib.format.read_array(io.BytesIO(member), allow_pickle=False)
        # A hostile header makes this fail in many ways: ValueError, SyntaxError, MemoryError …
        except Exception as error:
            raise InputError(
                f"{name} in {place} cannot be read ({error}); fetch it again."
            ) from error
        arrays[files[name]] = array
    missing = [key for key in keys if key not in arrays]
    if missing:
        raise InputError(f"{place} has no array {', '.join(missing)}; fetch it again.")
    return arrays
