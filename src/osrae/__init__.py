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
    from osrae.benchmark.comparing import compare
    from osrae.methods.amdo import AMDO
    from osrae.methods.bagan import BAGAN
    from osrae.methods.deep_classifier import DeepClassifier
    from osrae.methods.deepsmote import DeepSMOTE
    from osrae.methods.dgc import DGCClassifier
    from osrae.methods.gamo import GAMOClassifier
    from osrae.methods.gamo2pix import GAMO2PIX
    from osrae.methods.mc_ccr import MCCCR
    from osrae.methods.mc_rbo import MCRBO
    from osrae.methods.persistence import load
    from osrae.methods.rae_classifier import RAEClassifier
    from osrae.methods.rae_oversampler import RAEOversampler
    from osrae.methods.smote import SMOTEFamily
    from osrae.methods.two_stage import TwoStageClassifier

__version__ = "0.1.0"

__all__ = [
    "AMDO",
    "BAGAN",
    "GAMO2PIX",
    "MCCCR",
    "MCRBO",
    "DGCClassifier",
    "DataWarning",
    "DeepClassifier",
    "DeepSMOTE",
    "GAMOClassifier",
    "InputError",
    "ModelFileError",
    "OsraeError",
    "RAEClassifier",
    "RAEOversampler",
    "SMOTEFamily",
    "TrainingDivergedError",
    "TwoStageClassifier",
    "__version__",
    "compare",
    "load",
]

_HOMES = {
    "AMDO": "osrae.methods.amdo",
    "BAGAN": "osrae.methods.bagan",
    "DGCClassifier": "osrae.methods.dgc",
    "DeepClassifier": "osrae.methods.deep_classifier",
    "DeepSMOTE": "osrae.methods.deepsmote",
    "GAMO2PIX": "osrae.methods.gamo2pix",
    "GAMOClassifier": "osrae.methods.gamo",
    "MCCCR": "osrae.methods.mc_ccr",
    "MCRBO": "osrae.methods.mc_rbo",
    "RAEClassifier": "osrae.methods.rae_classifier",
    "RAEOversampler": "osrae.methods.rae_oversampler",
    "SMOTEFamily": "osrae.methods.smote",
    "TwoStageClassifier": "osrae.methods.two_stage",
    "compare": "osrae.benchmark.comparing",
    "load": "osrae.methods.persistence",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES, __all__)
