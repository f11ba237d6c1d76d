"""Running cells in processes of their own: what one takes is its own, and so is its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, BinaryIO, cast

from osrae.benchmark.outcomes import Outcome, ended, read_packed

__all__ = ["run_isolated"]

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


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
    parent = _borrow(threads)
    request = {"cell": cell, "folder": folder, "environment": _environment(threads),
               "directory": os.getcwd()}  # fmt: skip
    try:
        outcome = parent.answer(request)
    except BaseException:
        parent.process.kill()
        raise
    if outcome is None:
        return ended(cell, parent.process.wait(), parent.words)
    _give_back(threads, parent)
    return outcome


class _Parent:
    """A process that cells fork from, see `osrae.benchmark.child`."""

    def __init__(self, threads: int | None) -> None:
        # Libraries read their number of threads when they are loaded.
        self.words = TemporaryFile()  # noqa: SIM115 (as long as the process)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "osrae.benchmark.child"],
            env=_environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.words,
        )

    def answer(self, request: dict[str, Any]) -> Outcome | None:
        """Return the outcome; None if this process ends before it tells one."""
        requests = cast(BinaryIO, self.process.stdin)
        try:
            requests.write(json.dumps(request).encode() + b"\n")
            requests.flush()
        except BrokenPipeError:
            return None
        return read_packed(cast(BinaryIO, self.process.stdout))


#: Those that wait for a cell, by their threads. They end when this process does.
_idle: dict[int | None, list[_Parent]] = {}
_lock = Lock()


def _borrow(threads: int | None) -> _Parent:
    """Take a process that waits, or start one."""
    with _lock:
        waiting = _idle.setdefault(threads, [])
        while waiting:
            parent = waiting.pop()
            if parent.process.poll() is None:
                return parent
    return _Parent(threads)


def _give_back(threads: int | None, parent: _Parent) -> None:
    with _lock:
        _idle[threads].append(parent)


def _environment(threads: int | None) -> dict[str, str]:
    told = {} if threads is None else dict.fromkeys(_THREADS, str(threads))
    return {**os.environ, **told}
