"""``osrae methods``."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from osrae.cli.display import console
from osrae.cli.options import NOT_TO_SET
from osrae.data.description import DataKind
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
    lengths = {data: _length(entry, data) for data in entry.data}
    if any(lengths.values()):
        table.add_row("training", _value(lengths))
    factory = entry.factory
    table.add_row("in Python", f"{factory.__module__}.{factory.__qualname__}")
    return table


def _parameters(entry: MethodEntry) -> Table:
    """Lay out what can be set, with defaults; not what the shell sets by other options."""
    described = described_parameters(type(entry.estimator()))
    by_data = {data: entry.defaults_for(data) for data in entry.data}
    table = Table(title="Parameters", title_justify="left", show_header=False, box=None)
    for name in sorted(entry.defaults):
        if name not in NOT_TO_SET:
            kind, meaning = described.get(name, ("", ""))
            said = f"{kind}. {meaning}" if kind and meaning else kind or meaning
            value = _value({data: repr(values[name]) for data, values in by_data.items()})
            table.add_row(escape(f"{name} = {value}"), escape(said))
    return table


def _length(entry: MethodEntry, data: DataKind) -> str:
    """Say how long the method trains on such data, if it trains and nothing shortens it."""
    estimator = entry.estimator()
    presets = getattr(estimator, "_presets", None)
    if not presets:
        return ""
    settings = presets[estimator.preset][data]
    least = f", at least {settings.least_steps:,} steps" if settings.least_steps else ""
    return f"{settings.epochs:g} passes over the data{least}"


def _value(by_data: dict[DataKind, str]) -> str:
    """Join what holds for each kind of data, where that makes a difference."""
    if len(set(by_data.values())) == 1:
        return next(iter(by_data.values()))
    return ", ".join(f"{value} ({data})" for data, value in by_data.items())
