"""Constructor parameters as annotated fields, and the documentation that estimators share.

An estimator's parameters are its annotated fields, those of its bases included; `estimator` makes
the constructor of them, which does what scikit-learn asks of one: it stores. What a shared
parameter or attribute means is written down once, here, and put into the docstring of every
estimator in the place of ``{network}``, ``{shared}`` and ``{shared_attributes}``.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar, dataclass_transform

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from osrae.methods.parameter_docs import whole_docstring
from osrae.training.callbacks import Callback

__all__ = [
    "DataParameters",
    "RandomParameters",
    "SamplingParameters",
    "TrainingParameters",
    "ValidationParameters",
    "estimator",
    "positive",
    "whole",
]

E = TypeVar("E", bound=type)


def whole(least: int, most: int | None = None) -> Interval:
    """Return the constraint of a whole number from ``least`` to ``most``."""
    return Interval(numbers.Integral, least, most, closed="left" if most is None else "both")


def positive(closed: str = "neither", most: float | None = None) -> Interval:
    """Return the constraint of a number above 0 (``closed="left"``: from 0), below ``most``."""
    return Interval(numbers.Real, 0, most, closed=closed)


@dataclass_transform(kw_only_default=True, eq_default=False)
def estimator(cls: E) -> E:
    """Give a class its constructor, made of its annotated fields, and its whole docstring."""
    documented = cls.__doc__ is not None  # Python -OO takes docstrings away
    dataclass(kw_only=True, eq=False, repr=False)(cls)
    if documented:
        cls.__doc__ = whole_docstring(cls)
    return cls


@estimator
class RandomParameters:
    """What every estimator has."""

    random_state: int | np.random.RandomState | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"random_state": ["random_state"]}


@estimator
class DataParameters(RandomParameters):
    """How data is read."""

    categorical_features: str | Sequence[Any] = "auto"
    image_shape: tuple[int, ...] | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RandomParameters._parameter_constraints,
        "categorical_features": [StrOptions({"auto"}), "array-like"],
        "image_shape": ["array-like", None],
    }


@estimator
class TrainingParameters(DataParameters):
    """How networks are trained."""

    learning_rate: float | None = None
    batch_size: int | None = None
    max_steps: int | None = None
    warm_start: bool = False
    checkpoint_dir: str | Path | None = None
    resume: bool = False
    callbacks: Sequence[Callback] | None = None
    device: str = "auto"
    precision: str = "auto"
    verbose: int = 0

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **DataParameters._parameter_constraints,
        "learning_rate": [positive(), None],
        "batch_size": [whole(2), None],
        "max_steps": [whole(1), None],
        "warm_start": ["boolean"],
        "checkpoint_dir": [str, Path, None],
        "resume": ["boolean"],
        "callbacks": [list, tuple, None],
        "device": [str],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "verbose": ["verbose"],
    }


@estimator
class ValidationParameters:
    """What is held back from training."""

    validation_fraction: float = 0.1
    patience: int | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "validation_fraction": [positive("left", 1)],
        "patience": [whole(1), None],
    }


@estimator
class SamplingParameters:
    """How many samples a class gets."""

    sampling_strategy: Any = "auto"
