"""Running cells in processes of their own: what one takes is its own, and so is its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, BinaryIO, cast

from osrae.benchmark.child import FORKS
from osrae.benchmark.outcomes import Outcome, ended, read_packed

__all__ = ["run_isolated"]

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def run_isolated(
    cell: dict[str, Any],
    folder: str | None = None,
    threads: int | None = None,
    unfinished: str | None = None,
) -> Outcome:
    """Run a cell in a new process and wait for it.

    Parameters
    ----------
    cell : dict
        See `Cell.to_dict`.
    folder : str or None
        Where the data lie.
    threads : int or None
        Threads of the process; None is what this machine's libraries choose. What Python and its
        libraries read when they start is that of the first cell of so many threads.
    unfinished : str or None
        Folder for what an interrupted training is gone on with from; None keeps nothing.

    Returns
    -------
    Outcome
        Also of a cell that raised an error or was killed: nothing that it does ends the caller.
    """
    origin = _borrow(threads)
    request = {"cell": cell, "folder": folder, "unfinished": unfinished,
               "environment": _environment(threads), "directory": os.getcwd()}  # fmt: skip
    try:
        outcome = origin.answer(request)
    except BaseException:
        origin.end(kill=True)
        raise
    if outcome is None:
        return ended(cell, origin.end(), origin.errors)
    if FORKS:
        _give_back(threads, origin)
    else:
        origin.end()
    return outcome


class _Origin:
    """A process that cells fork from, see `osrae.benchmark.child`."""

    def __init__(self, threads: int | None) -> None:
        self.errors = TemporaryFile()  # noqa: SIM115 (as long as the process)
        # Libraries read their number of threads when they are loaded.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "osrae.benchmark.child"],
            env=_environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
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

    def end(self, *, kill: bool = False) -> int:
        """Let it end, and return its code."""
        if kill:
            self.process.kill()
        self.process.communicate()
        return self.process.returncode


#: Those that wait for a cell, by their threads. They end when this process does, or after a while.
_idle: dict[int | None, list[_Origin]] = {}
_lock = Lock()


def _borrow(threads: int | None) -> _Origin:
    """Take a process that waits, or start one."""
    with _lock:
        waiting = _idle.setdefault(threads, [])
        while waiting:
            origin = waiting.pop()
            if origin.process.poll() is None:
                return origin
            origin.end()
    return _Origin(threads)


def _give_back(threads: int | None, origin: _Origin) -> None:
    with _lock:
        _idle[threads].append(origin)


def _environment(threads: int | None) -> dict[str, str]:
    told = {} if threads is None else dict.fromkeys(_THREADS, str(threads))
    return {**os.environ, **told}
