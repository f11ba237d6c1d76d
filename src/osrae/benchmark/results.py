"""Results on disk: a file for each cell, written whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from osrae.benchmark.cells import Cell
from osrae.benchmark.outcomes import Outcome
from osrae.errors import InputError
from osrae.storage import atomic_file, check_parent, explain_os_errors

__all__ = ["OF_A_RUN", "Result", "Results"]

#: Counted up when a reader of today could not read what is written tomorrow.
FORMAT_VERSION = 1
_UNFINISHED = "unfinished"

#: Settings that differ between the seeds of one budget.
OF_A_RUN = frozenset({"max_steps", "random_state", "n_autoencoders"})
#: The seed of an estimator inside of another, in the text of it.
_INNER_SEED = re.compile(r"random_state=\d+")


@dataclass(frozen=True)
class Result:
    """What is known of one cell.

    Attributes
    ----------
    cell : Cell
    content : dict
        See `osrae.benchmark.running.run_cell` and `osrae.benchmark.outcomes.Outcome`.
    path : Path
        Its JSON file; arrays lie beside it.
    """

    cell: Cell
    content: dict[str, Any]
    path: Path

    @property
    def done(self) -> bool:
        """Whether the cell was measured; if not, ``content["error"]`` says why."""
        return self.content["status"] == "done"

    @property
    def came_to(self) -> str:
        """Text of the settings that the presets came to, without length of run and seed."""
        stages = self.content.get("stages") or []
        told = [
            {name: value for name, value in stage["settings"].items() if name not in OF_A_RUN}
            for stage in stages
        ]
        return _INNER_SEED.sub("random_state=None", json.dumps(told, sort_keys=True))

    def score(self, name: str = "acsa", test: str | None = None) -> float | None:
        """Return a score on a test part, by default on the main one; None if it has none."""
        if not self.done:
            return None
        part = self.content["tests"].get(test or self.content["main_test"], {})
        return part.get("summary", {}).get(name)

    def arrays(self) -> dict[str, np.ndarray]:
        """Read predictions, samples and latent vectors; empty if they were not kept."""
        path = self.path.with_suffix(".npz")
        if not path.exists():
            return {}
        with np.load(path, allow_pickle=False) as file:
            return dict(file)


class Results:
    """A folder of results.

    Parameters
    ----------
    folder : Path
        Need not exist. Files lie in it as ``DATA/METHOD-KEY.json``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder, before any long work.

        Raises
        ------
        InputError
            If that cannot be done, or nothing may be written to it.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"{self.folder} is a file; results need a folder.")
        with explain_os_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        check_parent(self.folder / "result")

    def path(self, cell: Cell) -> Path:
        """Return where the result of a cell belongs."""
        data = cell.data.replace("/", "-")
        return self.folder / data / f"{cell.method}-{cell.key}.json"

    def unfinished(self, cell: Cell) -> Path:
        """Return the folder for what an interrupted training of a cell is gone on with from."""
        return self.folder / _UNFINISHED / cell.key

    def forget_unfinished(self, cell: Cell) -> None:
        """Remove what was kept of a cell's training."""
        shutil.rmtree(self.unfinished(cell), ignore_errors=True)

    def tidy(self) -> None:
        """Remove the folder of unfinished trainings if there are none."""
        with suppress(OSError):  # it is not empty, or was never made
            (self.folder / _UNFINISHED).rmdir()

    def get(self, cell: Cell) -> Result | None:
        """Return the result of a cell if there is one."""
        path = self.path(cell)
        return _read(path) if path.exists() else None

    def write(self, outcome: Outcome) -> Result:
        """Keep what came of a cell; an earlier result of it is replaced, unless this one failed.

        Raises
        ------
        InputError
            If it cannot be written; an earlier result is then still there.
        """
        cell = Cell.from_dict(outcome.content["cell"])
        content = {"format": "osrae result", "format_version": FORMAT_VERSION, "key": cell.key}
        content |= outcome.content
        path = self.path(cell)
        new = Result(cell, content, path)
        before = None if new.done else self.get(cell)
        if before is not None and before.done:
            return new
        with explain_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if outcome.arrays:
                with atomic_file(path.with_suffix(".npz")) as temporary:
                    temporary.write_bytes(outcome.arrays)
            with atomic_file(path) as temporary:  # last: where it is, everything is
                text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
                temporary.write_text(text + "\n", encoding="utf-8")
        return new

    def __iter__(self) -> Iterator[Result]:
        """Read all results, by data set and method."""
        for path in sorted(self.folder.glob("*/*.json")):
            if not path.name.startswith("."):
                yield _read(path)


def _read(path: Path) -> Result:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cell = Cell.from_dict(content["cell"])
        found = content["format_version"]
        status = content["status"] if found == FORMAT_VERSION else "done"
        if status not in ("done", "failed"):
            raise ValueError(f"status {status!r}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no result of osrae bench ({type(error).__name__}: {error}). Move it out of "
            "the folder of results, or delete it and run its cell again."
        ) from error
    if found != FORMAT_VERSION:
        raise InputError(
            f"{path} has format version {found}; this osrae reads {FORMAT_VERSION}. Run its cell "
            "again, or use the osrae that wrote it."
        )
    return Result(cell, content, path)
