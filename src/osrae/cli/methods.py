"""``osrae methods``."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from osrae.cli.display import console
from osrae.methods.entries import MethodEntry
from osrae.methods.registry import available, get


def run(name: str | None) -> None:
    """Print all methods, or one with its parameters."""
    console.print(_all() if name is None else _one(get(name)))


def _all() -> Table:
    table = Table(title="Methods", caption="osrae methods NAME shows the paper and the parameters.")
    for title in ("name", "kind", "data", "what it is"):
        table.add_column(title, no_wrap=title != "what it is")
    for entry in available():
        data = "tables" if entry.data == ("tables",) else "all"
        table.add_row(entry.name, entry.kind, data, escape(entry.title))
    return table


def _one(entry: MethodEntry) -> Table:
    table = Table(show_header=False, box=None)
    table.add_row("method", f"{entry.name}: {entry.title}")
    table.add_row("kind", entry.kind)
    table.add_row("data", " and ".join(entry.data))
    table.add_row("paper", escape(entry.paper))
    factory = entry.factory
    table.add_row("in Python", f"{factory.__module__}.{factory.__qualname__}")
    for number, (name, value) in enumerate(sorted(entry.defaults.items())):
        table.add_row("" if number else "defaults", escape(f"{name} = {value!r}"))
    return table
