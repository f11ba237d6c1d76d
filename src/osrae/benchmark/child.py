"""A cell in a process of its own: what it takes is its own, and what kills it kills it alone.

    python -m osrae.benchmark.child FOLDER

reads ``request.json`` in FOLDER and writes ``outcome.json`` and ``arrays.npz`` beside it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osrae.benchmark.cells import Cell

__all__ = ["Outcome", "run_isolated"]

_DIE_WITH_PARENT = 1  # Linux: PR_SET_PDEATHSIG
_SHOWN_ERROR = 4000


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
    with tempfile.TemporaryDirectory(prefix="osrae-cell-") as name:
        place = Path(name)
        (place / "request.json").write_text(json.dumps({"cell": cell, "folder": folder}))
        done = subprocess.run(
            [sys.executable, "-m", "osrae.benchmark.child", name],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if not (place / "outcome.json").exists():
            return Outcome(_killed(cell, done))
        content = json.loads((place / "outcome.json").read_text(encoding="utf-8"))
        arrays = place / "arrays.npz"
        return Outcome(content, arrays.read_bytes() if arrays.exists() else b"")


def _killed(cell: dict[str, Any], done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Describe a process that ended without an outcome."""
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        kind, message = "Killed", f"The process was ended by {name}"
        if name == "SIGKILL":
            message += "; the system does so when memory runs out"
    else:
        kind, message = "Died", f"The process ended with code {done.returncode}"
    error = {"type": kind, "message": f"{message}.", "traceback": done.stderr[-_SHOWN_ERROR:]}
    return {"status": "failed", "cell": cell, "error": error}


def main(place: Path) -> None:
    """Run the cell that ``place`` asks for, and write what came of it there."""
    _die_with_parent()
    import numpy as np

    from osrae.benchmark.machine import code_state, machine, versions
    from osrae.benchmark.running import run_cell

    request = json.loads((place / "request.json").read_text(encoding="utf-8"))
    folder = request["folder"]
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result, arrays = run_cell(
                Cell.from_dict(request["cell"]), None if folder is None else Path(folder)
            )
        said = dict.fromkeys(f"{w.category.__name__}: {w.message}" for w in caught)
        content = {"status": "done", **result, "warnings": list(said)}
        if any(array.dtype.hasobject for array in arrays.values()):
            raise TypeError("Arrays of a result hold numbers and text only, not Python's objects.")
        np.savez_compressed(place / "arrays.npz", **arrays)  # type: ignore[arg-type]
    except Exception as error:  # whatever it is, the grid goes on and the result says it
        content = {
            "status": "failed",
            "cell": request["cell"],
            "error": {
                "type": type(error).__name__,
                "message": str(error),
                "traceback": traceback.format_exc()[-_SHOWN_ERROR:],
            },
            "made": {"machine": machine(), "versions": versions(), "code": code_state()},
        }
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    (place / "outcome.new").write_text(text, encoding="utf-8")
    (place / "outcome.new").replace(place / "outcome.json")


def _die_with_parent() -> None:
    """Let the system end this process when the one that waits for it ends, however it does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
