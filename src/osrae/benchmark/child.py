"""Cells in processes that fork from one that has imported everything.

    python -m osrae.benchmark.child < REQUESTS > OUTCOMES

A request is a line of JSON: the cell, the folder of the data, the one for what is kept of the cell
while it is unfinished, the environment and the working directory. Importing takes seconds, and most
cells of tables take less. What is forked has imported already; what a cell takes is its own still,
and what kills it kills it alone. Where numerical libraries do not bear to be forked, or Python
cannot wait for processes and files at once, this process answers one request and ends.
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
import tempfile
import traceback
import warnings
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from osrae.benchmark.cells import Cell
from osrae.benchmark.outcomes import Outcome, ended, packed, read_packed

__all__ = ["FORKS", "main"]

#: Whether cells are forked; some builds of Python lack what is needed.
FORKS = sys.platform == "linux" and hasattr(os, "pidfd_open")
#: Seconds after which a process that nobody asks anything ends.
_IDLE = 300
_DIE_WITH_PARENT = 1  # Linux: PR_SET_PDEATHSIG
_SHOWN_ERROR = 4000


def main() -> None:
    """Answer the requests of the standard input on the standard output, one after the other."""
    outcomes = _own_output()
    if FORKS:
        _import()
    while line := _next_line():
        request = json.loads(line)
        if not FORKS:
            outcomes.write(_run(**request))
            break
        tempfile.tempdir = None  # the folder of the last request may have gone
        # Files that have no name: nothing is left of them when a machine, or a user, kills a grid.
        with TemporaryFile() as outcome, TemporaryFile() as errors:
            origin, process = os.getpid(), os.fork()
            if process == 0:
                _leave(origin, outcomes, errors)
                outcome.write(_run(**request))
                break  # and ends as any program does
            code = _wait(process, outcomes)
            if code is None:
                break
            outcome.seek(0)
            outcomes.write(packed(read_packed(outcome) or ended(request["cell"], code, errors)))
            outcomes.flush()


def _next_line() -> bytes:
    """Wait for a request; the system ends this process if none comes."""
    signal.alarm(_IDLE if FORKS else 0)
    line = sys.stdin.buffer.readline()
    signal.alarm(0)
    return line


def _own_output() -> BinaryIO:
    """Open the standard output, and send what anything else prints to where errors go."""
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(output, "wb")


def _import() -> None:
    """Import what cells need, and nothing that opens a GPU."""
    import osrae.benchmark.running  # noqa: F401
    from osrae.benchmark.machine import code_state
    from osrae.methods import registry

    registry.estimators()
    code_state()  # what was imported, whatever is edited afterwards
    gc.freeze()  # what is never collected is shared with all that is forked


def _leave(origin: int, outcomes: BinaryIO, errors: BinaryIO) -> None:
    """Leave to the process that this one is forked from its streams, and its random numbers."""
    import numpy as np

    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != origin:  # it died before that was said
        os._exit(1)
    outcomes.close()
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    for stream in (sys.stdout, sys.stderr):
        os.dup2(errors.fileno(), stream.fileno())
    tempfile.tempdir = None
    np.random.seed()  # noqa: NPY002 (what other libraries may draw from)


def _wait(process: int, outcomes: BinaryIO) -> int | None:
    """Wait for a process, and return how it ended; None once nobody waits for the outcome."""
    waiting, ending = select.poll(), os.pidfd_open(process)
    waiting.register(ending, select.POLLIN)
    waiting.register(outcomes, 0)  # tells when the other end is closed, and nothing else
    try:
        ready = dict(waiting.poll())
    finally:
        os.close(ending)
    if ending not in ready:
        return None
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _run(
    cell: dict[str, Any],
    folder: str | None,
    unfinished: str | None,
    environment: dict[str, str],
    directory: str,
) -> bytes:
    """Run a cell, and pack what came of it."""
    import numpy as np

    from osrae.benchmark.machine import code_state, machine, versions
    from osrae.benchmark.running import run_cell

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            places = (None if place is None else Path(place) for place in (folder, unfinished))
            result, arrays = run_cell(Cell.from_dict(cell), *places)
        if any(array.dtype.hasobject for array in arrays.values()):
            raise TypeError("Arrays of a result hold numbers and text only, not Python's objects.")
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        said = dict.fromkeys(f"{w.category.__name__}: {w.message}" for w in caught)
        done = {"status": "done", **result, "warnings": list(said)}
        return packed(Outcome(done, file.getvalue()))
    except Exception as error:  # whatever it is, the grid goes on and the result says it
        failed = {
            "status": "failed",
            "cell": cell,
            "error": {
                "type": type(error).__name__,
                "message": str(error),
                "traceback": traceback.format_exc()[-_SHOWN_ERROR:],
            },
            "made": {"machine": machine(), "versions": versions(), "code": code_state()},
        }
        return packed(Outcome(failed))


if __name__ == "__main__":
    main()
