"""Options that commands share, and what their text means."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from osrae.errors import InputError
from osrae.methods.entries import MethodEntry

Data = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="A table (.csv, .tsv, .parquet) or pictures: a folder, .zip or .tar of "
        "DATA/<class>/*.png or .jpg.",
    ),
]
DataFolder = Annotated[
    Path | None,
    typer.Option(
        help="Folder that holds the data; else OSRAE_DATA, ../shared/data, the cache.",
        show_default=False,
    ),
]
Target = Annotated[
    str | None, typer.Option(help="The table's column that holds the class.", show_default=False)
]
Size = Annotated[
    str | None,
    typer.Option(metavar="HxW", help="Bring all pictures to this size, as 64x64.",
                 show_default=False),
]  # fmt: skip
Categorical = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="A column of numbers that are categories; may be repeated. Text is always.",
        show_default=False,
    ),
]
Method = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="A method of `osrae methods`; to train, also SAMPLER+CLASSIFIER, as "
        "smote+gradient-boosting; to resample, a sampler.",
    ),
]
Preset = Annotated[
    str,
    typer.Option(help="default; of rae strong, paper or reference; else `osrae methods NAME`."),
]
Encoder = Annotated[
    str | None,
    typer.Option(help="conv, pooled, pooled-large, residual, resnet18, resnet18-imagenet or "
                 "densenet201; mlp for tables.", show_default=False),
]  # fmt: skip
LatentDim = Annotated[
    int | None, typer.Option(help="Size of the latent space.", show_default=False)
]
MixtureSize = Annotated[int | None, typer.Option(help="Samples in a mixture.", show_default=False)]
Mixing = Annotated[
    str | None,
    typer.Option(
        help="Where mixing coefficients come from: mixer, uniform, a concentration (2 is "
        "Beta(2, 2)), or fixed numbers as 0.5,0.5.",
        show_default=False,
    ),
]
ClassSampling = Annotated[
    str | None,
    typer.Option(help="balanced, instance or deferred.", show_default=False),
]
Augmentation = Annotated[
    str | None,
    typer.Option(help="none, auto, digits, crop, flip-crop or reference.",
                 show_default=False),
]  # fmt: skip
MaxSteps = Annotated[
    int | None, typer.Option(help="Length of training, of each stage.", show_default=False)
]
BatchSize = Annotated[int | None, typer.Option(help="Tuples in a batch.", show_default=False)]
LearningRate = Annotated[float | None, typer.Option(help="Learning rate.", show_default=False)]
Seed = Annotated[int, typer.Option(min=0, help="Decides everything that is random.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Any other parameter of `osrae methods NAME`, as decoder=false, patience=5 or "
        "validation_fraction=0.2; may be repeated.",
        show_default=False,
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with a run of this output that was stopped.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bar.")]


#: Parameters that commands set by themselves, or that have no meaning in the shell.
NOT_TO_SET = frozenset(
    {
        "callbacks",
        "checkpoint_dir",
        "classifier",
        "device",
        "image_shape",
        "random_state",
        "resume",
        "sampler",
        "sampling_strategy",
        "verbose",
        "warm_start",
    }
)

#: What begins the names of parameters of the classifier behind a sampler.
_SECOND = "classifier."


@dataclass(frozen=True)
class MethodOptions:
    """The method and its parameters as the shell gives them."""

    name: str
    preset: str
    encoder: str | None
    latent_dim: int | None
    mixture_size: int | None
    mixing: str | None
    class_sampling: str | None
    augmentation: str | None
    max_steps: int | None
    batch_size: int | None
    learning_rate: float | None
    categorical: list[str] | None
    seed: int
    device: str
    quiet: bool
    others: list[str] | None

    def parameters(self, entry: MethodEntry, second: Collection[str] = ()) -> dict[str, Any]:
        """Return the parameters of a method's estimator that the shell sets.

        Parameters
        ----------
        entry : MethodEntry
        second : collection of str
            Parameters of the classifier that is trained behind the method, if one is.

        Raises
        ------
        InputError
            If it has no parameter of a name that is given.
        """
        known = entry.defaults.keys()
        taken = known | ({"max_steps"} & set(second))  # of each stage
        asked = {
            "preset": None if self.preset == "default" else self.preset,
            "encoder": self.encoder,
            "latent_dim": self.latent_dim,
            "mixture_size": self.mixture_size,
            "mixing": parse_mixing(self.mixing),
            "class_sampling": self.class_sampling,
            "augmentation": self.augmentation,
            "max_steps": self.max_steps,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "categorical_features": self.categorical,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        unknown = [_flag(name) for name in given if name not in taken]
        if unknown:
            has = ", ".join(_flag(name) for name in asked if name in taken) or "none of these"
            behind = f"; the classifier behind it takes --set {_SECOND}NAME=VALUE" if second else ""
            raise InputError(
                f"--method {entry.name} has no {', '.join(unknown)}; it has {has}{behind}."
            )
        given = {name: value for name, value in given.items() if name in known}
        own = known - asked.keys() - NOT_TO_SET
        others = parse_others(self.others, own | {f"{_SECOND}{name}" for name in second})
        given |= {name: value for name, value in others.items() if name in own}
        return given | {name: value for name, value in self.run().items() if name in known}

    def second_stage(self) -> dict[str, Any]:
        """Return the parameters of the classifier behind a sampler, once `parameters` passed."""
        asked = [text for text in self.others or () if text.startswith(_SECOND)]
        parsed = parse_others(asked, {text.partition("=")[0] for text in asked})
        given = {name.removeprefix(_SECOND): value for name, value in parsed.items()}
        return {**self.run(), "max_steps": self.max_steps, **given}

    def run(self) -> dict[str, Any]:
        """Return what every training on this machine is told."""
        return {
            "random_state": self.seed,
            "device": self.device,
            "verbose": int(not self.quiet),
        }


def _flag(parameter: str) -> str:
    name = "categorical" if parameter == "categorical_features" else parameter
    return f"--{name.replace('_', '-')}"


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Read ``HxW``.

    Raises
    ------
    InputError
        If the text is something else.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)\s*[x×]\s*(\d+)", text.strip().lower())
    if match is None:
        raise InputError(f"--size {text}: expected height and width, as in 64x64.")
    return int(match[1]), int(match[2])


def parse_others(texts: list[str] | None, known: Iterable[str]) -> dict[str, Any]:
    """Read ``NAME=VALUE``, where the value is JSON or, failing that, text.

    Parameters
    ----------
    texts : list of str or None
    known : iterable of str
        The names that there are.
    """
    parsed = {}
    names = sorted(known)
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not names:
            raise InputError(f"--set {text}: this method has nothing to set.")
        if not equals or name not in names:
            raise InputError(
                f"--set {text}: expected NAME=VALUE, where NAME is one of {', '.join(names)}."
            )
        parsed[name] = parse_value(value)
    return parsed


def parse_value(text: str) -> Any:
    """Read JSON or, failing that, text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse_mixing(text: str | None) -> str | float | tuple[float, ...] | None:
    """Read a name, a concentration, or coefficients with commas between them."""
    if text is None or text in ("mixer", "uniform"):
        return text
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"--mixing {text}: expected mixer, uniform, a number, or numbers with commas "
            "between them."
        ) from None
    return numbers if len(numbers) > 1 else numbers[0]


def parse_strategy(strategy: str, counts: list[str] | None, classes: Any) -> Any:
    """Read a sampling strategy: a name, a ratio, or counts ``CLASS=N``.

    Parameters
    ----------
    strategy : str
    counts : list of str or None
        If given, they are the whole strategy.
    classes : sequence of label
        The labels that there are; the text of one is its name in the shell.
    """
    if counts:
        known = {str(label): label for label in classes}
        parsed = {}
        for text in counts:
            name, equals, number = text.rpartition("=")
            if not equals or name not in known or not number.isdigit():
                raise InputError(
                    f"--count {text}: expected CLASS=N, where CLASS is one of "
                    f"{', '.join(known)} and N the number of samples after resampling."
                )
            parsed[known[name]] = int(number)
        return parsed
    try:
        return float(strategy)
    except ValueError:
        return strategy
