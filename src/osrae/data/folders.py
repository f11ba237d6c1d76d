"""Folders and archives of pictures: ``DATA/<class>/**/*.png`` ↔ arrays and labels."""

from __future__ import annotations

import csv
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from osrae.data.archives import Wanted, entries, path_parts
from osrae.data.picture_files import decode_picture, encode_picture, stack_pictures
from osrae.data.pictures import LEAST_SIZE, read_format
from osrae.errors import InputError
from osrae.storage import atomic_folder, explain_os_errors

__all__ = ["PICTURES", "PictureFolder", "read_folder", "write_folder"]

#: What folders are called that are no classes, if all of them are.
_PARTS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})

#: How names of pictures end.
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_MANIFEST = "manifest.csv"
_MANIFEST_COLUMNS = ("file", "label", "synthetic")
#: The folder of the label "": "∅" percent-encoded, a name that no other label gets.
_NO_NAME = "%E2%88%85"
#: Longest name that file systems take, in bytes.
_LONGEST_NAME = 255


@dataclass(frozen=True)
class PictureFolder:
    """Pictures of one size, read from a folder or an archive.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, h, w), (n, h, w, 3) or (n, h, w, 4)
        Grey, colour, or colour and opacity.
    labels : ndarray of str, shape (n,)
        The class of each picture; of shape (0,) if it was read without labels.
    files : list of str
        The path of each picture below the folder, or inside the archive, sorted.
    """

    pictures: np.ndarray
    labels: np.ndarray
    files: list[str]


def read_folder(
    path: str | os.PathLike[str],
    *,
    size: tuple[int, int] | None = None,
    labelled: bool = True,
    subfolder: str | None = None,
) -> PictureFolder:
    """Read ``DATA/<class>/**/*.png`` (also JPEG, BMP, GIF, WebP, TIFF).

    The class of a picture is the first folder below the root. Hidden files, other files and, in
    archives, links and names that lead out of the archive are ignored. All pictures are grey if
    every one is; otherwise all have colour, and also opacity if any picture has it. 16-bit grey
    is scaled to 8 bits, the EXIF orientation is applied, and of animations the first picture is
    used.

    Parameters
    ----------
    path : path-like
        A directory, or a .zip, .tar, .tar.gz, .tgz, .tar.xz or .tar.bz2. If all lies in one top
        folder that itself holds no picture, it is read from that folder on.
    size : (height, width) or None
        Resize every picture; without it, all must have the same size. At least 8 × 8.
    labelled : bool
        Whether folders name classes. If not, all pictures are read however they are nested.
    subfolder : str or None
        Read only this folder (``"train"``) of the directory or archive; also below its single top
        folder.

    Returns
    -------
    PictureFolder

    Raises
    ------
    InputError
        If ``path`` is neither, is damaged or holds no pictures; if a file cannot be decoded or
        differs in size; if a picture lies in no class folder, or a class folder holds none; if
        folders are named after parts of a data set (train, test) in place of classes.
    """
    path = Path(path)
    _check_wanted_size(size)
    inside = "/".join(path_parts(subfolder)) if subfolder else ""
    names: list[str] = []
    decoded: dict[str, np.ndarray] = {}
    for name, data in entries(path, _pictures_below(inside)):
        names.append(name)
        if data is None:
            continue
        picture = decode_picture(data, f"{name} in {path}", size)
        _check_picture_size(picture, name, decoded, path)
        # An archive may hold a name twice; as when it is unpacked, the last one counts.
        decoded[name] = picture
    root = _root(path, names, decoded, inside)
    files = sorted(name for name in decoded if name.startswith(root))
    if not files:
        raise InputError(
            f"No picture found in {_place(path, root)}; expected files ending in "
            f"{', '.join(PICTURES)}. Check the path."
        )
    labels = _labels(path, root, files, names) if labelled else []
    return PictureFolder(
        stack_pictures([decoded.pop(file) for file in files]), np.array(labels, str), files
    )


def _pictures_below(inside: str) -> Wanted:
    def wanted(name: str) -> bool:
        if not name.lower().endswith(PICTURES):
            return False
        # Whether an archive has a single top folder is known only once it is read.
        return not inside or any(
            start.startswith(f"{inside}/") for start in (name, name.partition("/")[2])
        )

    return wanted


def _check_wanted_size(size: tuple[int, int] | None) -> None:
    if size is not None and (len(size) != 2 or min(size) < LEAST_SIZE):
        raise InputError(
            f"size={size} must be (height, width) of at least {LEAST_SIZE} × {LEAST_SIZE} pixels."
        )


def _check_picture_size(
    picture: np.ndarray, name: str, earlier: dict[str, np.ndarray], path: Path
) -> None:
    """Check on the way, so that no large folder is decoded before its second file is refused."""
    height, width = picture.shape[:2]
    if min(height, width) < LEAST_SIZE:
        raise InputError(
            f"{name} in {path} is {height} × {width} pixels; at least {LEAST_SIZE} × "
            f"{LEAST_SIZE} are needed. Enlarge all with size=(height, width) (on the command "
            "line: --size HxW)."
        )
    first = next(iter(earlier), name)
    expected = earlier.get(first, picture).shape[:2]
    if (height, width) != expected:
        raise InputError(
            f"{name} in {path} is {height} × {width} pixels (height × width), and {first} is "
            f"{expected[0]} × {expected[1]}; all must have the same size. To resize them, pass "
            "size=(height, width) (on the command line: --size HxW)."
        )


def _place(path: Path, root: str) -> str:
    return f"{root.rstrip('/')} of {path}" if root else f"{path}"


# --- What lies where ------------------------------------------------------------------------------


def _root(path: Path, names: Iterable[str], pictures: Iterable[str], inside: str) -> str:
    """Return the folder whose folders are the classes, as ``""`` or with a final slash."""
    tops = sorted({name.split("/")[0] for name in names if "/" in name})
    top = f"{tops[0]}/" if len(tops) == 1 else ""
    if inside:
        for root in (f"{inside}/", f"{top}{inside}/"):
            if any(name.startswith(root) for name in names):
                return root
        raise InputError(
            f"{path} has no folder {inside}; it has {', '.join(tops[:20]) or 'no folders'}. "
            "Choose one of these as subfolder, or none."
        )
    holds_only_folders = all(name.count("/") >= 2 for name in pictures)
    return top if holds_only_folders else ""


def _labels(path: Path, root: str, files: list[str], names: list[str]) -> list[str]:
    """Return the class of each file.

    Raises
    ------
    InputError
        If a picture has no class, or a class no picture.
    """
    below = [file.removeprefix(root) for file in files]
    loose = [file for file in below if "/" not in file]
    if loose:
        raise InputError(
            f"{loose[0]} lies directly in {_place(path, root)}; expected each picture in a folder "
            f"named after its class (<class>/{loose[0]}). Move it there; to read pictures without "
            "classes, pass labelled=False."
        )
    labels = [file.split("/")[0] for file in below]
    tops = sorted(set(labels))
    nested = all(file.count("/") >= 2 for file in below)
    if nested and len(tops) > 1 and _PARTS.issuperset(top.lower() for top in tops):
        raise InputError(
            f"{_place(path, root)} has the folders {', '.join(tops)}, which are parts of a data "
            f"set and no classes. Name one of them, {path / root / tops[-1]} (an archive has to be "
            f"unpacked for that), or pass subfolder={root + tops[-1]!r}."
        )
    rest = (name.removeprefix(root) for name in names if name.startswith(root))
    empty = sorted({name.split("/")[0] for name in rest if "/" in name} - set(labels))
    if empty:
        raise InputError(
            f"Class folders of {_place(path, root)} without a picture: {', '.join(empty[:20])}. "
            "Put pictures there or remove them."
        )
    return labels


# --- Writing --------------------------------------------------------------------------------------


def write_folder(
    path: str | os.PathLike[str],
    pictures: np.ndarray,
    labels: Sequence[Any] | np.ndarray,
    *,
    synthetic: np.ndarray,
    sources: Sequence[str] | None,
    columns: dict[str, list[Any]] | None = None,
) -> None:
    """Write ``path/<class>/<name>.png`` and ``path/manifest.csv``, all of it or nothing.

    Characters of a class that make no good folder name are percent-encoded in the name of its
    folder; the manifest has the class as it is.

    Parameters
    ----------
    path : path-like
        The folder to make; an existing one must be empty.
    pictures : ndarray of shape (n, h, w) or (n, h, w, c), uint8 or float from 0 to 1
    labels : sequence of length n
    synthetic : ndarray of bool, shape (n,)
        Which pictures are new; they are named ``synthetic-000001.png`` and so on.
    sources : sequence of str or None
        ``sources[i]`` is the file that picture ``i`` came from, and it keeps that name (without
        folder and suffix, numbered if needed); not used of new ones, so it may end before them.
        Without it the others are named ``original-000001.png`` and so on.
    columns : dict of lists or None
        Further columns of the manifest, after ``file``, ``label`` and ``synthetic``.

    Raises
    ------
    InputError
        If pictures, lengths or columns do not fit, the folder exists and is not empty, or it
        cannot be written.
    """
    path = Path(path)
    columns = columns or {}
    read_format(pictures)
    is_new = np.asarray(synthetic, dtype=bool)
    classes = [str(label) for label in labels]
    _check_rows(len(pictures), classes, is_new, sources, columns)
    files = _file_names(classes, is_new, sources)
    header = [*_MANIFEST_COLUMNS, *columns]
    rows = zip(files, classes, is_new.tolist(), *columns.values(), strict=True)
    with explain_os_errors(path), atomic_folder(path) as folder:
        for name in sorted({file.split("/")[0] for file in files}):
            (folder / name).mkdir()
        for file, picture in zip(files, pictures, strict=True):
            (folder / file).write_bytes(encode_picture(picture))
        # Names that are no UTF-8 come as surrogates; they are written as the bytes they were.
        with (folder / _MANIFEST).open(
            "w", encoding="utf-8", errors="surrogateescape", newline=""
        ) as manifest:
            csv.writer(manifest).writerows([header, *rows])


def _check_rows(
    n: int,
    classes: list[str],
    is_new: np.ndarray,
    sources: Sequence[str] | None,
    columns: dict[str, list[Any]],
) -> None:
    lengths = {"labels": len(classes), "synthetic": len(is_new)}
    lengths.update({f"column {name}": len(values) for name, values in columns.items()})
    for name, length in lengths.items():
        if length != n:
            raise InputError(
                f"{name} has {length} rows, and there are {n} pictures; pass one each."
            )
    taken = sorted(set(columns) & set(_MANIFEST_COLUMNS))
    if taken:
        raise InputError(f"The manifest has its own columns {', '.join(taken)}; rename yours.")
    originals = np.flatnonzero(~is_new)
    if sources is not None and len(originals) and len(sources) <= originals[-1]:
        raise InputError(
            f"sources has {len(sources)} files, and picture {originals[-1]} (from 0) is an "
            "original too; pass one file for each original picture."
        )


def _file_names(classes: list[str], is_new: np.ndarray, sources: Sequence[str] | None) -> list[str]:
    """Return ``folder/name.png`` of each picture, no two alike even where case is ignored."""
    folders = {label: _folder_name(label) for label in set(classes)}
    uses: dict[str, int] = {}
    counts = {"synthetic": 0, "original": 0}
    files = []
    for index, (label, new) in enumerate(zip(classes, is_new, strict=True)):
        if sources is not None and not new:
            stem = _encoded(PurePosixPath(sources[index]).stem)
        else:
            kind = "synthetic" if new else "original"
            counts[kind] += 1
            stem = f"{kind}-{counts[kind]:06d}"
        files.append(f"{_unused(f'{folders[label]}/{stem}', uses)}.png")
    return files


def _unused(name: str, uses: dict[str, int]) -> str:
    """Return ``name``, or ``name-2`` and so on, and note it in ``uses``."""
    free, key = name, name.casefold()
    while free.casefold() in uses:
        uses[key] += 1
        free = f"{name}-{uses[key]}"
    uses[free.casefold()] = 1
    return free


def _folder_name(label: str) -> str:
    name = _encoded(label) or _NO_NAME
    if name.casefold() == _MANIFEST:
        name = name.replace(".", "%2E")
    length = len(os.fsencode(name))
    if length > _LONGEST_NAME:
        raise InputError(
            f"The class {label[:40]!r}… makes a folder name of {length} bytes; at most "
            f"{_LONGEST_NAME} are possible. Shorten it."
        )
    return name


def _encoded(name: str) -> str:
    """Percent-encode what makes no good file name; different names stay different."""
    # A "%" that reads as an encoded character is one itself.
    found = re.finditer(r"[/\\]|^\.|[. ]+$|%(?=[0-9A-Fa-f]{2})", name)
    unsafe = {place for match in found for place in range(*match.span())}
    return "".join(
        _percent(character)
        if place in unsafe or unicodedata.category(character) == "Cc"
        else character
        for place, character in enumerate(name)
    )


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
