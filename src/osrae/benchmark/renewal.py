"""Results that today's defaults would not come to: a preset changes from version to version."""

from __future__ import annotations

import dataclasses
from typing import Any

from osrae.benchmark.models import make_model
from osrae.benchmark.results import OF_A_RUN, Result
from osrae.data.description import DataKind
from osrae.datasets import describe
from osrae.methods.two_stage import TwoStageClassifier
from osrae.storage import jsonable

__all__ = ["outdated_settings"]

#: What presets leave to the data: not comparable without them.
_LEFT_TO_THE_DATA = (None, "auto")


def outdated_settings(result: Result) -> tuple[str, ...]:
    """Return the settings of a result that the same cell would have other values of today.

    Parameters
    ----------
    result : Result

    Returns
    -------
    tuple of str
        Names; empty for a result that failed, and for methods that train no network.
    """
    if not result.done:
        return ()
    kind: DataKind = "tables" if describe(result.cell.data).kind == "table" else "pictures"
    model = make_model(result.cell)
    parts = [model.sampler, model.classifier] if isinstance(model, TwoStageClassifier) else [model]
    stages = result.content["stages"]
    parts = [part for part in parts if part is not None]
    return tuple(
        name
        for part, stage in zip(parts, stages, strict=True)
        for name in _differences(part, stage["settings"], kind)
    )


def _differences(part: Any, then: dict[str, Any], kind: DataKind) -> list[str]:
    presets = getattr(part, "_presets", None)
    if not presets:
        return []
    settings = presets[part.preset][kind]
    given = {name: value for name, value in part._overrides().items() if value is not None}
    differing = []
    for field in dataclasses.fields(settings):
        today = jsonable(given.get(field.name, getattr(settings, field.name)))
        # A setting that there was not yet had the effect of its class's default.
        before = then.get(field.name, jsonable(field.default))
        left_open = any(value in _LEFT_TO_THE_DATA for value in (today, before) if _plain(value))
        if field.name not in OF_A_RUN and not left_open and today != before:
            differing.append(field.name)
    return differing


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, str)
