"""Classification with rare classes: class-preserving oversampling for tables and pictures.

The public names are loaded on first use, so that ``import osrae`` does not import torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrae._lazy import lazy_names
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

__getattr__, __dir__ = lazy_names(__name__, _HOMES, __all__)
