"""Names and bytes of the files in a folder or an archive; nothing is unpacked to disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from osrae.errors import InputError

__all__ = ["Wanted", "entries", "path_parts", "read_file", "zip_entries"]

#: Decides by the name of a file whether its bytes are read.
Wanted = Callable[[str], bool]
_Entries = Iterator[tuple[str, bytes | None]]

#: Most bytes that one packed file may unpack to; the largest of the public data sets has 0.4 GiB.
_LARGEST_FILE = 2**30
#: Most bytes that are unpacked of one archive; all of ImageNet has 0.15 TiB.
_LARGEST_ARCHIVE = 2**38
#: Most bytes of a header that holds a long name; tarfile reads it whole.
_LARGEST_HEADER = 2**20
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
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    ValueError,  # of numbers in a header that are none
    RuntimeError,  # an encrypted zip, or one packed with an unknown method
)
_LONG_HEADERS = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)


def path_parts(name: str) -> list[str]:
    """Return the parts of a path in an archive."""
    return [part for part in name.split("/") if part not in ("", ".")]


def entries(path: Path, wanted: Wanted) -> _Entries:
    """Yield what a folder or an archive holds, without unpacking anything to disk.

    Hidden files are left out, and of archives links and names that lead out of it.

    Parameters
    ----------
    path : Path
        A folder, or a .zip, .tar, .tar.gz, .tgz, .tar.xz or .tar.bz2.
    wanted : callable
        Called with the name of each file, which includes the top folder of an archive.

    Yields
    ------
    name : str
        The path below the folder or inside the archive; of a folder with a final slash.
    content : bytes or None
        None for folders and for files that are not wanted.

    Raises
    ------
    InputError
        If ``path`` is neither, is damaged or may not be read, or if an archive unpacks to more
        than 1 GiB for one file that is wanted, or more than 256 GiB in all.
    """
    if os.path.isdir(path):
        return _read_directory(path, wanted)
    if not os.path.exists(path):
        raise InputError(f"{path} does not exist; expected a folder or an archive.")
    name = path.name.lower()
    if name.endswith(".zip"):
        return _explained(path, _read_zip(path, f"{path}", wanted))
    for suffix, opener in _TARS.items():
        if name.endswith(suffix):
            return _explained(path, _read_tar(path, opener, wanted))
    raise InputError(
        f"{path} is neither a folder nor an archive (.zip, {', '.join(_TARS)}). Pass one of these."
    )


def zip_entries(file: BinaryIO, place: str, wanted: Wanted) -> _Entries:
    """Yield what an opened zip file holds, as `entries` does; ``place`` names it in errors."""
    return _explained(place, _read_zip(file, place, wanted))


def read_file(path: Path) -> bytes:
    """Return the content of a file, unpacked if its name ends in ``.gz``.

    Raises
    ------
    InputError
        If it cannot be read, is damaged, or unpacks to more than 1 GiB.
    """
    try:
        if path.suffix != ".gz":
            return path.read_bytes()
        pieces, total = [], 0
        with gzip.open(path, "rb") as file:
            while piece := file.read(1 << 20):
                total += len(piece)
                _check_size(path.stem, f"{path}", total)
                pieces.append(piece)
        return b"".join(pieces)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read ({error}); fetch it again.") from error


def _check_size(name: str, place: str, size: int) -> None:
    if size > _LARGEST_FILE:
        raise InputError(
            f"{name} in {place} unpacks to {size:,} bytes or more; at most {_LARGEST_FILE:,} are "
            "read of one file. If you trust it, unpack it and pass the folder."
        )


def _added(total: int, size: int, name: str, place: str) -> int:
    if total + size > _LARGEST_ARCHIVE:
        raise InputError(
            f"{place} unpacks to {total + size:,} bytes or more (reached at {name}); at most "
            f"{_LARGEST_ARCHIVE:,} are read of one archive. If you trust it, unpack it and pass "
            "the folder."
        )
    return total + size


def _is_visible(name: str) -> bool:
    return not any(
        part.startswith(".") or part.lower() in _IGNORED for part in name.rstrip("/").split("/")
    )


def _read_directory(path: Path, wanted: Wanted) -> _Entries:
    for name in sorted(_walk(path, "", frozenset())):
        is_read = not name.endswith("/") and wanted(name)
        try:
            yield name, (path / name).read_bytes() if is_read else None
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


def _explained(place: Path | str, entries: _Entries) -> _Entries:
    try:
        yield from entries
    except InputError:
        raise
    except _ARCHIVE_ERRORS as error:
        raise InputError(
            f"The archive {place} cannot be read ({error}); it is damaged, cut short, encrypted or "
            "may not be opened. Copy or download it again, or unpack it and pass the folder."
        ) from error


def _member_name(name: str, is_folder: bool) -> str | None:
    """Return the plain name of a member, None if it is hidden or leads out of the archive."""
    parts = path_parts(name)
    if name.startswith("/") or ".." in parts or not parts:
        return None
    plain = "/".join(parts)
    return (f"{plain}/" if is_folder else plain) if _is_visible(plain) else None


def _read_zip(file: Path | BinaryIO, place: str, wanted: Wanted) -> _Entries:
    with zipfile.ZipFile(file) as archive:
        members = []
        for info in archive.infolist():
            # Zero: written on a system that has no such types.
            kind = stat.S_IFMT(info.external_attr >> 16)
            # Some programs write the separator of Windows, against the format.
            name = _member_name(info.filename.replace("\\", "/"), info.is_dir())
            if name is not None and kind in (0, stat.S_IFREG, stat.S_IFDIR):
                members.append((name, info))
        total = 0
        for name, info in sorted(members, key=lambda member: member[0]):
            if info.is_dir() or not wanted(name):
                yield name, None
                continue
            # Python reads no more than this, whatever the packed bytes hold.
            _check_size(name, place, info.file_size)
            total = _added(total, info.file_size, name, place)
            yield name, archive.read(info)


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

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        """Extend tarfile where its source says that it may be extended."""
        if self.type in _LONG_HEADERS and self.size > _LARGEST_HEADER:
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        return super()._proc_member(archive)  # type: ignore[misc]


def _read_tar(path: Path, opener: Callable[..., Any], wanted: Wanted) -> _Entries:
    """Read from front to back, once: seeking in compressed archives means starting again."""
    total = 0
    with (
        opener(path, "rb") as file,
        tarfile.open(fileobj=file, mode="r|", tarinfo=_StrictTarInfo) as archive,
    ):
        for member in archive:
            # Of a million pictures they would take gigabytes.
            archive.members.clear()  # type: ignore[attr-defined]
            # What is not wanted must be unpacked on the way, too.
            total = _added(total, member.size, member.name, f"{path}")
            name = _member_name(member.name, member.isdir())
            if name is None or not (member.isreg() or member.isdir()):
                continue
            if member.isdir() or not wanted(name):
                yield name, None
                continue
            _check_size(name, f"{path}", member.size)
            content = archive.extractfile(member)
            yield name, None if content is None else content.read()
        while rest := len(file.read(1 << 20)):  # the checksum comes last
            total = _added(total, rest, "its end", f"{path}")
