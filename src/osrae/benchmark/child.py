"""A cell in a process of its own: what it takes is its own, and what kills it kills it alone.

    python -m osrae.benchmark.child < REQUEST > OUTCOME

REQUEST is JSON with the cell and the folder of the data. OUTCOME is a mark, the sizes of what
follows, JSON, and the bytes of an .npz file: whole once all is there, however the process ends.
Pipes hold nothing that would be left behind when a machine, or a user, kills a grid.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import signal
import subprocess
import sys
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from osrae.benchmark.cells import Cell

__all__ = ["Outcome", "run_isolated"]

_DIE_WITH_PARENT = 1  # Linux: PR_SET_PDEATHSIG
_SHOWN_ERROR = 4000
#: What may stand before it was printed while Python started.
_MARK = b"\nosrae outcome: "


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


def run_isolated(
    cell: dict[str, Any], folder: str | None = None, threads: int | None = None
) -> Outcome:
    """Run a cell in a new process and wait for it.

    Parameters
    ----------
    cell : dict
        See `Cell.to_dict`.
    folder : str or None
        Where the data lie.
    threads : int or None
        Threads of the process; None is what this machine's libraries choose.

    Returns
    -------
    Outcome
        Also of a cell that raised an error or was killed: nothing that it does ends the caller.
    """
    environment = dict(os.environ)
    if threads is not None:
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment |= dict.fromkeys(names, str(threads))
    request = json.dumps({"cell": cell, "folder": folder})
    done = subprocess.run(
        [sys.executable, "-m", "osrae.benchmark.child"],
        env=environment,
        input=request.encode(),
        capture_output=True,
        check=False,
    )
    return _unpacked(done.stdout) or Outcome(_killed(cell, done))


def _packed(outcome: Outcome) -> bytes:
    text = json.dumps(outcome.content, ensure_ascii=False, allow_nan=False).encode()
    return _MARK + f"{len(text)} {len(outcome.arrays)}\n".encode() + text + outcome.arrays


def _unpacked(said: bytes) -> Outcome | None:
    """Return what `_packed` packed; None if it is not there, or not all of it."""
    head, _, rest = said.partition(_MARK)[2].partition(b"\n")
    sizes = [int(size) for size in head.split()]
    if len(sizes) != 2 or len(rest) != sum(sizes):
        return None
    return Outcome(json.loads(rest[: sizes[0]]), rest[sizes[0] :])


def _killed(cell: dict[str, Any], done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    """Describe a process that ended without an outcome."""
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        kind, message = "Killed", f"The process was ended by {name}"
        if name == "SIGKILL":
            message += "; the system does so when memory runs out"
    else:
        kind, message = "Died", f"The process ended with code {done.returncode}"
    last_words = done.stderr.decode(errors="replace")[-_SHOWN_ERROR:]
    error = {"type": kind, "message": f"{message}.", "traceback": last_words}
    return {"status": "failed", "cell": cell, "error": error}


def main() -> None:
    """Run the cell that the standard input asks for; the standard output is what came of it."""
    _die_with_parent()
    with _own_output() as output:
        request = json.load(sys.stdin)
        output.write(_packed(_run(request["cell"], request["folder"])))


def _own_output() -> BinaryIO:
    """Open the standard output, and send what anything else prints to where errors go."""
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(output, "wb")


def _run(cell: dict[str, Any], folder: str | None) -> Outcome:
    import numpy as np

    from osrae.benchmark.machine import code_state, machine, versions
    from osrae.benchmark.running import run_cell

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            place = None if folder is None else Path(folder)
            result, arrays = run_cell(Cell.from_dict(cell), place)
        if any(array.dtype.hasobject for array in arrays.values()):
            raise TypeError("Arrays of a result hold numbers and text only, not Python's objects.")
        packed = io.BytesIO()
        np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    except Exception as error:  # whatever it is, the grid goes on and the result says it
        return Outcome(
            {
                "status": "failed",
                "cell": cell,
                "error": {
                    "type": type(error).__name__,
                    "message": str(error),
                    "traceback": traceback.format_exc()[-_SHOWN_ERROR:],
                },
                "made": {"machine": machine(), "versions": versions(), "code": code_state()},
            }
        )
    said = dict.fromkeys(f"{w.category.__name__}: {w.message}" for w in caught)
    return Outcome({"status": "done", **result, "warnings": list(said)}, packed.getvalue())


def _die_with_parent() -> None:
    """Let the system end this process when the one that waits for it ends, however it does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


if __name__ == "__main__":
    main()
