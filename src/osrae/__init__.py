"""Classification with rare classes: class-preserving oversampling for tables and pictures.

The public names are loaded on first use, so that ``import osrae`` does not import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from osrae.errors import (
    DataWarning,
    InputError,
    ModelFileError,
    OsraeError,
    TrainingDivergedError,
)

if TYPE_CHECKING:
    from osrae.methods.persistence import load
    from osrae.methods.rae_classifier import RAEClassifier
    from osrae.methods.rae_oversampler import RAEOversampler

__version__ = "0.1.0"

__all__ = [
    "DataWarning",
    "InputError",
    "ModelFileError",
    "OsraeError",
    "RAEClassifier",
    "RAEOversampler",
    "TrainingDivergedError",
    "__version__",
    "load",
]

_HOMES = {
    "RAEClassifier": "osrae.methods.rae_classifier",
    "RAEOversampler": "osrae.methods.rae_oversampler",
    "load": "osrae.methods.persistence",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
