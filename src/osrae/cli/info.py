"""``osrae info``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from osrae import TwoStageClassifier, load
from osrae.cli.display import console, print_scores
from osrae.cli.options import NOT_TO_SET
from osrae.data.description import ImageDescription
from osrae.methods.persistence import read_model_header, read_notes


def run(path: Path) -> None:
    """Print what the model is."""
    header, notes = read_model_header(path), read_notes(path)
    model = load(path, device="cpu")
    counts = {str(c): int(n) for c, n in zip(model.classes_, model.class_counts_, strict=True)}
    facts: dict[str, Any] = {
        "model": _kind(header["estimator"], model),
        **_stages(model),
        "data": _data(model),
        "target column": notes.get("target"),
        "classes": ", ".join(f"{name} ({count})" for name, count in counts.items()),
        **_training(model),
        "versions": ", ".join(f"{name} {v}" for name, v in header["versions"].items()),
    }
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        if value is not None:
            table.add_row(name, escape(str(value)))
    console.print(table)
    held_out = notes.get("held_out")
    if held_out is not None:
        print_scores(counts, {"this model": held_out})


def _kind(name: str, model: Any) -> str:
    if isinstance(model, TwoStageClassifier):
        parts = (model.sampler_, model.classifier_)
        return " + ".join(type(part).__name__ for part in parts if part is not None)
    preset = getattr(model, "preset", None)
    return name if preset is None else f"{name}, preset {preset}"


def _stages(model: Any) -> dict[str, str]:
    """Return the parameters of a two-stage model's sampler and classifier, but for unset ones."""
    if not isinstance(model, TwoStageClassifier):
        return {}
    stages = {"sampler": model.sampler_, "classifier": model.classifier_}
    return {stage: _described(part) for stage, part in stages.items() if part is not None}


def _described(part: Any) -> str:
    given = part.get_params(deep=False)
    shown = [
        f"{name} = {value!r}"
        for name, value in given.items()
        if value is not None and name not in NOT_TO_SET
    ]
    return f"{type(part).__name__}: {', '.join(shown)}"


def _training(model: Any) -> dict[str, Any]:
    """Return what is known of a training run, of a two-stage model of its classifier's."""
    model = getattr(model, "classifier_", model)
    if not hasattr(model, "history_"):
        return {}
    method = model.method_
    return {
        "latent dimension": getattr(method, "latent_dim", None),
        "mixture size": getattr(method, "tuple_size", None),
        "training": f"{model.n_steps_} steps, random_state {model.random_state}",
        "validation ACSA": _validation(model.history_),
    }


def _data(model: Any) -> str:
    description = model.codec_.description
    if isinstance(description, ImageDescription):
        d = description
        return f"pictures of {d.height} × {d.width} pixels, {d.channels} channel(s)"
    return f"a table of {model.n_features_in_} columns"


def _validation(history: list[dict[str, Any]]) -> str | None:
    scores = [row["validation_acsa"] for row in history if row["validation_acsa"] is not None]
    return f"{100 * max(scores):.1f} %" if scores else None
