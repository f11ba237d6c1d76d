"""Files of the benchmark's data, fetched from the web once and kept."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from osrae.datasets.partial import Part
from osrae.datasets.transfer import Report, TransferError, transfer
from osrae.errors import InputError
from osrae.storage import explain_os_errors

__all__ = ["Remote", "fetch"]

_CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Remote:
    """A file on the web.

    Attributes
    ----------
    name : str
        The file name that it gets.
    urls : tuple of str
        The ``http`` and ``https`` addresses that have it, in the order in which they are tried.
    checksum : str or None
        ``"md5:…"`` or ``"sha256:…"`` with lower-case hexadecimal digits; None if not known.
    size : int or None
        Bytes; None if not known.

    Raises
    ------
    InputError
        If the name, an address or the checksum has another form.
    """

    name: str
    urls: tuple[str, ...]
    checksum: str | None = None
    size: int | None = None

    @classmethod
    def at(cls, url: str, checksum: str | None = None, size: int | None = None) -> Remote:
        """Describe the file at one address; its name is the last part of the address."""
        return cls(url.rpartition("/")[2], (url,), checksum, size)

    def __post_init__(self) -> None:
        if Path(self.name).name != self.name or self.name in ("", "..") or "\\" in self.name:
            raise InputError(f"{self.name!r} is no file name; give one without a folder.")
        if not self.urls:
            raise InputError(f"{self.name} has no address to be fetched from; give one or more.")
        for url in self.urls:
            if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
                raise InputError(f"{url!r} is no address of the web; give one with http or https.")
        if self.checksum is not None and not _CHECKSUM.fullmatch(self.checksum):
            raise InputError(
                f"{self.checksum!r} is no checksum; give md5: and 32 hexadecimal digits, or "
                "sha256: and 64."
            )


def fetch(remote: Remote, folder: Path, *, progress: bool = False) -> Path:
    """Make sure that a file of the web is in ``folder``, whole and right.

    A file that is there already, with the right size and checksum, is not fetched again. While it
    is fetched, the file is called ``NAME.part``; if that is interrupted, in whatever way, the next
    call continues it. Processes that want the same file at the same time wait for each other.

    Parameters
    ----------
    remote : Remote
    folder : Path
        Made if it does not exist.
    progress : bool, default False
        Show bytes, rate and time left on standard error.

    Returns
    -------
    Path
        ``folder / remote.name``.

    Raises
    ------
    InputError
        If no address gives the right file, the disk is too full, or ``folder`` cannot be written
        to. The message says what to do.
    """
    path = folder / remote.name
    if path.is_dir() or (folder.exists() and not folder.is_dir()):
        raise InputError(f"{path} cannot be written: a folder or file is in the way. Move it.")
    with explain_os_errors(path):
        if path.exists() and _flaw(path, remote) is None:
            return path
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / f"{remote.name}.lock"):
            # Another process may have fetched it while this one waited.
            if not path.exists() or _flaw(path, remote) is not None:
                _fetch_missing(remote, path, progress)
    return path


def _fetch_missing(remote: Remote, path: Path, progress: bool) -> None:
    """Try one address after the other."""
    part = Part(path.with_name(f"{path.name}.part"))
    console = Console(stderr=True, quiet=not progress)
    failures = []
    with _reporter(remote.name, console) as report:
        for url in remote.urls:
            console.print(f"Fetching {url}", soft_wrap=True, markup=False, highlight=False)
            try:
                _fetch_from(url, remote, part, report)
            except TransferError as error:
                failures.append(f"  {url}: {error}")
            else:
                part.move(path)
                return
    raise InputError(_manual_steps(remote, path, failures))


def _fetch_from(url: str, remote: Remote, part: Part, report: Report) -> None:
    """Fill ``part`` with the right bytes, or leave none that are known to be wrong."""
    flaw = None
    for _ in range(2):
        in_one = transfer(
            url, part, size=remote.size, checked=remote.checksum is not None, report=report
        )
        part.sync()  # the bytes are on disk before the name is
        flaw = _flaw(part.path, remote)
        if flaw is None:
            return
        part.discard()
        if in_one:
            break
    raise TransferError(flaw)


def _flaw(path: Path, remote: Remote) -> str | None:
    """Why a file is not the one that is wanted; None if it is."""
    size = path.stat().st_size
    if remote.size is not None and size != remote.size:
        return f"size is {size} bytes, expected {remote.size}"
    if remote.checksum is None:
        return None
    algorithm, _, expected = remote.checksum.partition(":")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False))
    if digest.hexdigest() == expected:
        return None
    return f"checksum is {algorithm}:{digest.hexdigest()}, expected {remote.checksum}"


def _manual_steps(remote: Remote, path: Path, failures: list[str]) -> str:
    there = ""
    if path.exists():
        there = f"\nThe file {path} is there, but its {_flaw(path, remote)}."
    return (
        f"{remote.name} could not be fetched:\n" + "\n".join(failures) + there + "\n"
        f"Run again to continue, or do it by hand: open {remote.urls[0]} in a browser and save it "
        f"as {path.name} in the folder {path.parent.absolute()}. If you have the data elsewhere, "
        "set the environment variable OSRAE_DATA to the folder that holds them."
    )


@contextmanager
def _reporter(name: str, console: Console) -> Iterator[Report]:
    """Yield what the progress is told to; a bar shows it on a terminal."""
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=12),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
        disable=console.quiet or not console.is_terminal,
    )
    with bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes out; a lock file that a killed process left behind locks nothing."""
    while True:
        with path.open("ab") as file:
            _wait_for_lock(file.fileno())
            # Whoever had the lock removed its file on leaving: then this is not the file's lock.
            if _is_same(path, file.fileno()):
                try:
                    yield
                finally:
                    with suppress(PermissionError):  # Windows keeps a file that is open
                        path.unlink()
                return


def _wait_for_lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
                return
            except OSError as error:
                if error.errno != errno.EDEADLK:  # what it says after ten seconds of waiting
                    raise
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _is_same(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
