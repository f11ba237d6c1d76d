"""What comes of a cell, and how it is told from one process to another."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from typing import Any, BinaryIO

__all__ = ["Outcome", "ended", "packed", "read_packed"]

#: What may stand before it was printed while Python started.
_MARK = b"osrae outcome: "
_SHOWN_WORDS = 4000


@dataclass(frozen=True)
class Outcome:
    """What came of a cell.

    Attributes
    ----------
    content : dict
        What `osrae.benchmark.running.run_cell` measured, with ``status`` "done"; or ``status``
        "failed", and ``error`` with ``type``, ``message`` and ``traceback``.
    arrays : bytes
        The .npz file of its arrays; empty if it failed.
    """

    content: dict[str, Any]
    arrays: bytes = b""


def packed(outcome: Outcome) -> bytes:
    """Return the bytes that `read_packed` reads."""
    text = json.dumps(outcome.content, ensure_ascii=False, allow_nan=False).encode()
    return b"\n" + _MARK + f"{len(text)} {len(outcome.arrays)}\n".encode() + text + outcome.arrays


def read_packed(stream: BinaryIO) -> Outcome | None:
    """Read the next outcome; None if the stream ends before it is whole."""
    while not (line := stream.readline()).startswith(_MARK):
        if not line:
            return None
    sizes = [int(size) for size in line.removeprefix(_MARK).split()]
    if len(sizes) != 2 or not line.endswith(b"\n"):
        return None
    text, arrays = (stream.read(size) for size in sizes)
    whole = [len(text), len(arrays)] == sizes
    return Outcome(json.loads(text), arrays) if whole else None


def ended(cell: dict[str, Any], code: int, errors: BinaryIO) -> Outcome:
    """Describe the cell of a process that ended without an outcome.

    Parameters
    ----------
    cell : dict
    code : int
        Of its end; the negative number of the signal that ended it.
    errors : binary file
        What it said to where errors go.
    """
    if code < 0:
        name = signal.Signals(-code).name
        # Who interrupts means the grid, and not to start the cell again.
        kind = "Died" if name == "SIGINT" else "Killed"
        message = f"The process was ended by {name}"
        if name == "SIGKILL":
            message += "; the system does so when memory runs out"
    else:
        kind, message = "Died", f"The process ended with code {code}"
    errors.seek(0)
    last_words = errors.read().decode(errors="replace")[-_SHOWN_WORDS:]
    error = {"type": kind, "message": f"{message}.", "traceback": last_words}
    return Outcome({"status": "failed", "cell": cell, "error": error})
