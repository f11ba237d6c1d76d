"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osrae.cli import app_bench, app_datasets
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
            "all, or for two classes the ratio to reach; of amdo also partial, the published rule."
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


app.add_typer(app_datasets.app, name="datasets")
app.add_typer(app_bench.app, name="bench")
