"""Cells in processes that fork from one that has imported everything.

    python -m osrae.benchmark.child < REQUESTS > OUTCOMES

A request is a line of JSON: the cell, the folder of the data, the environment and the working
directory. Importing takes seconds, and most cells of tables take less. What is forked has imported
already; what a cell takes is its own still, and what kills it kills it alone. Where numerical
libraries do not bear to be forked, on macOS, this process answers one request and ends.
"""

from __future__ import annotations

import ctypes
import gc
import io
import json
import os
import select
import signal
import sys
import traceback
import warnings
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from osrae.benchmark.cells import Cell
from osrae.benchmark.outcomes import Outcome, ended, packed, read_packed

__all__ = ["main"]

_FORKS = sys.platform == "linux"
_DIE_WITH_PARENT = 1  # Linux: PR_SET_PDEATHSIG
_SHOWN_ERROR = 4000


def main() -> None:
    """Answer the requests of the standard input on the standard output, one after the other."""
    answers = _own_output()
    if _FORKS:
        _import()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if not _FORKS:
            answers.write(packed(_run(**request)))
            break
        # Files that have no name: nothing is left of them when a machine, or a user, kills a grid.
        with TemporaryFile() as said, TemporaryFile() as words:
            process = os.fork()
            if process == 0:
                _leave(answers, words)
                said.write(packed(_run(**request)))
                break  # and ends as any program does
            code = _wait(process, answers)
            if code is None:
                break
            said.seek(0)
            answers.write(packed(read_packed(said) or ended(request["cell"], code, words)))
            answers.flush()


def _own_output() -> BinaryIO:
    """Open the standard output, and send what anything else prints to where errors go."""
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(output, "wb")


def _import() -> None:
    """Import what cells need, and nothing that starts threads or opens a GPU."""
    import osrae.benchmark.running  # noqa: F401
    from osrae.methods import registry

    registry.estimators()
    gc.freeze()  # what is never collected is shared with all that is forked


def _leave(answers: BinaryIO, words: BinaryIO) -> None:
    """Leave to the parent what is the parent's: its streams, and the decision when to end."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    answers.close()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    for stream in (sys.stdout, sys.stderr):
        os.dup2(words.fileno(), stream.fileno())


def _wait(process: int, answers: BinaryIO) -> int | None:
    """Wait for a process, and return how it ended; None once nobody waits for the answer."""
    waiting, ending = select.poll(), os.pidfd_open(process)
    waiting.register(ending, select.POLLIN)
    waiting.register(answers, 0)  # tells when the other end is closed, and nothing else
    try:
        ready = dict(waiting.poll())
    finally:
        os.close(ending)
    if ending not in ready:
        return None
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _run(
    cell: dict[str, Any], folder: str | None, environment: dict[str, str], directory: str
) -> Outcome:
    import numpy as np

    from osrae.benchmark.machine import code_state, machine, versions
    from osrae.benchmark.running import run_cell

    os.environ.update(environment)
    os.chdir(directory)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            place = None if folder is None else Path(folder)
            result, arrays = run_cell(Cell.from_dict(cell), place)
        if any(array.dtype.hasobject for array in arrays.values()):
            raise TypeError("Arrays of a result hold numbers and text only, not Python's objects.")
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
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
    return Outcome({"status": "done", **result, "warnings": list(said)}, file.getvalue())


if __name__ == "__main__":
    main()
