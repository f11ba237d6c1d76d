"""What a report shows of a trained model: its latent space, its samples, its training, settings."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from inspect import signature
from typing import Any

import numpy as np

from osrae.data.frames import column_names, n_rows, take_rows
from osrae.errors import InputError
from osrae.evaluation.plots import project
from osrae.report.classes import class_numbers
from osrae.report.figures import latent_space, training_curves
from osrae.report.page import Column, DataTable, Facts, Item, Note, Section
from osrae.report.samples import generated_samples, sample_items

__all__ = ["latent_sections", "sample_sections", "setting_items", "training_sections"]

#: Points in the picture of the latent space: samples, and mixtures of each class.
_MOST_POINTS, _MIXTURES = 900, 300


def latent_sections(model: Any, X: Any, y: Any, what: str, seed: int) -> Iterator[Section]:
    """Show what the model sees, if it has a latent space: samples and mixtures in the plane."""
    if not hasattr(model, "transform") or n_rows(X) < 4:
        return
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(n_rows(X))[:_MOST_POINTS])
    codes = class_numbers(y, model.classes_)[rows]
    z = [np.asarray(model.transform(take_rows(X, rows)))]
    if hasattr(model, "sample_latent"):
        each = max(3, min(_MIXTURES, len(rows)) // len(model.classes_))
        z += [model.sample_latent(each, label, seed)[0] for label in model.classes_]
        codes = np.concatenate([codes, np.repeat(np.arange(len(model.classes_)), each)])
    points = project(np.concatenate(z), seed)
    mixed = np.arange(len(points)) >= len(rows)
    yield Section(
        "Latent space",
        "What the classifier sees of the data. Each class should lie apart from the others.",
        [latent_space(points, codes, mixed, [str(label) for label in model.classes_], what)],
    )


def sample_sections(model: Any, X: Any, y: Any, seed: int) -> Iterator[Section]:
    """Show what the model makes, if it makes any, beside the training samples ``X``."""
    if not hasattr(model, "sample"):
        return
    codes = class_numbers(y, model.classes_)
    try:
        found = generated_samples(model.sample, model.codec_, X, codes, model.classes_, seed)
    except InputError as error:
        items: list[Item] = [Note(f"This model makes no samples of its own. {error}")]
    else:
        names = column_names(X)
        items = sample_items(
            found, model.codec_, X, None if names is None else [str(name) for name in names]
        )
    yield Section(
        "New samples",
        "What the model makes of each class, beside the real training sample that it is nearest "
        "to. Samples that only repeat training samples would show here.",
        items,
    )


def training_sections(model: Any) -> Iterator[Section]:
    """Show the losses of every stage that trains a network."""
    stages = {stage: part for stage, part in _stages(model).items() if hasattr(part, "history_")}
    galleries = {stage: training_curves(part.history_) for stage, part in stages.items()}
    for stage, gallery in galleries.items():
        if gallery.figures:
            steps = f"{stages[stage].n_steps_} steps were taken."
            yield Section(f"Training of the {stage}", steps, [gallery])


def setting_items(model: Any) -> Iterator[Item]:
    """Tell what was set of every stage, and what followed from it."""
    for stage, part in _stages(model).items():
        yield Facts([(stage, type(part).__name__), *_given(part)])
        settings = getattr(getattr(part, "method_", None), "settings", None)
        if settings is not None:
            yield _all_settings(stage, settings)


def _stages(model: Any) -> dict[str, Any]:
    stages = {stage: getattr(model, f"{stage}_", None) for stage in ("sampler", "classifier")}
    given = {stage: part for stage, part in stages.items() if part is not None}
    return given or {"model": model}


def _given(estimator: Any) -> list[tuple[str, str]]:
    """The parameters that differ from the defaults."""
    defaults = {p.name: p.default for p in signature(type(estimator)).parameters.values()}
    return [
        (name, _value(value))
        for name, value in estimator.get_params(deep=False).items()
        if name not in ("checkpoint_dir", "resume", "verbose", "callbacks")
        and repr(value) != repr(defaults.get(name))
    ]


def _all_settings(stage: str, settings: Any) -> DataTable:
    rows = [(name, _value(value)) for name, value in dataclasses.asdict(settings).items()]
    return DataTable(
        f"All settings of the {stage}", [Column("setting"), Column("value")], rows, folded=True
    )


def _value(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
