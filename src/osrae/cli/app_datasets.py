"""The commands of ``osrae datasets`` and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osrae.cli import options as o

__all__ = ["app"]

app = typer.Typer(
    help="List the benchmark's data sets, show one, or download it.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Name = Annotated[
    str, typer.Argument(metavar="NAME", help="As `osrae datasets` lists it.", show_default=False)
]


@app.callback(invoke_without_command=True)
def datasets(
    context: typer.Context,
    folder: o.DataFolder = None,
    collection: Annotated[
        bool, typer.Option("--all", help="Also list the tables of KEEL and UCI, one by one.")
    ] = False,
) -> None:
    """List the benchmark's data sets: what lies on this machine, and how to get the rest."""
    if context.invoked_subcommand is None:
        from osrae.cli.datasets import list_all

        list_all(folder, collection)


@app.command("show")
def show_dataset(
    name: _Name,
    folder: o.DataFolder = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", show_default=False,
                     help="Picture to write: .png, .svg or .pdf; NAME.png without it."),
    ] = None,
    seed: o.Seed = 0,
) -> None:  # fmt: skip
    """Say what a data set is, and draw its class distribution and samples of every class."""
    from osrae.cli.datasets import show

    show(name, folder, output, seed)


@app.command("get")
def get_dataset(name: _Name) -> None:
    """Download a data set to the cache; an interrupted download goes on where it stopped."""
    from osrae.cli.datasets import get

    get(name)
