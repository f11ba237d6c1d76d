"""The commands of ``osrae bench`` and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osrae.benchmark.workers import Backend
from osrae.cli import options as o

__all__ = ["app"]

app = typer.Typer(
    help="Run grids of experiments; make the paper's tables and figures of their results.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)

_Results = Annotated[
    Path, typer.Option("--results", metavar="FOLDER", help="Where results lie, a file each.")
]


@app.command("run")
def bench_run(
    grid: Annotated[
        str | None,
        typer.Argument(metavar="[GRID]", show_default=False,
                       help="A YAML file, or a name of `osrae bench list`. Without it, --data and "
                       "--method."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", show_default=False,
                     help="A data set of `osrae datasets`; of a grid, only these. Repeatable."),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option("--method", metavar="NAME", show_default=False,
                     help="A method of `osrae methods`, or SAMPLER+CLASSIFIER, as "
                     "smote+gradient-boosting; of a grid, only these. May be repeated."),
    ] = None,
    preset: Annotated[
        list[str] | None, typer.Option(help="May be repeated.", show_default=False)
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option(min=0, help="May be repeated.", show_default=False)
    ] = None,
    core_minutes: Annotated[
        float | None,
        typer.Option(help="Processor time of the training of each cell, in minutes of one core: "
                     "20 is 10 minutes of two cores. Without it, the presets' lengths.",
                     show_default=False),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(help="Cross-validation of so many folds in place of the data's test parts.",
                     show_default=False),
    ] = None,
    others: o.Set = None,
    results: _Results = Path("results"),
    folder: o.DataFolder = None,
    jobs: Annotated[int, typer.Option(min=1, help="Cells that run at a time.")] = 1,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads of a cell; without it, the cores shared out among jobs.",
                     show_default=False),
    ] = None,
    backend: Annotated[
        Backend, typer.Option(help="This machine, or a cluster.")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="Of the cluster; without it, one of --jobs workers is started here.",
                     show_default=False),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Also run cells again that failed before.")
    ] = False,
    renew: Annotated[
        bool,
        typer.Option("--renew", help="Also run cells again whose presets have changed since."),
    ] = False,
    quiet: o.Quiet = False,
) -> None:  # fmt: skip
    """Run the cells of a grid that have no result yet.

    A cell is a method on a data set with a seed. Its result is a file; a grid
    that was stopped goes on where it was, also in the middle of a cell, and a
    cell that fails is recorded.
    """
    from osrae.cli.bench import cells_of, run

    cells = cells_of(grid, data, method, preset, seed, core_minutes, folds, others)
    run(cells, results, folder, jobs, threads, backend, address, retry_failed, renew, quiet)


@app.command("report")
def bench_report(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Report to write: .html.")
    ],
    results: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", show_default=False,
                     help="Where results lie; may be repeated. Without it, results."),
    ] = None,
    title: Annotated[str, typer.Option(help="What stands above it.")] = "Benchmark",
) -> None:  # fmt: skip
    """Write one HTML file on all results: scores, ranks, recall of every class, cost."""
    from osrae.cli.bench import report

    report(results or [Path("results")], output, title)


_Folders = Annotated[
    list[Path] | None,
    typer.Option("--results", metavar="FOLDER", show_default=False,
                 help="Where results lie; several folders count as one. May be repeated; "
                 "results without it."),
]  # fmt: skip


_TableFile = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", show_default=False,
                 help="File to write: .md, .tex, .csv, .png or .svg; without it, printed."),
]  # fmt: skip


@app.command("table")
def bench_table(
    number: Annotated[int, typer.Argument(metavar="N", help="Number in the paper.")],
    results: _Folders = None,
    output: _TableFile = None,
) -> None:
    """Make a table of the paper from results.

    Measured, the paper's figure and the difference; the best in bold. What was
    not measured is a dash. Notes say how everything was measured.
    """
    from osrae.cli.bench_show import show

    show(number, results or [Path("results")], output)


@app.command("ranks")
def bench_ranks(
    results: _Folders = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="METHOD", show_default=False,
                     help="Compare each method with this one; without it, with the first."),
    ] = None,
    score: Annotated[
        str, typer.Option(help="What to rank by: acsa, gm, f1 or mauprc_ova.")
    ] = "acsa",
    sources: Annotated[
        bool,
        typer.Option("--sources", help="Count data sets that are made of the same rows as one."),
    ] = False,
    output: _TableFile = None,
) -> None:  # fmt: skip
    """Rank methods over all data sets that there are results on.

    Mean ranks with those that cannot be told apart from the best, and each method
    beside one of them: test of ranks, Bayesian signed-rank test. Your own grid
    and methods, too.
    """
    from osrae.cli.bench_show import show_ranks

    show_ranks(results or [Path("results")], against, score, sources, output)


@app.command("against")
def bench_against(
    method: Annotated[
        str, typer.Argument(help="What tables call it, as rae, or 'rae (preset=strong)'.")
    ],
    results: _Folders = None,
    output: _TableFile = None,
) -> None:
    """Compare every method with METHOD, data set by data set.

    The difference of ACSA with an interval that allows for other test rows and
    other seeds. For many data sets, ranks say more.
    """
    from osrae.cli.bench_show import show_against

    show_against(method, results or [Path("results")], output)


@app.command("figure")
def bench_figure(
    number: Annotated[int, typer.Argument(metavar="N", help="Number in the paper.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Picture: .png or .svg.")
    ],
    results: _Folders = None,
    folder: o.DataFolder = None,
) -> None:
    """Draw a figure of the paper from results."""
    from osrae.cli.bench_show import draw

    draw(number, results or [Path("results")], output, folder)


@app.command("list")
def bench_list() -> None:
    """List the ready grids, and the tables and figures that there are."""
    from osrae.cli.bench_show import list_all

    list_all()
