"""``osrae bench``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from osrae.benchmark.cells import Cell
from osrae.benchmark.grids import make_cells, read_grid
from osrae.benchmark.renewal import outdated_settings
from osrae.benchmark.results import Result, Results
from osrae.benchmark.scheduling import Progress, run_grid
from osrae.benchmark.workers import Backend
from osrae.cli.display import console, note
from osrae.cli.options import parse_value
from osrae.cli.runs import Stopped
from osrae.errors import InputError

__all__ = ["cells_of", "report", "run"]

#: Exit code of a grid of which cells failed.
FAILED = 1

_stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def cells_of(
    grid: str | None,
    data: list[str] | None,
    methods: list[str] | None,
    presets: list[str] | None,
    seeds: list[int] | None,
    core_minutes: float | None,
    folds: int | None,
    settings: list[str] | None,
) -> list[Cell]:
    """Return the cells of a grid; flags narrow or replace what its file says.

    Raises
    ------
    InputError
        If neither a grid nor data and methods are given, or something is not as it should be.
    """
    if grid is None:
        if not data or not methods:
            raise InputError("Name a grid, or give --data and --method; `osrae bench list` helps.")
        blocks: list[dict[str, Any]] = [{"data": data, "methods": methods}]
    else:
        whole = read_grid(grid)
        _check_known(grid, "--data", data, [name for block in whole for name in block["data"]])
        _check_known(grid, "--method", methods, [_name(m) for b in whole for m in b["methods"]])
        blocks = [_narrowed(block, data, methods) for block in whole]
        blocks = [block for block in blocks if block["data"] and block["methods"]]
    given = {"presets": presets, "seeds": seeds, "core_minutes": core_minutes, "folds": folds}
    told = {name: value for name, value in given.items() if value is not None}
    values = _settings(settings)
    cells = []
    for block in blocks:
        wanted = [_with(method, values) for method in block["methods"]]
        cells += make_cells(**{**block, **told, "methods": wanted})
    if not cells:
        narrowed = " for --data and --method as given" if data or methods else ""
        raise InputError(f"The grid {grid} has no cells{narrowed}.")
    return list({cell.key: cell for cell in cells}.values())


def _check_known(grid: str, flag: str, names: list[str] | None, there: list[Any]) -> None:
    """Refuse names that a grid does not have: a slip would silently run less than was meant."""
    unknown = [name for name in names or () if name not in there]
    if unknown:
        known = ", ".join(dict.fromkeys(map(str, there)))
        raise InputError(f"{flag} {', '.join(unknown)}: the grid {grid} has {known}.")


def _narrowed(
    block: dict[str, Any], data: list[str] | None, methods: list[str] | None
) -> dict[str, Any]:
    """Keep what the flags name."""
    kept = dict(block)
    if data:
        kept["data"] = [name for name in block["data"] if name in data]
    if methods:
        kept["methods"] = [m for m in block["methods"] if _name(m) in methods]
    return kept


def _name(method: Any) -> Any:
    return method.get("label", method.get("method")) if isinstance(method, Mapping) else method


def _settings(texts: list[str] | None) -> dict[str, Any]:
    values = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"--set {text}: expected NAME=VALUE.")
        values[name] = parse_value(value)
    return values


def _with(method: Any, settings: dict[str, Any]) -> Any:
    if not settings:
        return method
    told = dict(method) if isinstance(method, Mapping) else {"method": method}
    own = told.get("settings", {})
    # What is no mapping stays, and is refused with the rest of the grid.
    return {**told, "settings": {**own, **settings} if isinstance(own, Mapping) else own}


def run(
    cells: list[Cell],
    results: Path,
    folder: Path | None,
    jobs: int,
    threads: int | None,
    backend: Backend,
    address: str | None,
    retry_failed: bool,
    renew: bool,
    quiet: bool,
) -> None:
    """Run what is missing of a grid, and say what came of it."""
    if folder is not None and not folder.exists():
        raise InputError(f"--folder {folder} does not exist; name the folder that holds the data.")
    store = Results(results)
    with _display(quiet) as report:
        try:
            progress = run_grid(
                cells, store, folder=folder, jobs=jobs, threads=threads, backend=backend,
                address=address, retry_failed=retry_failed, renew=renew, report=report,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise Stopped(
                f"Stopped; results so far are in {results}. The same command goes on with the rest."
            ) from None
    console.print(_said(progress, results), markup=False)
    there = [result for cell in cells if (result := store.get(cell)) is not None]
    _tell_outdated(there)
    on_disk = {result.cell.key: result for result in there if not result.done}
    failed = on_disk | {result.cell.key: result for result in progress.failures}
    for result in failed.values():
        error = result.content["error"]
        console.print(f"failed: {result.cell}: {error['type']}: {error['message']}", markup=False)
    if on_disk:
        console.print("--retry-failed runs these again.")
    if len(failed) > len(on_disk):
        console.print("Of what --renew ran, earlier results stay; it runs what failed again.")
    if failed:
        sys.exit(FAILED)


def _tell_outdated(results: list[Result]) -> None:
    """Say which results were made with other settings than their presets have today."""
    outdated: dict[str, int] = {}
    for result in results:
        names = outdated_settings(result)
        if names:
            what = f"{result.cell.title}: {', '.join(names)}"
            outdated[what] = outdated.get(what, 0) + 1
    if outdated:
        told = "; ".join(f"{n} of {what}" for what, n in outdated.items())
        note(f"Results with other settings than the presets have today ({told}). --renew runs "
             "their cells again.")  # fmt: skip


def _said(progress: Progress, results: Path) -> str:
    there = f", {progress.there} were there" if progress.there else ""
    failed = f", {progress.failed} failed" if progress.failed else ""
    return f"{progress.done} cells done{failed}{there}. Results: {results}"


@contextmanager
def _display(quiet: bool) -> Iterator[Any]:
    """Show a bar over the whole grid, and a line for every cell that comes in."""
    if quiet:
        yield lambda progress: None
        return
    bar = Bar(
        TextColumn("cells"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[state]}"),
        console=_stderr,
    )  # fmt: skip
    task = bar.add_task("cells", total=None, state="")
    with ExitStack() as stack:
        live = Live(bar, console=_stderr, refresh_per_second=2)

        def report(progress: Progress) -> None:
            # Only now is it known that all cells can be run. Without a terminal there is no bar:
            # lines say how far the grid is.
            if _stderr.is_terminal and not live.is_started:
                stack.enter_context(live)
            bar.update(task, total=progress.total, completed=progress.finished,
                       state=_state(progress))  # fmt: skip
            if progress.latest is not None:
                state = "" if _stderr.is_terminal else f" ({_place(progress)})"
                _stderr.print(_line(progress.latest) + state)

        yield report


def _state(progress: Progress) -> str:
    parts = [f"{progress.workers} at a time"] if progress.workers > 1 else []
    parts += [f"{progress.failed} failed"] if progress.failed else []
    parts += [f"{progress.there} were there"] if progress.there else []
    left = progress.seconds_left
    if left is not None and progress.finished < progress.total:
        parts.append(f"about {_duration(left)} left")
    return ", ".join(parts)


def _place(progress: Progress) -> str:
    state = _state(progress)
    return f"{progress.finished} of {progress.total} cells{f', {state}' if state else ''}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min" if minutes else f"{round(seconds)} s"


def _line(result: Result) -> str:
    if not result.done:
        error = result.content["error"]
        return escape(f"failed: {result.cell}: {error['type']}: {error['message'][:200]}")
    score = result.score()
    acsa = "none" if score is None else f"{100 * score:.2f} %"
    cost = result.content["cost"]["training"]["wall_seconds"]
    return escape(f"{result.cell}: ACSA {acsa}, training {_duration(cost)}")


def report(results: list[Path], output: Path, title: str) -> None:
    """Write the report on all results in some folders."""
    from osrae.benchmark.measured import read_results
    from osrae.report.grid import grid_report
    from osrae.report.render import check_report_path, write_report

    check_report_path(output)
    command = shlex.join(["osrae", *sys.argv[1:]])
    write_report(grid_report(read_results(results), title=title, command=command), output)
    note(f"Report: {output}")
