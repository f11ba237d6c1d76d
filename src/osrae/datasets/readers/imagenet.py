"""Some classes of ImageNet, from class folders or from the release at 32 × 32 pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from osrae.data.archives import entries
from osrae.datasets.original import Original
from osrae.datasets.readers.files import npz_arrays
from osrae.datasets.readers.pickles import read_pickle
from osrae.datasets.readers.planes import labelled_planes
from osrae.datasets.readers.squares import small_square
from osrae.errors import InputError

__all__ = ["IMAGENET100", "read_class_list", "read_imagenet"]

#: The 100 classes of Tian et al. (Contrastive Multiview Coding, ECCV 2020), a text file.
IMAGENET100 = Path(__file__).parents[1] / "imagenet100.txt"
_PICTURE = re.compile(r"(?:[^/]+/)?(train|val)/(n\d{8})/[^/]+\.jpe?g", re.IGNORECASE)
_BATCH = re.compile(r"(?:[^/]+/)?((?:train_data_batch_(?:[1-9]|10))|val_data)(\.npz)?")
_BATCHES = (*(f"train_data_batch_{number}" for number in range(1, 11)), "val_data")
_MAP = "map_clsloc.txt"
_ARCHIVES = "Imagenet32_*.zip"
_Part = tuple[np.ndarray, np.ndarray]


def read_imagenet(path: Path, class_list: Path = IMAGENET100) -> Original:
    """Read the pictures of some classes of ImageNet (ILSVRC 2012) at 32 × 32 pixels.

    Of the class folders, the square in the middle of each picture is shrunk, see
    `osrae.datasets.readers.squares.small_square`. The downsampled release shrank whole pictures
    to a square instead, so the two differ. The public validation part is the test part.

    Parameters
    ----------
    path : Path
        Either a folder or an archive with ``train/<wnid>/*.JPEG`` and ``val/<wnid>/*.JPEG``. Or a
        folder with the downsampled release: ``train_data_batch_1`` … ``train_data_batch_10`` and
        ``val_data``, as pickles or as ``.npz``, directly, in a folder, or in its two archives
        ``Imagenet32_train.zip`` and ``Imagenet32_val.zip`` (``…_npz.zip``). Its labels count the
        lines of ``map_clsloc.txt``, which is not the alphabetical order; this file must lie there
        too, or in a folder there. It comes with the scripts of the release
        (github.com/PatrykChrabaszcz/Imagenet32_Scripts) and with ImageNet's development kit.
    class_list : Path, default=IMAGENET100
        Names one class (``n01440764``) per line; the rest of a line after ``#`` is not read.

    Returns
    -------
    Original
        Pictures of shape (n, 32, 32, 3); label c is the class of line c of the list (from 0).

    Raises
    ------
    InputError
        If files, classes or the map are missing, or a file is damaged.

    References
    ----------
    O. Russakovsky et al. ImageNet Large Scale Visual Recognition Challenge. IJCV 115, 2015.
    P. Chrabaszcz, I. Loshchilov, F. Hutter. A Downsampled Variant of ImageNet as an Alternative to
    the CIFAR Datasets. arXiv:1707.08819, 2017.
    """
    wnids = read_class_list(class_list)
    map_path = _find_map(path)
    positions = None if map_path is None else _positions(map_path, wnids)
    pictures: dict[tuple[str, str, str], np.ndarray] = {}
    batches: dict[str, _Part] = {}
    for name, content, place in _members(path, frozenset(wnids)):
        folder, batch = _PICTURE.fullmatch(name), _BATCH.fullmatch(name)
        if folder:
            key = (folder[1].lower(), folder[2].lower(), name)
            pictures[key] = small_square(content, place)
        elif batch:
            if positions is None:
                raise InputError(
                    f"{_MAP} is neither in {path} nor in a folder there; without it the labels of "
                    f"{batch[0]} mean nothing. Fetch it from "
                    "github.com/PatrykChrabaszcz/Imagenet32_Scripts."
                )
            batches[batch[1]] = _batch(content, bool(batch[2]), positions, place)
    if pictures:
        parts = [_from_folders(pictures, part, wnids, path) for part in ("train", "val")]
    else:
        parts = _from_batches(batches, path)
    for part, (_, y) in zip(("training", "validation"), parts, strict=True):
        _check_classes(y, wnids, f"the {part} part of {path}")
    return Original(*parts[0], *parts[1], wnids)


def read_class_list(path: Path) -> tuple[str, ...]:
    """Read names of classes (wnids), one per line; the rest of a line after ``#`` is not read.

    Raises
    ------
    InputError
        If the file cannot be read, or holds anything else, a class twice, or none.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The class list {path} cannot be read ({error}).") from error
    wnids = tuple(wnid for line in lines if (wnid := line.partition("#")[0].strip()))
    strange = [wnid for wnid in wnids if not re.fullmatch(r"n\d{8}", wnid)]
    if strange or not wnids:
        raise InputError(
            f"The class list {path} holds {strange[0] if strange else 'no class'!r}; expected one "
            "name such as n01440764 per line."
        )
    if len(set(wnids)) < len(wnids):
        twice = next(wnid for wnid in wnids if wnids.count(wnid) > 1)
        raise InputError(f"The class list {path} names {twice} twice. Remove one.")
    return wnids


def _members(path: Path, wnids: frozenset[str]) -> Iterator[tuple[str, bytes, str]]:
    """Yield name, content and place of the wanted files of the path and of the archives in it."""

    def wanted(name: str) -> bool:
        folder = _PICTURE.fullmatch(name)
        return folder[2].lower() in wnids if folder else _BATCH.fullmatch(name) is not None

    archives = sorted(path.glob(_ARCHIVES)) if path.is_dir() else []
    for source in [path, *archives]:
        for name, content in entries(source, wanted):
            if content is not None:
                yield name, content, f"{name} in {source}"


def _from_folders(
    pictures: dict[tuple[str, str, str], np.ndarray], part: str, wnids: tuple[str, ...], path: Path
) -> _Part:
    """Stack the pictures of a part, by class and name; they are removed from ``pictures``."""
    labels = {wnid: label for label, wnid in enumerate(wnids)}
    keys = sorted(
        (key for key in pictures if key[0] == part), key=lambda key: (labels[key[1]], key)
    )
    if not keys:
        raise InputError(
            f"{path} has no picture {part}/<wnid>/*.JPEG of the listed classes. Pass what holds "
            "both train/ and val/, each with a folder per class."
        )
    X = np.empty((len(keys), *pictures[keys[0]].shape), np.uint8)
    for row, key in enumerate(keys):
        X[row] = pictures.pop(key)
    return X, np.array([labels[key[1]] for key in keys], np.int64)


def _from_batches(batches: dict[str, _Part], path: Path) -> list[_Part]:
    missing = [name for name in _BATCHES if name not in batches]
    if len(missing) == len(_BATCHES):
        raise InputError(
            f"{path} holds neither pictures train/<wnid>/*.JPEG of the listed classes nor the "
            "release at 32 × 32 pixels (train_data_batch_1 and so on). Check the path."
        )
    if missing:
        raise InputError(
            f"{path} lacks {', '.join(missing)} of the release at 32 × 32 pixels. Add them, or "
            "pass the folder that holds both of its archives."
        )
    X, y = (np.concatenate([batches[name][place] for name in _BATCHES[:-1]]) for place in (0, 1))
    return [(X, y), batches["val_data"]]


def _batch(content: bytes, is_npz: bool, positions: np.ndarray, place: str) -> _Part:
    """Return the pictures of the listed classes; ``positions[label]`` is -1 for all others."""
    batch = (
        npz_arrays(content, place, ("data", "labels")) if is_npz else read_pickle(content, place)
    )
    X, y = labelled_planes(batch.get("data"), batch.get("labels"), range(1, len(positions)), place)
    kept = positions[y] >= 0
    return X[kept], positions[y[kept]]


def _find_map(path: Path) -> Path | None:
    """Return the map in the folder or beside the archive, or in a folder there."""
    folder = path if path.is_dir() else path.parent
    found = [file for file in (folder / _MAP, *sorted(folder.glob(f"*/{_MAP}"))) if file.is_file()]
    return found[0] if found else None


def _positions(path: Path, wnids: tuple[str, ...]) -> np.ndarray:
    """Return the position in the class list for each label of the release, -1 if it has none."""
    try:
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line]
        labels = {row[0]: int(row[1]) for row in rows}
    except (OSError, ValueError, IndexError) as error:
        raise InputError(
            f"{path} cannot be read as lines such as 'n02119789 1 kit_fox' ({error})."
        ) from error
    if sorted(labels.values()) != list(range(1, len(labels) + 1)):
        raise InputError(
            f"{path} does not number its {len(labels)} classes from 1. Fetch it again."
        )
    unknown = [wnid for wnid in wnids if wnid not in labels]
    if unknown:
        raise InputError(f"{path} lacks the listed classes {', '.join(unknown[:5])}.")
    positions = np.full(len(labels) + 1, -1, np.int64)
    for position, wnid in enumerate(wnids):
        positions[labels[wnid]] = position
    return positions


def _check_classes(y: np.ndarray, wnids: tuple[str, ...], place: str) -> None:
    missing = [wnid for label, wnid in enumerate(wnids) if not np.any(y == label)]
    if missing:
        raise InputError(
            f"{place} has no picture of {len(missing)} of the {len(wnids)} listed classes "
            f"({', '.join(missing[:5])}). Fetch it again, or shorten the list."
        )
