"""``osrae methods``."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from osrae.cli.display import console
from osrae.cli.options import NOT_TO_SET
from osrae.methods.entries import MethodEntry
from osrae.methods.parameter_docs import described_parameters
from osrae.methods.registry import available, get


def run(name: str | None) -> None:
    """Print all methods, or one with its parameters."""
    if name is None:
        console.print(_all())
        return
    entry = get(name)
    console.print(_one(entry))
    console.print(_parameters(entry))


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
    return table


def _parameters(entry: MethodEntry) -> Table:
    """Lay out what can be set, with defaults; not what the shell sets by other options."""
    described = described_parameters(type(entry.estimator()))
    table = Table(title="Parameters", title_justify="left", show_header=False, box=None)
    for name, value in sorted(entry.defaults.items()):
        if name not in NOT_TO_SET:
            kind, meaning = described.get(name, ("", ""))
            said = f"{kind}. {meaning}" if kind and meaning else kind or meaning
            table.add_row(escape(f"{name} = {value!r}"), escape(said))
    return table
