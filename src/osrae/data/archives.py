"""Names and bytes of the pictures in a folder or an archive; nothing is unpacked to disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from osrae.errors import InputError

__all__ = ["PICTURES", "entries", "path_parts"]

#: How names of pictures end.
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_TARS: dict[str, Callable[..., Any]] = {
    ".tar": open,
    ".tar.gz": gzip.open,
    ".tgz": gzip.open,
    ".tar.xz": lzma.open,
    ".tar.bz2": bz2.open,
}
_IGNORED = ("__macosx", "thumbs.db")
_ARCHIVE_ERRORS = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted zip, or one packed with an unknown method
)


def path_parts(name: str) -> list[str]:
    """Return the parts of a path in an archive."""
    return [part for part in name.split("/") if part not in ("", ".")]


def entries(path: Path, inside: str) -> Iterator[tuple[str, bytes | None]]:
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
    if not name.lower().endswith(PICTURES):
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
    parts = path_parts(name)
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
