"""Every method by name: what it is, what data it takes, where it comes from."""

from __future__ import annotations

import inspect
from typing import get_args

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

    Raises
    ------
    InputError
        If ``kind`` or ``data`` is something else.
    """
    for name, asked, allowed in (("kind", kind, Kind), ("data", data, DataKind)):
        if asked is not None and asked not in get_args(allowed):
            values = " or ".join(map(repr, get_args(allowed)))
            raise InputError(f"{name}={asked!r}: expected {values}, or None for all methods.")
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
        If the name is taken by another method, or that of its class by another class.
    """
    if _METHODS.get(entry.name, entry) != entry:
        raise InputError(f"There is a method {entry.name!r} already; choose another name.")
    for known in _METHODS.values():
        if _is_another_of_its_name(entry, known):
            raise InputError(
                f"There is a class {_home_name(entry)} already, that of the method "
                f"{known.name!r}. Files name a model by its class; give yours another name."
            )
    _METHODS[entry.name] = entry
    return entry


def estimators() -> dict[str, type]:
    """Return the classes that models can be of, by their names."""
    made = [entry.factory for entry in available()]
    return {cls.__name__: cls for cls in made if inspect.isclass(cls)}


def _home_name(entry: MethodEntry) -> str:
    home = entry.home
    return home.partition(":")[2] if isinstance(home, str) else getattr(home, "__name__", "")


def _is_another_of_its_name(entry: MethodEntry, known: MethodEntry) -> bool:
    """Say whether two methods have classes of one name; imports only where names are alike."""
    if entry.home == known.home or _home_name(entry) != _home_name(known):
        return False
    mine, other = entry.factory, known.factory
    return mine is not other and inspect.isclass(mine) and inspect.isclass(other)


for _entry in ENTRIES:
    register(_entry)
