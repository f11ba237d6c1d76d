"""The classifier that a cell measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator

from osrae.benchmark.cells import Cell
from osrae.data.description import DataKind
from osrae.errors import InputError
from osrae.methods import registry
from osrae.methods.combination import classifier_behind, split_name
from osrae.methods.two_stage import TwoStageClassifier

__all__ = ["check_method", "has_presets", "make_model", "networks", "stages"]

#: What begins the names of settings of the classifier behind a sampler.
_SECOND = "classifier."
#: What a cell decides by itself.
_OWN = frozenset({"random_state", "classifier", "sampler", "callbacks", "checkpoint_dir", "resume"})


def make_model(cell: Cell) -> Any:
    """Make the classifier of a cell; a sampler gets one behind it.

    On a data set's own test parts every method keeps its last weights: none of them holds out a
    part of the training data to choose weights by, unless ``cell.settings`` say so.

    Raises
    ------
    InputError
        If there is no such method, or it has no such preset or setting.
    """
    first, second = split_name(cell.method)
    entry = registry.get(first)
    if cell.preset != "default" and not has_presets(cell.method):
        raise InputError(f"{first} has no presets; leave out the preset {cell.preset!r}.")
    given = {name: v for name, v in cell.settings.items() if not name.startswith(_SECOND)}
    behind = {
        name.removeprefix(_SECOND): v for name, v in cell.settings.items() if name not in given
    }
    if entry.kind == "classifier":
        if second or behind:
            raise InputError(
                f"{cell.method}: {first} is a classifier, and only a sampler has one behind it."
            )
        model = _set(first, entry.estimator(), {**_as_published(cell), **_presets(cell), **given},
                     cell.seed)  # fmt: skip
        if isinstance(model, TwoStageClassifier) and model.classifier is None:
            model.classifier = classifier_behind("")  # a part that budgets and checkpoints can see
        return model
    sampler = _set(first, entry.estimator(), {**_presets(cell), **given}, None)
    classifier = _set(f"The classifier behind {first}", classifier_behind(second), behind, None)
    return TwoStageClassifier(sampler=sampler, classifier=classifier, random_state=cell.seed)


def has_presets(method: str) -> bool:
    """Return whether a method, or the sampler of one, has presets."""
    return "preset" in registry.get(split_name(method)[0]).defaults


def check_method(cell: Cell, data: DataKind) -> None:
    """Refuse a cell whose method does not exist, cannot be set like this, or on such data."""
    model = make_model(cell)
    own = [model.sampler, model.classifier] if isinstance(model, TwoStageClassifier) else [model]
    for part in (part for part in own if hasattr(part, "_parameter_constraints")):
        _check_values(cell, part, data)
    first = split_name(cell.method)[0]
    takes = registry.get(first).data
    if data not in takes:
        raise InputError(
            f"{cell.method} on {cell.data}: {first} is for {' and '.join(takes)}, and {cell.data} "
            f"are {data}."
        )


def networks(model: Any) -> dict[str, Any]:
    """Return the parts of an untrained model that train a network.

    By their place in it: ``""`` for a model of one stage, ``"sampler"`` and ``"classifier"``.
    """
    parts = {"": model}
    if isinstance(model, TwoStageClassifier):
        parts = {"sampler": model.sampler, "classifier": model.classifier}
    return {
        name: part
        for name, part in parts.items()
        if part is not None and "max_steps" in part.get_params(deep=False)
    }


def stages(model: Any) -> list[Any]:
    """Return the trained parts of a model, the sampler first."""
    if not isinstance(model, TwoStageClassifier):
        return [model]
    return [part for part in (model.sampler_, model.classifier_) if part is not None]


def _check_values(cell: Cell, part: BaseEstimator, data: DataKind) -> None:
    presets = getattr(part, "_presets", {})
    fitting = sorted(name for name, variants in presets.items() if data in variants)
    if presets and part.get_params()["preset"] not in fitting:
        raise InputError(
            f"{cell.method} has no preset {part.get_params()['preset']!r} for {data}; there are "
            f"{', '.join(fitting)}."
        )
    try:
        part._validate_params()
    except ValueError as error:  # scikit-learn's own, which says what may be set
        raise InputError(f"{cell.method} on {cell.data}: {error}") from error


def _presets(cell: Cell) -> dict[str, Any]:
    return {} if cell.preset == "default" else {"preset": cell.preset}


def _as_published(cell: Cell) -> dict[str, Any]:
    if cell.folds is not None or "validation_fraction" not in registry.get(cell.method).defaults:
        return {}
    return {"validation_fraction": 0.0}


def _set(name: str, estimator: Any, settings: Mapping[str, Any], seed: int | None) -> Any:
    """Set what is given, and refuse what there is not."""
    known = estimator.get_params(deep=False).keys() - _OWN
    unknown = [setting for setting in settings if setting not in known]
    if unknown:
        raise InputError(
            f"{name} has no setting {', '.join(unknown)}; it has {', '.join(sorted(known))}."
        )
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    told = {} if seed is None else {"random_state": seed}
    return estimator.set_params(**values, **told)
