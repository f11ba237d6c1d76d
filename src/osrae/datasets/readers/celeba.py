"""CelebA's faces by the colour of their hair."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np

from osrae.data.archives import entries
from osrae.datasets.original import Original
from osrae.datasets.readers.squares import SIDE, small_square
from osrae.errors import InputError

__all__ = ["read_celeba"]

_HAIR = ("Black_Hair", "Brown_Hair", "Blond_Hair", "Gray_Hair", "Bald")
_NAMES = ("black", "brown", "blond", "gray", "bald")
_PICTURES = "img_align_celeba"
_ATTRIBUTES = ("list_attr_celeba.txt", "list_attr_celeba.csv")
_PARTITION = ("list_eval_partition.txt", "list_eval_partition.csv")
#: Folders of the original distribution; others have all in one.
_FOLDERS = ("", "Anno", "Eval", "Img")
#: Last number of the public training part.
_LAST_TRAINING = 162_770
#: Test faces that each class has at least.
_LEAST_TEST = 1000


def read_celeba(path: Path) -> Original:
    """Read the faces of CelebA that have exactly one of five kinds of hair.

    The square of 178 × 178 pixels in the middle of each aligned picture is shrunk to 32 × 32
    pixels, see `osrae.datasets.readers.squares.small_square`.

    The public validation and test partitions together are the test part. They have fewer than
    1,000 bald faces, and the paper tests on 1,000 of each class. So a class with fewer is filled
    up to 1,000 by the last faces (by number) of the public training partition, and the training
    part does not have these.

    Parameters
    ----------
    path : Path
        A folder, or an archive of it. It holds ``list_attr_celeba.txt`` (or ``.csv``, as on
        Kaggle) and the pictures, in ``img_align_celeba/`` or ``img_align_celeba.zip``; with
        ``list_eval_partition.txt`` (or ``.csv``), this decides about the public partitions,
        otherwise the public numbers do (training up to 162770). In a folder, they may lie in
        ``Anno``, ``Eval`` and ``Img``.

    Returns
    -------
    Original
        Pictures of shape (n, 32, 32, 3) in the order of their numbers; labels 0 (black), 1 (brown),
        2 (blond), 3 (gray), 4 (bald).

    Raises
    ------
    InputError
        If files or pictures are missing, or a file is damaged.

    References
    ----------
    Z. Liu, P. Luo, X. Wang, X. Tang. Deep Learning Face Attributes in the Wild. ICCV 2015.
    """
    lists = _lists(path)
    labels = _hair(lists, path)
    files = sorted(labels, key=_number)
    y = np.array([labels[file] for file in files], np.int64)
    is_test = _test_part(y, _is_public_test(lists, files, path))
    X = _pictures(path, files)
    return Original(X[~is_test], y[~is_test], X[is_test], y[is_test], _NAMES)


def _number(file: str) -> int:
    digits = re.fullmatch(r"(\d{1,9})\.jpg", file)
    if digits is None:
        raise InputError(
            f"CelebA's lists name the picture {file!r}; expected 000001.jpg and so on."
        )
    return int(digits[1])


def _lists(path: Path) -> dict[str, str]:
    """Return the content of each list by its name."""
    wanted = (*_ATTRIBUTES, *_PARTITION)
    if path.is_dir():
        files = [path / folder / name for folder in _FOLDERS for name in wanted]
        contents = {file.name: file.read_bytes() for file in files if file.is_file()}
    else:
        members = entries(path, lambda name: name.rpartition("/")[2] in wanted)
        contents = {
            name.rpartition("/")[2]: content for name, content in members if content is not None
        }
    return {name: content.decode(errors="replace") for name, content in contents.items()}


def _table(lists: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, Iterator[list[str]]]:
    """Return the name of the first list that is there, or none, and its rows, cut into words."""
    for name in names:
        if name in lists:
            between = "," if name.endswith(".csv") else None
            lines = lists[name].splitlines()
            return name, (line.split(between) for line in lines if line.strip())
    return "", iter(())


def _hair(lists: Mapping[str, str], path: Path) -> dict[str, int]:
    """Return the class of each file that has exactly one."""
    name, rows = _table(lists, _ATTRIBUTES)
    if not name:
        raise InputError(f"{path} has none of {', '.join(_ATTRIBUTES)}. Add it to the pictures.")
    header = next((row for row in rows if set(_HAIR) <= set(row)), None)
    if header is None:
        raise InputError(f"{name} in {path} has no line that names {', '.join(_HAIR)}.")
    # The text has no word for the column of files.
    shift = 0 if name.endswith(".csv") else 1
    places = [header.index(hair) + shift for hair in _HAIR]
    labels = {}
    for row in rows:
        if len(row) != len(header) + shift:
            raise InputError(
                f"{name} in {path} is damaged: the line of {row[0]} has {len(row)} entries, and "
                f"{len(header) + shift} are expected. Fetch it again."
            )
        present = [label for label, place in enumerate(places) if row[place].strip() == "1"]
        if len(present) == 1:
            labels[row[0].strip()] = present[0]
    if not labels:
        raise InputError(f"{name} in {path} lists no face with one kind of hair. Fetch it again.")
    return labels


def _is_public_test(lists: Mapping[str, str], files: list[str], path: Path) -> np.ndarray:
    name, rows = _table(lists, _PARTITION)
    if not name:
        return np.array([_number(file) > _LAST_TRAINING for file in files])
    partition = {row[0].strip(): row[-1].strip() for row in rows if len(row) == 2}
    for file in files:
        if partition.get(file) not in ("0", "1", "2"):
            raise InputError(
                f"{name} in {path} has {partition.get(file)!r} for {file}; expected 0 (training), "
                "1 (validation) or 2 (test). Fetch it again."
            )
    return np.array([partition[file] != "0" for file in files])


def _test_part(y: np.ndarray, is_public: np.ndarray) -> np.ndarray:
    is_test = is_public.copy()
    for label in range(len(_HAIR)):
        missing = _LEAST_TEST - np.count_nonzero(is_public & (y == label))
        if missing > 0:
            is_test[np.flatnonzero(~is_public & (y == label))[-missing:]] = True
    return is_test


def _pictures(path: Path, files: list[str]) -> np.ndarray:
    source = _source(path)
    rows = {f"{_PICTURES}/{file}": row for row, file in enumerate(files)}
    _check_pictures(source, rows)
    X = np.empty((len(files), SIDE, SIDE, 3), np.uint8)
    for name, content in entries(source, lambda name: _last_two(name) in rows):
        if content is not None:
            X[rows[_last_two(name)]] = small_square(content, f"{name} in {source}")
    return X


def _last_two(name: str) -> str:
    return "/".join(name.split("/")[-2:])


def _check_pictures(source: Path, expected: Collection[str]) -> None:
    """Look for all pictures by their names before minutes go into decoding."""
    there = {_last_two(name) for name, _ in entries(source, lambda name: False)}
    missing = [name for name in expected if name not in there]
    if missing:
        raise InputError(
            f"{source} lacks {len(missing)} of {len(expected)} pictures, the first of them "
            f"{missing[0]}. Fetch the pictures again."
        )


def _source(path: Path) -> Path:
    """Return the folder or archive that has the pictures in a folder of their name."""
    for folder in _FOLDERS if path.is_dir() else ():
        place = path / folder
        if (place / _PICTURES).is_dir():
            return place
        if (place / f"{_PICTURES}.zip").is_file():
            return place / f"{_PICTURES}.zip"
    return path
