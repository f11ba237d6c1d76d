"""What ``osrae bench`` shows of results: tables, ranks, figures, and what there is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from osrae.benchmark.figures import FIGURES, figure_of, make_figure
from osrae.benchmark.grids import ready_grids
from osrae.benchmark.measured import Store, read_results
from osrae.benchmark.rendering import SUFFIXES, to_terminal, write_table
from osrae.benchmark.tables import TABLES, make_table, table_of
from osrae.benchmark.tables.against import against_table
from osrae.benchmark.tables.model import Table as PaperTable
from osrae.benchmark.tables.ranks import ranks_table
from osrae.cli.display import console, note
from osrae.cli.runs import check_output_file
from osrae.datasets import load_split
from osrae.errors import InputError
from osrae.storage import atomic_file, explain_os_errors

__all__ = ["draw", "list_all", "show", "show_against", "show_ranks"]

#: Training pictures of a class that are drawn beside generated ones.
_REAL = 10
#: More letters than any table has in a line.
_WIDEST = 1000


def list_all() -> None:
    """Print the ready grids, and the tables and figures that are made of results."""
    rows = [
        *((f"grid {name}", about) for name, about in ready_grids().items()),
        *((f"table {n}", f"{table.title}; grid {table.grid}") for n, table in TABLES.items()),
        *((f"figure {n}", f"{figure.title}; grid {figure.grid}") for n, figure in FIGURES.items()),
    ]
    table = Table(box=box.SIMPLE_HEAD, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for number, (name, about) in enumerate(rows):
        if number and name.split()[0] != rows[number - 1][0].split()[0]:
            table.add_section()
        table.add_row(escape(name), escape(about))
    console.print(table)
    console.print("osrae bench run GRID measures; table N, figure N, ranks, against METHOD show.")


def show(number: int, results: list[Path], output: Path | None) -> None:
    """Print a table of the paper, or write it to a file."""
    table_of(number)
    _show(lambda store: make_table(number, store), results, output)


def show_ranks(
    results: list[Path], against: str | None, score: str, sources: bool, output: Path | None
) -> None:
    """Print ranks over data sets, or write them to a file."""
    _show(lambda store: ranks_table(store, against, score, sources), results, output)


def show_against(method: str, results: list[Path], output: Path | None) -> None:
    """Print every method beside one of them, or write that to a file."""
    _show(lambda store: against_table(store, method), results, output)


def _show(make: Callable[[Store], PaperTable], results: list[Path], output: Path | None) -> None:
    if output is not None:
        check_output_file(output, SUFFIXES)
    table = make(read_results(results))
    if output is not None:
        write_table(table, output)
        console.print(f"Written to {escape(str(output))}.")
        return
    # A file or another programme takes lines of any length: no number is broken there.
    wide = console if console.is_terminal else Console(width=_WIDEST, highlight=False)
    wide.print(to_terminal(table))
    for text in table.notes:
        console.print(text, markup=False)


def draw(number: int, results: list[Path], output: Path, folder: Path | None) -> None:
    """Draw a figure of the paper."""
    data = figure_of(number).data
    check_output_file(output, (".png", ".svg"))
    store = read_results(results)
    figure = make_figure(number, store, _real(data, folder) if data in store.data else None)
    with explain_os_errors(output), atomic_file(output) as path:
        figure.savefig(path)
    console.print(f"Drawn in {escape(str(output))}.")


def _real(data: str, folder: Path | None) -> dict[str, np.ndarray] | None:
    """Return training pictures of every class, if the data lie on this machine."""
    try:
        split = load_split(data, folder, download=False)
    except InputError as error:
        note(f"Drawn without real pictures: {error}")
        return None
    return {
        str(label): split.X_train[np.flatnonzero(split.y_train == label)[:_REAL]]
        for label in np.unique(split.y_train)
    }
