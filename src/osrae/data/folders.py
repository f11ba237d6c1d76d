"""Folders and archives of pictures: ``DATA/<class>/**/*.png`` ↔ arrays and labels."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import os
import re
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from osrae.data.pictures import read_format
from osrae.errors import InputError
from osrae.storage import atomic_folder, explain_os_errors

__all__ = ["PictureFolder", "read_folder", "write_folder"]

_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
#: No other of Pillow's readers is tried: some start programs (EPS), and all are open to attack.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
_TARS: dict[str, Callable[..., Any]] = {
    ".tar": open,
    ".tar.gz": gzip.open,
    ".tgz": gzip.open,
    ".tar.xz": lzma.open,
    ".tar.bz2": bz2.open,
}
_IGNORED = ("__macosx", "thumbs.db")
_LEAST_SIZE = 8
_ARCHIVE_ERRORS = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted zip, or one packed with an unknown method
)

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
        A directory, or a .zip, .tar, .tar.gz, .tgz, .tar.xz or .tar.bz2. An archive whose entries
        all lie in one top folder that itself holds no picture is read from that folder on.
    size : (height, width) or None
        Resize every picture; without it, all must have the same size. At least 8 × 8.
    labelled : bool
        Whether folders name classes. If not, all pictures are read however they are nested.
    subfolder : str or None
        Read only this folder (``"train"``) of the directory or archive; in an archive also below
        its single top folder.

    Returns
    -------
    PictureFolder

    Raises
    ------
    InputError
        If ``path`` is neither, is damaged or holds no pictures; if a file cannot be decoded or
        differs in size; if a picture lies in no class folder, or a class folder holds none.
    """
    path = Path(path)
    _check_wanted_size(size)
    inside = "/".join(_parts(subfolder)) if subfolder else ""
    names: list[str] = []
    decoded: dict[str, np.ndarray] = {}
    for name, data in _entries(path, inside):
        names.append(name)
        if data is None:
            continue
        picture = _decode(data, f"{name} in {path}", size)
        _check_picture_size(picture, name, decoded, path)
        # An archive may hold a name twice; as when it is unpacked, the last one counts.
        decoded[name] = picture
    root = _root(path, names, decoded, inside)
    files = sorted(name for name in decoded if name.startswith(root))
    if not files:
        raise InputError(
            f"No picture found in {_place(path, root)}; expected files ending in "
            f"{', '.join(_PICTURES)}. Check the path."
        )
    labels = _labels(path, root, files, names) if labelled else []
    return PictureFolder(
        _stack([decoded.pop(file) for file in files]), np.array(labels, str), files
    )


def _check_wanted_size(size: tuple[int, int] | None) -> None:
    if size is not None and (len(size) != 2 or min(size) < _LEAST_SIZE):
        raise InputError(
            f"size={size} must be (height, width) of at least {_LEAST_SIZE} × {_LEAST_SIZE} pixels."
        )


def _check_picture_size(
    picture: np.ndarray, name: str, earlier: dict[str, np.ndarray], path: Path
) -> None:
    """Check on the way, so that no large folder is decoded before its second file is refused."""
    height, width = picture.shape[:2]
    if min(height, width) < _LEAST_SIZE:
        raise InputError(
            f"{name} in {path} is {height} × {width} pixels; at least {_LEAST_SIZE} × "
            f"{_LEAST_SIZE} are needed. Enlarge all with size=(height, width) (on the command "
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


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in ("", ".")]


# --- What lies where ------------------------------------------------------------------------------


def _root(path: Path, names: Iterable[str], pictures: Iterable[str], inside: str) -> str:
    """Return the folder whose folders are the classes, as ``""`` or with a final slash."""
    tops = sorted({name.split("/")[0] for name in names if "/" in name})
    top = f"{tops[0]}/" if len(tops) == 1 and not path.is_dir() else ""
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
    rest = (name.removeprefix(root) for name in names if name.startswith(root))
    empty = sorted({name.split("/")[0] for name in rest if "/" in name} - set(labels))
    if empty:
        raise InputError(
            f"Class folders of {_place(path, root)} without a picture: {', '.join(empty[:20])}. "
            "Put pictures there or remove them."
        )
    return labels


# --- Names and bytes ------------------------------------------------------------------------------


def _entries(path: Path, inside: str) -> Iterator[tuple[str, bytes | None]]:
    """Yield visible folders (``name/``) and files, with the bytes of pictures below ``inside``."""
    if os.path.isdir(path):
        return _read_directory(path, inside)
    if not os.path.exists(path):
        raise InputError(f"{path} does not exist; expected a folder or archive of pictures.")
    name = path.name.lower()
    if name.endswith(".zip"):
        return _explained(path, _read_zip(path, inside))
    for suffix, opener in _TARS.items():
        if name.endswith(suffix):
            return _explained(path, _read_tar(path, opener, inside))
    raise InputError(
        f"{path} is neither a folder nor an archive of pictures (.zip, {', '.join(_TARS)}). "
        "Pass one of these."
    )


def _is_wanted(name: str, inside: str) -> bool:
    if not name.lower().endswith(_PICTURES):
        return False
    # Whether an archive has a single top folder is known only once it is read.
    return not inside or any(
        start.startswith(f"{inside}/") for start in (name, name.partition("/")[2])
    )


def _is_visible(name: str) -> bool:
    return not any(
        part.startswith(".") or part.lower() in _IGNORED for part in name.rstrip("/").split("/")
    )


def _read_directory(path: Path, inside: str) -> Iterator[tuple[str, bytes | None]]:
    for name in sorted(_walk(path, "", frozenset())):
        try:
            yield name, (path / name).read_bytes() if _is_wanted(name, inside) else None
        except OSError as error:
            raise InputError(
                f"{name} in {path} cannot be read ({error.strerror}). Check its permissions."
            ) from error


def _walk(folder: Path, prefix: str, above: frozenset[str]) -> Iterator[str]:
    """Yield the names in ``folder``, following links except those back to a folder above."""
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be read ({error.strerror}). Check its permissions."
        ) from error
    for entry in entries:
        name = f"{prefix}{entry.name}"
        if not _is_visible(entry.name):
            continue
        if entry.is_dir():
            yield f"{name}/"
            yield from _walk(folder / entry.name, f"{name}/", above | {real})
        elif entry.is_file():
            yield name


def _explained(
    path: Path, entries: Iterator[tuple[str, bytes | None]]
) -> Iterator[tuple[str, bytes | None]]:
    try:
        yield from entries
    except _ARCHIVE_ERRORS as error:
        raise InputError(
            f"The archive {path} cannot be read ({error}); it is damaged, cut short, encrypted or "
            "may not be opened. Copy or download it again, or unpack it and pass the folder."
        ) from error


def _member_name(name: str, is_folder: bool) -> str | None:
    """Return the plain name of a member, None if it is hidden or leads out of the archive."""
    parts = _parts(name)
    if name.startswith("/") or ".." in parts or not parts:
        return None
    plain = "/".join(parts)
    return (f"{plain}/" if is_folder else plain) if _is_visible(plain) else None


def _read_zip(path: Path, inside: str) -> Iterator[tuple[str, bytes | None]]:
    with zipfile.ZipFile(path) as archive:
        members = []
        for info in archive.infolist():
            # Zero: written on a system that has no such types.
            kind = stat.S_IFMT(info.external_attr >> 16)
            # Some programs write the separator of Windows, against the format.
            name = _member_name(info.filename.replace("\\", "/"), info.is_dir())
            if name is not None and kind in (0, stat.S_IFREG, stat.S_IFDIR):
                members.append((name, info))
        for name, info in sorted(members, key=lambda member: member[0]):
            yield name, archive.read(info) if _is_wanted(name, inside) else None


class _StrictTarInfo(tarfile.TarInfo):
    """Members of archives whose end is marked: tarfile takes a damaged header for the end."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _StrictTarInfo:
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"{error} before the end mark") from error


def _read_tar(
    path: Path, opener: Callable[..., Any], inside: str
) -> Iterator[tuple[str, bytes | None]]:
    """Read from front to back, once: seeking in compressed archives means starting again."""
    with (
        opener(path, "rb") as file,
        tarfile.open(fileobj=file, mode="r|", tarinfo=_StrictTarInfo) as archive,
    ):
        for member in archive:
            name = _member_name(member.name, member.isdir())
            if name is None or not (member.isreg() or member.isdir()):
                continue
            content = archive.extractfile(member) if _is_wanted(name, inside) else None
            yield name, None if content is None else content.read()
        while file.read(1 << 20):  # the checksum comes last
            pass


# --- Pixels ---------------------------------------------------------------------------------------


def _decode(data: bytes, name: str, size: tuple[int, int] | None) -> np.ndarray:
    """Return one picture as grey (h, w), colour (h, w, 3), or with opacity (h, w, 4)."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.mode in ("I", "F"):
                raise InputError(
                    f"{name} has 32 bits per pixel; expected 8 or 16. Convert it to 8 bits."
                )
            ImageOps.exif_transpose(image, in_place=True)
            picture = _as_bytes(image)
            if size is not None and picture.size != (size[1], size[0]):
                picture = picture.resize((size[1], size[0]), Image.Resampling.BICUBIC)
            return np.asarray(picture)
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(f"{name} is too large ({error}). Make it smaller or remove it.") from error
    # Damaged bytes make Pillow's readers fail in every way: OSError, SyntaxError, struct.error …
    except Exception as error:
        raise InputError(
            f"{name} cannot be decoded ({error}); expected a whole PNG, JPEG, BMP, GIF, WebP or "
            "TIFF. Replace or remove it."
        ) from error


def _as_bytes(image: Image.Image) -> Image.Image:
    """Bring any mode to L, RGB or RGBA."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((values + 128) // 257).astype(np.uint8))  # 65535 is 255 · 257
    wanted = "L" if image.mode in ("1", "L") else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def _stack(pictures: list[np.ndarray]) -> np.ndarray:
    """Bring all to the channels that any of them needs; ``pictures`` is emptied on the way."""
    channels = max(picture.shape[2] if picture.ndim == 3 else 1 for picture in pictures)
    size = pictures[0].shape[:2]
    shape = (len(pictures), *size) if channels == 1 else (len(pictures), *size, channels)
    stacked = np.empty(shape, np.uint8)
    for index in reversed(range(len(pictures))):
        picture = pictures.pop()  # its memory is free before the next one is copied
        if channels == 1:
            stacked[index] = picture
            continue
        colour = picture[:, :, None] if picture.ndim == 2 else picture
        stacked[index, :, :, :3] = colour[:, :, :3]
        if channels == 4:
            stacked[index, :, :, 3] = colour[:, :, 3] if colour.shape[2] == 4 else 255
    return stacked


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
            (folder / file).write_bytes(_png(picture))
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


def _png(picture: np.ndarray) -> bytes:
    if picture.dtype != np.uint8:
        picture = np.rint(picture.astype(np.float64) * 255).astype(np.uint8)
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[:, :, 0]
    # Written by Pillow itself, a full disk may come as an error without its reason.
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "PNG")
    return buffer.getvalue()
