"""Models as folders of safetensors and JSON; parts of scikit-learn's are files of skops."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from osrae.data.codec import codec_from_json
from osrae.data.labels import labels_from_json, labels_to_json
from osrae.errors import ModelFileError
from osrae.methods.base import Estimator
from osrae.methods.deep import DeepEstimator
from osrae.methods.registry import estimator_named
from osrae.storage import (
    atomic_folder,
    explain_os_errors,
    library_versions,
    read_header,
    read_tensors,
    write_header,
    write_tensors,
)

__all__ = [
    "load",
    "load_estimator",
    "read_model_header",
    "read_notes",
    "save_estimator",
    "write_estimator",
]

_KIND = "model"
_TENSORS = "model.safetensors"
#: Parameters that belong to one run on one machine.
_RUN_PARAMETERS = frozenset({"callbacks", "checkpoint_dir", "resume", "device", "verbose"})


def save_estimator(estimator: Estimator, path: Path, notes: dict[str, Any] | None = None) -> None:
    """Write a fitted estimator to the folder ``path``, atomically.

    Parameters
    ----------
    estimator : fitted estimator
    path : Path
    notes : dict or None
        JSON values that belong to the model but not to the estimator, see `read_notes`.
    """
    with explain_os_errors(path), atomic_folder(path, replace=_KIND) as temporary:
        estimator._write(temporary, notes)


def write_estimator(estimator: Estimator, folder: Path, notes: dict[str, Any] | None) -> None:
    """Write the files of a fitted estimator into an existing folder."""
    content, tensors = estimator._state()
    content |= {
        "estimator": type(estimator).__name__,
        "parameters": _json_parameters(estimator),
        "codec": estimator.codec_.to_json(),
        "classes": labels_to_json(estimator.classes_),
        "class_counts": estimator.class_counts_.tolist(),
        "n_features_in": int(estimator.n_features_in_),
        "feature_names_in": _feature_names(estimator),
        "seed": estimator.seed_,
        "notes": notes or {},
    }
    write_tensors(folder / _TENSORS, tensors)
    write_header(folder, _KIND, content)


def read_model_header(path: Path) -> dict[str, Any]:
    """Return the header of a model: its class, parameters, classes and versions.

    Raises
    ------
    ModelFileError
        If the folder holds no model, or one of a newer format.
    """
    return read_header(path, _KIND)


def read_notes(path: Path) -> dict[str, Any]:
    """Return the notes that `save_estimator` was given."""
    return read_model_header(path).get("notes", {})


def load(path: str | Path, device: str = "auto") -> Any:
    """Read a model that an estimator's ``save`` wrote.

    Parameters
    ----------
    path : str or Path
        The model's folder.
    device : str, default="auto"
        Where it will run.

    Returns
    -------
    estimator
        Of the class that was saved.

    Raises
    ------
    ModelFileError
        If the folder holds no model, a damaged one, or one of a newer format.
    """
    return load_estimator(Path(path), device)


def load_estimator(path: Path, device: str, expected: type | None = None) -> Any:
    """Read the estimator that `save_estimator` wrote to ``path``.

    Parameters
    ----------
    path : Path
    device : str
    expected : type or None
        The class that the model must be of; None takes any.
    """
    header = read_header(path, _KIND)
    cls = _class_named(header.get("estimator"), path)
    if expected is not None and not issubclass(cls, expected):
        raise ModelFileError(
            f"{path} holds a model of the class {cls.__name__}, not {expected.__name__}."
        )
    try:
        return _restore(cls, header, path, device)
    except (KeyError, TypeError, RuntimeError) as error:
        wrote, reads = (v["osrae"] for v in (header["versions"], library_versions()))
        raise ModelFileError(
            f"{path} is damaged, or of another osrae: its parts do not fit together ({error}). "
            f"osrae {wrote} wrote it, and this is {reads}. Copy the model again, or read it with "
            "that version."
        ) from error


def _class_named(name: Any, path: Path) -> type[Estimator]:
    known = estimator_named(name)
    if known is None:
        raise ModelFileError(
            f"{path} holds a model of the class {name}, which is none of this osrae. A method of "
            "your own must be registered before its models load: by osrae.methods.register, or by "
            "an entry point of its installed package (docs/add-your-own-method.md)."
        )
    return known


def _restore(cls: type[Estimator], header: dict[str, Any], path: Path, device: str) -> Any:
    parameters = _python_parameters(header["parameters"])
    if issubclass(cls, DeepEstimator):
        parameters["device"] = device
    estimator = cls(**parameters)
    estimator.codec_ = codec_from_json(header["codec"])
    estimator.classes_ = labels_from_json(header["classes"])
    estimator.class_counts_ = np.array(header["class_counts"], dtype=np.int64)
    estimator.n_features_in_ = header["n_features_in"]
    if header["feature_names_in"] is not None:
        estimator.feature_names_in_ = np.array(header["feature_names_in"], dtype=object)
    estimator.seed_ = header["seed"]
    estimator._set_state(header, read_tensors(path / _TENSORS), path, device)
    return estimator


def _feature_names(estimator: Any) -> list[str] | None:
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def _json_parameters(estimator: Any) -> dict[str, Any]:
    """Keep the constructor's parameters that are plain values; a model does not need others."""
    parameters = {}
    for name, value in estimator.get_params(deep=False).items():
        if name in _RUN_PARAMETERS:
            continue
        try:
            parameters[name] = _plain(value)
        except TypeError:
            if callable(value):
                warnings.warn(
                    f"{name}={value!r} is a function, which a model file cannot hold: the model "
                    "that is read from it has the default. Set it again with "
                    f"set_params({name}=…).",
                    stacklevel=2,
                )
    return parameters


def _python_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _from_plain(value)
        for name, value in parameters.items()
        if name not in _RUN_PARAMETERS
    }


def _plain(value: Any) -> Any:
    """Turn a value into JSON; dictionaries, whose keys JSON would make text, become pairs.

    Raises
    ------
    TypeError
        If it holds something else than numbers, text, booleans, None, and sequences and
        dictionaries of these.
    """
    value = value.tolist() if hasattr(value, "tolist") else value  # NumPy's arrays and scalars
    if isinstance(value, dict):
        return {"pairs": [[_plain(key), _plain(part)] for key, part in value.items()]}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": repr(value)}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(type(value).__name__)


def _from_plain(value: Any) -> Any:
    """Undo `_plain`; sequences become tuples."""
    if isinstance(value, list):
        return tuple(_from_plain(part) for part in value)
    if isinstance(value, dict):
        if "number" in value:
            return float(value["number"])
        return {_from_plain(key): _from_plain(part) for key, part in value["pairs"]}
    return value
