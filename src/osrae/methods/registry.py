"""Every method by name: what it is, what data it takes, where it comes from."""

from __future__ import annotations

import inspect
import warnings
from importlib.metadata import EntryPoint, entry_points
from typing import get_args

from osrae.data.description import DataKind
from osrae.errors import InputError
from osrae.methods.entries import ENTRIES, Kind, MethodEntry

__all__ = [
    "Kind",
    "MethodEntry",
    "available",
    "estimator_named",
    "estimators",
    "get",
    "register",
]

_METHODS: dict[str, MethodEntry] = {}

#: The entry points by which other packages name their methods: each is a `MethodEntry`.
GROUP = "osrae.methods"
_looked_for_others = False


def available(kind: Kind | None = None, data: DataKind | None = None) -> tuple[MethodEntry, ...]:
    """Return the methods, in the order of their registration.

    Those of other packages on this machine are among them, see `GROUP`; a `UserWarning` names one
    that cannot be loaded.

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
        for entry in _methods().values()
        if (kind is None or entry.kind == kind) and (data is None or data in entry.data)
    )


def get(name: str) -> MethodEntry:
    """Return one method.

    Raises
    ------
    InputError
        If there is none of this name.
    """
    known = _methods()
    if name not in known:
        two = " Put a sampler and a classifier together with TwoStageClassifier."
        hint = two if "+" in name else ""
        raise InputError(f"There is no method {name!r}; there are {', '.join(known)}.{hint}")
    return known[name]


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


def estimator_named(name: str) -> type | None:
    """Return the class of this name that models can be of, or None; imports no other."""
    for entry in available():
        if _home_name(entry) == name and inspect.isclass(entry.factory):
            return entry.factory
    return None


def _methods() -> dict[str, MethodEntry]:
    """Return all methods; those of other packages are looked for once, when first needed."""
    global _looked_for_others
    if not _looked_for_others:
        _looked_for_others = True  # first, for what is loaded may ask for methods itself
        for point in entry_points(group=GROUP):
            _add_from_package(point)
    return _METHODS


def _add_from_package(point: EntryPoint) -> None:
    """Register another package's method; one that is broken must not take all others along."""
    try:
        entry = point.load()
        if not isinstance(entry, MethodEntry):
            raise InputError(f"It is a {type(entry).__name__}; make it an osrae MethodEntry.")
        register(entry)
    except Exception as error:  # another package's code may raise anything
        package = point.dist.name if point.dist else "another package"
        warnings.warn(
            f"The method {point.name!r} of {package} ({point.value}) is left out, for it cannot be "
            f"loaded: {type(error).__name__}: {str(error).rstrip('.')}. Mend or uninstall the "
            "package.",
            stacklevel=2,
        )


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
