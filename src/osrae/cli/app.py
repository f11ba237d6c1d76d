"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osrae.benchmark.workers import Backend
from osrae.cli import options as o

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Classification with rare classes: train, predict, and write balanced data.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from osrae import __version__

        typer.echo(f"osrae {__version__}")
        raise typer.Exit


@app.callback()
def _shared(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Classification with rare classes: train, predict, and write balanced data."""


@app.command()
def fit(
    data: o.Data,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="MODEL", help="Folder of the model.")
    ],
    target: o.Target = None,
    baseline: Annotated[
        bool,
        typer.Option("--baseline", help="Train the same network without oversampling beside it."),
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", show_default=False,
                     help="Also write a report to look at: one HTML file."),
    ] = None,
    test_fraction: Annotated[
        float, typer.Option(help="Share of every class that is held out and scored; 0 is none.")
    ] = 0.2,
    size: o.Size = None,
    method: o.Method = "rae",
    preset: o.Preset = "default",
    encoder: o.Encoder = None,
    latent_dim: o.LatentDim = None,
    mixture_size: o.MixtureSize = None,
    mixing: o.Mixing = None,
    class_sampling: o.ClassSampling = None,
    augmentation: o.Augmentation = None,
    max_steps: o.MaxSteps = None,
    batch_size: o.BatchSize = None,
    learning_rate: o.LearningRate = None,
    categorical: o.Categorical = None,
    others: o.Set = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    resume: o.Resume = False,
    quiet: o.Quiet = False,
) -> None:  # fmt: skip
    """Train a classifier, score it on held-out data, and save it.

    With a sampler as --method, ResNet-18 (tables: a small network) is trained
    on its result. Options are the sampler's, and --max-steps is for both;
    --set classifier.NAME=VALUE is for the network (`osrae methods plain` lists
    its parameters), as in --set classifier.learning_rate=0.01.

    Options that show no default take the preset's value. Ctrl-C saves the
    model as it is; --resume goes on with a run that was stopped or killed.
    """
    from osrae.cli.fit import run

    options = o.MethodOptions(
        method, preset, encoder, latent_dim, mixture_size, mixing, class_sampling, augmentation,
        max_steps, batch_size, learning_rate, categorical, seed, device, quiet, others,
    )  # fmt: skip
    run(data, target, output, o.parse_size(size), options, test_fraction, baseline, report, resume)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Folder that osrae fit wrote.")],
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A table, or a folder, .zip or .tar with pictures, nested at will.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="Table to write: .csv or .parquet."),
    ],
    priors: Annotated[
        str | None,
        typer.Option(help="Class frequencies to predict for: balanced, or train for those of the "
                     "training data. Without it, those that the model was trained to predict for.",
                     show_default=False),
    ] = None,
    device: o.Device = "auto",
) -> None:  # fmt: skip
    """Predict classes and their probabilities.

    Pictures are brought to the size that the model was trained on.
    """
    from osrae.cli.predict import run

    run(model, data, output, priors, device)


@app.command()
def resample(
    data: o.Data,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUT",
                     help="Table to write, or folder for pictures."),
    ],
    target: o.Target = None,
    strategy: Annotated[
        str,
        typer.Option(
            help="Classes to add to: auto (all but the most common), minority, 'not minority', "
            "all, or for two classes the ratio to reach."
        ),
    ] = "auto",
    count: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS=N", show_default=False,
                     help="Samples of a class after resampling; may be repeated."),
    ] = None,
    size: o.Size = None,
    method: o.Method = "rae-sampler",
    preset: o.Preset = "default",
    encoder: o.Encoder = None,
    latent_dim: o.LatentDim = None,
    mixture_size: o.MixtureSize = None,
    mixing: o.Mixing = None,
    class_sampling: o.ClassSampling = None,
    augmentation: o.Augmentation = None,
    max_steps: o.MaxSteps = None,
    batch_size: o.BatchSize = None,
    learning_rate: o.LearningRate = None,
    categorical: o.Categorical = None,
    others: o.Set = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    resume: o.Resume = False,
    quiet: o.Quiet = False,
) -> None:  # fmt: skip
    """Write the data with new samples of the rare classes.

    A table gets a column "synthetic" that marks new rows; pictures get a
    manifest.csv. mc-ccr moves rows that you have, too, and a column "moved"
    marks these. Resample training data only: copies of test rows in it flatter
    every method.
    """
    from osrae.cli.resample import run

    options = o.MethodOptions(
        method, preset, encoder, latent_dim, mixture_size, mixing, class_sampling, augmentation,
        max_steps, batch_size, learning_rate, categorical, seed, device, quiet, others,
    )  # fmt: skip
    run(data, target, output, o.parse_size(size), options, strategy, count, resume)


@app.command()
def compare(
    data: o.Data,
    target: o.Target = None,
    budget: Annotated[
        str, typer.Option(metavar="TIME", help="For everything, about: 90s, 10m, 1h.")
    ] = "10m",
    method: Annotated[
        list[str] | None,
        typer.Option("--method", metavar="NAME", show_default=False,
                     help="A method of `osrae methods`, or SAMPLER+CLASSIFIER, as "
                     "smote+gradient-boosting; may be repeated. Without it, all that take such "
                     "data."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Report to write: .html.", show_default=False),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Ranking to write: .csv.", show_default=False),
    ] = None,
    rope: Annotated[
        float,
        typer.Option(help="A difference of ACSA of this size or less makes no difference in "
                     "practice; 0.01 is one point."),
    ] = 0.01,
    size: o.Size = None,
    seed: o.Seed = 0,
    quiet: o.Quiet = False,
) -> None:  # fmt: skip
    """Say which method to use on your data.

    Cross-validation of many methods on the same folds, resampling inside the
    folds only. A plain model, class weights and gradient boosting always take
    part. Ctrl-C shows what has run until then.
    """
    from osrae.cli.compare import run

    run(data, target, o.parse_size(size), method, budget, rope, report, table, seed, quiet)


@app.command()
def info(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Folder that osrae fit wrote.")],
) -> None:
    """Say what a model is: classes, data, settings, scores, versions."""
    from osrae.cli.info import run

    run(model)


@app.command()
def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for what it makes.")
    ] = Path("osrae-demo"),
    seed: o.Seed = 0,
) -> None:
    """Train on long-tailed digits, compare, and draw pictures: about two minutes."""
    from osrae.cli.demo import run

    run(output, seed)


@app.command()
def methods(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Show one with its parameters.", show_default=False),
    ] = None,
) -> None:
    """List the methods: what they are, what data they take, where they were published."""
    from osrae.cli.methods import run

    run(name)


_datasets = typer.Typer(
    help="List the benchmark's data sets, show one, or download it.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(_datasets, name="datasets")

_Name = Annotated[
    str, typer.Argument(metavar="NAME", help="As `osrae datasets` lists it.", show_default=False)
]
_Folder = Annotated[
    Path | None,
    typer.Option(help="Folder that holds the data; else OSRAE_DATA, ../shared/data, the cache.",
                 show_default=False),
]  # fmt: skip


@_datasets.callback(invoke_without_command=True)
def datasets(
    context: typer.Context,
    folder: _Folder = None,
    collection: Annotated[
        bool, typer.Option("--all", help="Also list the tables of KEEL and UCI, one by one.")
    ] = False,
) -> None:
    """List the benchmark's data sets: what lies on this machine, and how to get the rest."""
    if context.invoked_subcommand is None:
        from osrae.cli.datasets import list_all

        list_all(folder, collection)


@_datasets.command("show")
def show_dataset(
    name: _Name,
    folder: _Folder = None,
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


@_datasets.command("get")
def get_dataset(name: _Name) -> None:
    """Download a data set to the cache; an interrupted download goes on where it stopped."""
    from osrae.cli.datasets import get

    get(name)


_bench = typer.Typer(
    help="Run grids of experiments; make the paper's tables and figures of their results.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
app.add_typer(_bench, name="bench")

_Results = Annotated[
    Path, typer.Option("--results", metavar="FOLDER", help="Where results lie, a file each.")
]


@_bench.command("run")
def bench_run(
    grid: Annotated[
        str | None,
        typer.Argument(metavar="[GRID]", show_default=False,
                       help="A YAML file, or a name of `osrae bench list`. Without it, --data and "
                       "--methods."),
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
    folder: _Folder = None,
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
    quiet: o.Quiet = False,
) -> None:  # fmt: skip
    """Run the cells of a grid that have no result yet.

    A cell is a method on a data set with a seed. Its result is a file; a grid
    that was stopped goes on where it was, and a cell that fails is recorded.
    """
    from osrae.cli.bench import cells_of, run

    cells = cells_of(grid, data, method, preset, seed, core_minutes, folds, others)
    run(cells, results, folder, jobs, threads, backend, address, retry_failed, quiet)


@_bench.command("report")
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


@_bench.command("table")
def bench_table(
    number: Annotated[int, typer.Argument(metavar="N", help="Number in the paper.")],
    results: _Folders = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", show_default=False,
                     help="File to write: .md, .tex, .csv, .png or .svg; without it, printed."),
    ] = None,
    folder: _Folder = None,
) -> None:  # fmt: skip
    """Make a table of the paper from results.

    Measured, the paper's figure and the difference; the best in bold. What was
    not measured is a dash. Notes say how everything was measured.
    """
    from osrae.cli.bench_show import show

    show(number, results or [Path("results")], output, folder)


@_bench.command("figure")
def bench_figure(
    number: Annotated[int, typer.Argument(metavar="N", help="Number in the paper.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Picture: .png or .svg.")
    ],
    results: _Folders = None,
    folder: _Folder = None,
) -> None:
    """Draw a figure of the paper from results."""
    from osrae.cli.bench_show import draw

    draw(number, results or [Path("results")], output, folder)


@_bench.command("list")
def bench_list() -> None:
    """List the ready grids, and the tables and figures that there are."""
    from osrae.cli.bench_show import list_all

    list_all()
