"""A file that is fetched in parts: the bytes that came, and what they are a part of."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from osrae.errors import InputError, ModelFileError
from osrae.storage import read_json, write_json

__all__ = ["Origin", "Part"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Origin:
    """What a server says about a whole file; None for what it does not say.

    Attributes
    ----------
    url : str or None
        The address that was asked.
    etag, last_modified : str or None
        The headers of these names.
    size : int or None
        Bytes.
    """

    url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    size: int | None = None

    @property
    def validator(self) -> str | None:
        """What the server can tell by whether it still has the same file (for ``If-Range``)."""
        # A weak ETag promises the same meaning, not the same bytes.
        strong = self.etag is not None and not self.etag.startswith("W/")
        return self.etag if strong else self.last_modified

    def may_be(self, other: Origin) -> bool:
        """Whether nothing shows that the other file is another one."""
        pairs: list[tuple[object, object]] = [(self.size, other.size)]
        if self.url == other.url:  # the same file has other ETags and times elsewhere
            pairs += [(self.etag, other.etag), (self.last_modified, other.last_modified)]
        return all(mine == its for mine, its in pairs if mine is not None and its is not None)


@dataclass(frozen=True)
class Part:
    """A partial file, with its origin as JSON beside it.

    Attributes
    ----------
    path : Path
        The partial file; it need not exist.
    """

    path: Path

    @property
    def length(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def origin(self) -> Origin:
        """What the bytes are a part of, as far as it is known."""
        try:
            return Origin(**read_json(self._origin_path))
        except (ModelFileError, TypeError):
            return Origin()

    def usable(self, url: str, *, size: int | None, checked: bool) -> int:
        """Return how many bytes need not be fetched from ``url``.

        Parameters
        ----------
        url : str
        size : int or None
            Bytes of the whole file, if known.
        checked : bool
            Whether a checksum will tell if the whole is wrong.
        """
        limit = self.origin.size if size is None else size
        fits = limit is None or self.length <= limit
        confirmed = self.origin.url == url and self.origin.validator is not None
        return self.length if fits and (checked or confirmed) else 0

    def begin(self, origin: Origin, *, keep: bool) -> None:
        """Prepare for bytes of ``origin``, that follow those that are there or replace them."""
        if not keep:
            self.discard()
        elif self.origin.url == origin.url:
            # An answer with a rest may leave out what that with the start has said.
            said = {key: value for key, value in asdict(origin).items() if value is not None}
            origin = Origin(**{**asdict(self.origin), **said})
        if origin != self.origin:  # on a full disk, writing would lose it
            write_json(self._origin_path, asdict(origin))

    def sync(self) -> None:
        """Return when all bytes are on disk."""
        with self.room_for(None), self.path.open("rb+") as file:
            os.fsync(file.fileno())

    def move(self, path: Path) -> None:
        """Give the bytes, now whole, their final name, in place of a file that has it."""
        os.replace(self.path, path)
        self._origin_path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove both files."""
        self.path.unlink(missing_ok=True)  # first: bytes must not stand beside another's origin
        self._origin_path.unlink(missing_ok=True)

    @contextmanager
    def room_for(self, expected: int | None) -> Iterator[None]:
        """Refuse to begin what does not fit on the disk, and explain when it is full later.

        Parameters
        ----------
        expected : int or None
            Bytes of the whole file, if known.

        Raises
        ------
        InputError
            Says how much is needed and free. The bytes that came are kept.
        """
        try:
            missing = 0 if expected is None else expected - self.length
            if missing > shutil.disk_usage(self.path.parent).free:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            yield
        except OSError as error:
            if error.errno not in _FULL:
                raise
            needed = "" if expected is None else f"{expected - self.length} more bytes are needed, "
            free = shutil.disk_usage(self.path.parent).free
            raise InputError(
                f"{self.path} cannot be completed ({error.strerror}): {needed}{free} are free. The "
                f"{self.length} bytes that are there are kept. Free some space and run again, or "
                "choose another place."
            ) from error

    @property
    def _origin_path(self) -> Path:
        return self.path.with_name(self.path.name + ".json")
