"""The paper's tables of results, made from result files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from osrae.benchmark.measured import Store
from osrae.benchmark.tables import ablations, scores, significance
from osrae.benchmark.tables.model import Table
from osrae.errors import InputError

__all__ = ["TABLES", "PaperTable", "make_table", "table_of"]


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper.

    Attributes
    ----------
    title : str
    grid : str
        The ready grid that measures what it shows.
    make : callable
        Called with a `Store`.
    """

    title: str
    grid: str
    make: Callable[[Store], Table]


TABLES: Mapping[int, PaperTable] = {
    1: PaperTable("deep methods, balanced test part", "paper", scores.table_1),
    2: PaperTable("significance over data sets", "collection", significance.table_2),
    3: PaperTable("density and coverage of generated samples", "paper", scores.table_3),
    4: PaperTable("what each component gives", "ablation", ablations.table_4),
    5: PaperTable("size of the latent space", "latent", ablations.table_5),
    10: PaperTable("deep methods, imbalanced test part", "paper", scores.table_10),
    11: PaperTable("FID of generated samples", "paper", scores.table_11),
    12: PaperTable("area under precision-recall curves", "paper", scores.table_12),
    13: PaperTable("deep methods on tables", "paper", scores.table_13),
    14: PaperTable("classical methods, imbalanced test part", "paper", scores.table_14),
    15: PaperTable("classical methods, balanced test part", "paper", scores.table_15),
}


def make_table(number: int, store: Store) -> Table:
    """Make a table of the paper from results.

    Parameters
    ----------
    number : int
        One of `TABLES`.
    store : Store

    Returns
    -------
    Table
        What was measured, the paper's figure and the difference in every place.

    Raises
    ------
    InputError
        If there is no such table, or no result belongs in it.
    """
    known = table_of(number)
    table = known.make(store)
    if not any(value.runs or value.failed for value in table.values):
        raise InputError(
            f"There is nothing for Table {number} ({known.title}) yet. "
            f"`osrae bench run {known.grid}` measures what it shows."
        )
    return table


def table_of(number: int) -> PaperTable:
    """Return what is known of a table.

    Raises
    ------
    InputError
        If there is no such table.
    """
    if number not in TABLES:
        titles = "; ".join(f"{n} ({table.title})" for n, table in TABLES.items())
        raise InputError(f"There is no table {number} of results. There are {titles}.")
    return TABLES[number]
