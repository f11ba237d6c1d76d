"""Every method by name: what it is, what data it takes, where it comes from."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from osrae.errors import InputError
from osrae.methods.settings import DataKind

__all__ = ["Kind", "MethodEntry", "available", "estimators", "get", "register"]

Kind = Literal["classifier", "sampler"]


@dataclass(frozen=True, kw_only=True)
class MethodEntry:
    """One method.

    Parameters
    ----------
    name : str
        In the shell and in tables of results.
    title : str
        For people.
    kind : {"classifier", "sampler"}
        A classifier predicts by itself; a sampler writes new rows, and a classifier is trained on
        the result.
    data : tuple of {"pictures", "tables"}
        What it takes.
    paper : str
        Where it was published.
    home : str
        ``"module:Class"`` of its estimator.
    parameters : mapping
        Parameters that are set in place of the class's own defaults.
    """

    name: str
    title: str
    kind: Kind
    data: tuple[DataKind, ...]
    paper: str
    home: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def estimator_class(self) -> type:
        """The class of the estimator."""
        module, _, name = self.home.partition(":")
        return getattr(importlib.import_module(module), name)

    def estimator(self, **parameters: Any) -> Any:
        """Make the estimator, with these parameters in place of the defaults."""
        return self.estimator_class(**{**self.parameters, **parameters})

    @property
    def defaults(self) -> dict[str, Any]:
        """Every parameter of the estimator, as it is without being set."""
        return self.estimator().get_params(deep=False)


_BOTH: tuple[DataKind, ...] = ("pictures", "tables")
_RAE_PAPER = (
    "Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling for Imbalanced Data via "
    "Class-Preserving Regularized Auto-Encoders. AISTATS 2023"
)
_METHODS: dict[str, MethodEntry] = {}


def available(kind: Kind | None = None, data: DataKind | None = None) -> tuple[MethodEntry, ...]:
    """Return the methods, in the order of their registration.

    Parameters
    ----------
    kind : {"classifier", "sampler"} or None
        Only those of this kind.
    data : {"pictures", "tables"} or None
        Only those that take such data.
    """
    return tuple(
        entry
        for entry in _METHODS.values()
        if (kind is None or entry.kind == kind) and (data is None or data in entry.data)
    )


def get(name: str) -> MethodEntry:
    """Return one method.

    Raises
    ------
    InputError
        If there is none of this name.
    """
    if name not in _METHODS:
        raise InputError(f"There is no method {name!r}; there are {', '.join(_METHODS)}.")
    return _METHODS[name]


def register(entry: MethodEntry) -> MethodEntry:
    """Add a method; from then on it is a method like all others.

    Raises
    ------
    InputError
        If the name is taken by another method.
    """
    if _METHODS.get(entry.name, entry) != entry:
        raise InputError(f"There is a method {entry.name!r} already; choose another name.")
    _METHODS[entry.name] = entry
    return entry


def estimators() -> dict[str, type]:
    """Return the classes of all methods that can be saved, by their names."""
    classes = [entry.estimator_class for entry in available()]
    return {cls.__name__: cls for cls in classes if inspect.isclass(cls) and hasattr(cls, "load")}


register(
    MethodEntry(
        name="rae",
        title="Class-preserving regularised auto-encoder",
        kind="classifier",
        data=_BOTH,
        paper=_RAE_PAPER,
        home="osrae.methods.rae_classifier:RAEClassifier",
    )
)
register(
    MethodEntry(
        name="rae-sampler",
        title="Class-preserving regularised auto-encoder, as a sampler",
        kind="sampler",
        data=_BOTH,
        paper=_RAE_PAPER,
        home="osrae.methods.rae_oversampler:RAEOversampler",
    )
)
