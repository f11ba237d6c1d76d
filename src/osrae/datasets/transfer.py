"""What one web address gives, written to a partial file and continued where it broke off."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException, InvalidURL
from time import sleep
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from osrae import __version__
from osrae.datasets.partial import Origin, Part

__all__ = ["Report", "TransferError", "transfer"]

#: Seconds to wait for a connection, and for each next piece of an answer.
TIMEOUT = 30.0
#: How often in a row a broken connection is tried again without getting any further.
RETRIES = 4

#: Called with the bytes that are there, and with how many there will be (None if unknown).
Report = Callable[[int, int | None], None]

_BLOCK = 1 << 16
_TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
_UNSATISFIABLE = 416


class TransferError(Exception):
    """An address does not give the file; another one may."""


class _Broken(TransferError):
    """Something that may go away when the address is asked again."""


class _Unreachable(_Broken):
    """There was no connection at all."""


def transfer(url: str, part: Part, *, size: int | None, checked: bool, report: Report) -> bool:
    """Fetch ``url`` into ``part``, continuing what is there if that is safe.

    Bytes are continued if the server confirms that the file is still the same one, or if the
    caller can tell a wrong file from the right one. A connection that breaks is tried again, as
    long as it gets further or `RETRIES` times in a row; a host that cannot be reached is not.

    Parameters
    ----------
    url : str
        An ``http`` or ``https`` address.
    part : Part
    size : int or None
        The size in bytes that the whole file must have, if known.
    checked : bool
        Whether the caller verifies a checksum afterwards.
    report : callable
        Told of the progress, see `Report`.

    Returns
    -------
    bool
        Whether all bytes come from one answer. If not, a wrong file may be the fault of the old
        part, and is worth one more attempt from the start.

    Raises
    ------
    TransferError
        If the address does not give the file.
    InputError
        If the disk is too full; what was fetched is kept.
    """
    # Made per call, because it reads the proxies from the environment.
    opener = urllib.request.build_opener(_WebRedirects)
    furthest, failures, answered = part.length, 0, False
    while True:
        try:
            return _attempt(opener, url, part, size, checked, report)
        except _Broken as error:
            failures = 1 if part.length > furthest else failures + 1
            furthest = max(furthest, part.length)
            answered = answered or not isinstance(error, _Unreachable)
            if not answered:
                raise
            if failures > RETRIES:
                raise TransferError(f"{error} ({failures} times in a row)") from error
        sleep(2.0 ** (failures - 1))


class _WebRedirects(urllib.request.HTTPRedirectHandler):
    """Follows to the web only (urllib would also follow to ``ftp``), and never out of https."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        allowed = ("https",) if req.type == "https" else ("http", "https")
        if urlsplit(newurl).scheme not in allowed:
            raise HTTPError(newurl, code, f"redirect to {newurl} refused", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _attempt(
    opener: urllib.request.OpenerDirector,
    url: str,
    part: Part,
    size: int | None,
    checked: bool,
    report: Report,
) -> bool:
    """Ask once for what is missing; whether the answer was the whole file."""
    start = part.usable(url, size=size, checked=checked)
    if start and start == (part.origin.size if size is None else size):
        return False
    with _ask(opener, url, start, part) as answer:
        first, total = _extent(answer)
        etag, last_modified = answer.headers["ETag"], answer.headers["Last-Modified"]
        found = Origin(url, etag, last_modified, total)
        if first not in (0, start) or (first and not part.origin.may_be(found)):
            part.discard()
            raise _Broken("the rest that it sends does not belong to the part that is here")
        if None not in (size, total) and size != total:
            raise TransferError(f"the file has {total} bytes there, expected {size}")
        expected = total if size is None else size
        with part.room_for(expected):
            part.begin(found, keep=first > 0)
            _save(answer, part, first, expected, report)
    return not first


def _ask(opener: urllib.request.OpenerDirector, url: str, start: int, part: Part) -> Any:
    """Open the address from byte ``start`` on."""
    headers = {"User-Agent": f"osrae/{__version__}"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if part.origin.url == url and part.origin.validator:
            headers["If-Range"] = part.origin.validator
    try:
        return opener.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        error.close()
        if error.code == _UNSATISFIABLE:
            part.discard()
        again = error.code in (*_TRANSIENT, _UNSATISFIABLE)
        raise (_Broken if again else TransferError)(f"HTTP {error.code}: {error.reason}") from error
    except URLError as error:
        raise _Unreachable(f"not reached: {error.reason}") from error
    except InvalidURL as error:
        raise TransferError(f"no address: {error}") from error
    except (OSError, HTTPException) as error:
        raise _Broken(f"connection broken: {error}") from error


def _extent(answer: Any) -> tuple[int, int | None]:
    """Return the first byte that the answer holds (-1 if unclear) and the size of the file."""
    if answer.status == 200:
        return 0, answer.length
    stated = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
    if answer.status != 206 or not stated:
        return -1, None
    return int(stated[1]), None if stated[2] == "*" else int(stated[2])


def _save(answer: Any, part: Part, start: int, expected: int | None, report: Report) -> None:
    """Append what comes to the part, never more than expected."""
    end = start
    report(end, expected)
    with part.path.open("ab") as file:
        for block in _blocks(answer):
            end += len(block)
            if expected is not None and end > expected:
                break
            file.write(block)
            file.flush()  # so that a killed process leaves all that came
            report(end, expected)
    if expected is not None and end > expected:
        part.discard()
        raise TransferError(f"it sends more than the expected {expected} bytes")
    if expected is not None and end < expected:
        raise _Broken(f"the connection ended after {end} of {expected} bytes")


def _blocks(answer: Any) -> Iterator[bytes]:
    """Yield the body as it comes; errors of the network are told from those of the disk."""
    while True:
        try:
            block = answer.read1(_BLOCK)
        except (OSError, HTTPException) as error:
            raise _Broken(f"connection broken: {error}") from error
        if not block:
            return
        yield block
