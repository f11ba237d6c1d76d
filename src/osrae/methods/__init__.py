"""The methods, and what there is of them: `available`, `get`, `register`."""

from osrae._lazy import lazy_names

__all__ = ["MethodEntry", "available", "get", "register"]

_HOMES = dict.fromkeys(__all__, "osrae.methods.registry")

__getattr__, __dir__ = lazy_names(__name__, _HOMES, __all__)
