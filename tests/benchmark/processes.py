"""Finding the processes that cells run in, to kill them."""

from __future__ import annotations

import os
import time
from pathlib import Path

CHILD = "osrae.benchmark.child"


def cell_processes() -> dict[int, int]:
    """Return the processes that run cells: their numbers, and those of who waits for them."""
    found = child_processes()
    return {number: found[parent] for number, parent in found.items() if parent in found}


def child_processes() -> dict[int, int]:
    """Return the processes that run cells, or that those fork from, and who started them.

    Those of other test processes are told apart by the variable that is set below.
    """
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            marked = _MARK.encode() in (entry / "environ").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
        if CHILD in command and marked:
            found[int(entry.name)] = parent
    return found


_MARK = f"OSRAE_TEST_PROCESS={os.getpid()}\0"
os.environ["OSRAE_TEST_PROCESS"] = str(os.getpid())


def wait_for(condition, seconds: float = 120.0):
    """Return what ``condition`` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")
