"""Running the cells of a grid that are missing, here or on a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from joblib import Parallel, delayed

from osrae.benchmark.cells import Cell
from osrae.benchmark.grids import check_cells
from osrae.benchmark.outcomes import Outcome
from osrae.benchmark.renewal import outdated_settings
from osrae.benchmark.results import Result, Results
from osrae.benchmark.workers import Backend, Pool, workers
from osrae.errors import InputError, OsraeError

__all__ = ["Progress", "run_grid"]

#: How often a pool of workers may break without a single result, before the grid gives up.
_BREAKS = 3


@dataclass
class Progress:
    """How far a grid is.

    Attributes
    ----------
    total : int
        Cells to run; those that were there before do not count.
    there : int
        Cells that were there before.
    done : int
    failures : list of Result
        What failed now. Where there was a result before, that one stays on disk.
    latest : Result or None
        The one that came in last.
    workers : int
        Cells that run at a time.
    started : float
        `time.monotonic` of the start.
    """

    total: int
    there: int
    workers: int = 1
    done: int = 0
    failures: list[Result] = field(default_factory=list)
    latest: Result | None = None
    started: float = field(default_factory=time.monotonic)

    def count(self, result: Result) -> None:
        """Take in what has come."""
        self.latest = result
        if result.done:
            self.done += 1
        else:
            self.failures.append(result)

    @property
    def failed(self) -> int:
        """Cells that failed now."""
        return len(self.failures)

    @property
    def finished(self) -> int:
        """Cells that came to an end, one way or the other."""
        return self.done + self.failed

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the pace so far; None before there is one."""
        if not self.finished:
            return None
        elapsed = time.monotonic() - self.started
        return elapsed / self.finished * (self.total - self.finished)


def run_grid(
    cells: Sequence[Cell],
    results: Results,
    *,
    folder: Path | None = None,
    jobs: int = 1,
    threads: int | None = None,
    backend: Backend = "local",
    address: str | None = None,
    retry_failed: bool = False,
    renew: bool = False,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Run the cells that have no result yet, each in a process of its own.

    A result is written when it comes in, so a grid that is stopped, however, goes on where it was;
    on this machine, in the middle of a cell, too, see `osrae.benchmark.sittings`. A cell that fails
    is recorded with its error, and the rest goes on. A cell whose process or worker is killed is
    started again, once.

    Parameters
    ----------
    cells : sequence of Cell
    results : Results
    folder : Path or None
        Where the data lie; on a cluster, on every machine of it.
    jobs : int, default=1
        Cells that run at a time on this machine; a cluster that ``address`` names decides itself.
    threads : int or None
        Threads of each; None is the machine's cores shared out among the jobs, and 1 on a cluster
        that ``address`` names.
    backend : {"local", "dask", "ray"}, default="local"
        Where: here, or on a cluster, which must have osrae installed.
    address : str or None
        Of the cluster's scheduler; None starts one on this machine, with ``jobs`` workers.
    retry_failed : bool
        Whether cells that failed before are run again.
    renew : bool
        Whether those are whose presets have other settings today, see
        `osrae.benchmark.renewal.outdated_settings`.
    report : callable
        Called with a `Progress` at the start and whenever a result comes in.

    Raises
    ------
    InputError
        Before anything runs: for a cell that could not be run, a folder that results cannot be
        written to, a library that is missing, or a cluster that does not answer.
    OsraeError
        If workers die again and again without any result.
    """
    if backend not in get_args(Backend):
        raise InputError(f"backend={backend!r}: expected one of {', '.join(get_args(Backend))}.")
    if backend == "local" and address is not None:
        raise InputError(f"address={address!r} is for the backends dask and ray.")
    check_cells(cells)
    missing = [cell for cell in cells if _is_missing(cell, results, retry_failed, renew)]
    progress = Progress(total=len(missing), there=len(cells) - len(missing), workers=jobs)
    if missing:
        results.prepare()
    report(progress)
    if not missing:
        return progress

    def came_meanwhile(cell: Cell) -> bool:
        """Say whether somebody else has run a cell, and count it as there."""
        there = not _is_missing(cell, results, retry_failed, renew)
        progress.there += there
        progress.total -= there
        return there

    with workers(backend, address, jobs) as pool:
        progress.workers = pool.size
        own = threads or pool.threads
        for outcome in _outcomes(missing, pool, folder, own, results, came_meanwhile):
            result = results.write(outcome)
            if result.done:
                results.forget_unfinished(result.cell)
            progress.count(result)
            report(progress)
    results.tidy()
    return progress


def _is_missing(cell: Cell, results: Results, retry_failed: bool, renew: bool) -> bool:
    result = results.get(cell)
    if result is None or (retry_failed and not result.done):
        return True
    return renew and bool(outdated_settings(result))


def _outcomes(
    cells: Sequence[Cell],
    pool: Pool,
    folder: Path | None,
    threads: int,
    results: Results,
    came_meanwhile: Callable[[Cell], bool],
) -> Iterator[Outcome]:
    """Yield what comes of every cell, in whatever order; if the pool breaks, go on with the rest.

    A cell that came meanwhile, before its turn, is not run.

    Threads of this process wait for the cells, so that results are here as soon as they are made.
    """
    waiting = {cell.key: cell for cell in cells}
    place = None if folder is None else str(folder.absolute())
    breaks = 0

    def tasks() -> Iterator[Any]:
        for key, cell in list(waiting.items()):
            if came_meanwhile(cell):
                del waiting[key]
            else:
                unfinished = str(results.unfinished(cell).absolute())
                yield delayed(pool.run)(cell.to_dict(), place, threads, unfinished)

    while waiting:
        run = Parallel(pool.size, backend="threading", return_as="generator_unordered",
                       pre_dispatch="n_jobs", batch_size=1)  # fmt: skip
        try:
            for outcome in run(tasks()):
                del waiting[Cell.from_dict(outcome.content["cell"]).key]
                breaks = 0
                yield outcome
        except Exception as error:  # what a broken cluster raises is its library's own
            if isinstance(error, OsraeError):
                raise
            breaks += 1
            if breaks == _BREAKS:
                raise OsraeError(
                    f"The workers broke {breaks} times without a result "
                    f"({type(error).__name__}: {error}). {len(waiting)} cells are left; the same "
                    "command goes on with them."
                ) from error
