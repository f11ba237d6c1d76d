"""Every method by name: what it is, what data it takes, where it comes from."""

from __future__ import annotations

import inspect

from osrae.data.description import DataKind
from osrae.errors import InputError
from osrae.methods.entries import ENTRIES, Kind, MethodEntry

__all__ = ["Kind", "MethodEntry", "available", "estimators", "get", "register"]

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
    """Return the classes that models can be of, by their names."""
    made = [entry.factory for entry in available()]
    return {cls.__name__: cls for cls in made if inspect.isclass(cls)}


for _entry in ENTRIES:
    register(_entry)
