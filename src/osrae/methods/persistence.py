"""Models as folders of safetensors and JSON."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import torch

from osrae.data.codec import codec_from_json
from osrae.data.labels import labels_from_json, labels_to_json
from osrae.errors import ModelFileError
from osrae.methods.bank import LatentBank
from osrae.methods.presets import RAESettings
from osrae.methods.rae import RAE
from osrae.storage import (
    atomic_folder,
    explain_os_errors,
    jsonable,
    read_header,
    read_tensors,
    tensors_below,
    write_header,
    write_tensors,
)
from osrae.training.device import inference_dtype, place, resolve_device, resolve_precision
from osrae.training.seeding import seeded_initialisation

__all__ = ["load", "load_estimator", "read_model_header", "read_notes", "save_estimator"]

_KIND = "model"
_TENSORS = "model.safetensors"
#: Networks that results need; the critic serves training alone.
_KEPT = ("encoder", "classifier", "decoder", "mixer")
#: Parameters that belong to one run on one machine.
_RUN_PARAMETERS = frozenset({"callbacks", "checkpoint_dir", "resume", "device", "verbose"})


def save_estimator(estimator: Any, path: Path, notes: dict[str, Any] | None = None) -> None:
    """Write a fitted estimator to the folder ``path``, atomically.

    Parameters
    ----------
    estimator : fitted estimator
    path : Path
    notes : dict or None
        JSON values that belong to the model but not to the estimator, see `read_notes`.
    """
    method = estimator.method_
    bank = estimator.bank_.trimmed()
    tensors = {
        # Results may be computed in float64, but what training leaves is float32.
        f"{name}.{key}": value.float() if value.is_floating_point() else value
        for name in _KEPT
        if name in method.networks
        for key, value in method.final(name).state_dict().items()
    }
    tensors |= {"bank.z": bank.z, "bank.codes": bank.codes, "bank.rows": bank.rows}
    tensors["validation_indices"] = torch.from_numpy(estimator.validation_indices_)
    content = {
        "estimator": type(estimator).__name__,
        "parameters": _json_parameters(estimator),
        "settings": jsonable(dataclasses.asdict(method.settings)),
        "codec": estimator.codec_.to_json(),
        "classes": labels_to_json(estimator.classes_),
        "class_counts": estimator.class_counts_.tolist(),
        "trained_class_counts": method.class_counts.tolist(),
        "n_features_in": int(estimator.n_features_in_),
        "feature_names_in": _feature_names(estimator),
        "history": estimator.history_,
        "n_steps": estimator.n_steps_,
        "seed": estimator.seed_,
        "notes": notes or {},
        "fitted": {name: getattr(estimator, name) for name in estimator._saved_numbers},
    }
    with explain_os_errors(path), atomic_folder(path, replace=_KIND) as temporary:
        write_tensors(temporary / _TENSORS, tensors)
        write_header(temporary, _KIND, content)


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
    RAEClassifier or RAEOversampler

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
    from osrae.methods.rae_classifier import RAEClassifier
    from osrae.methods.rae_oversampler import RAEOversampler

    known = {cls.__name__: cls for cls in (RAEClassifier, RAEOversampler)}
    header = read_header(path, _KIND)
    name = header.get("estimator")
    if name not in known or (expected is not None and not issubclass(known[name], expected)):
        wanted = " or ".join(known) if expected is None else expected.__name__
        raise ModelFileError(f"{path} holds a model of the class {name}, not {wanted}.")
    try:
        return _restore(known[name], header, read_tensors(path / _TENSORS), device)
    except (KeyError, TypeError, RuntimeError) as error:
        raise ModelFileError(
            f"{path} is damaged: its parts do not fit together ({error}). Train or copy the "
            "model again."
        ) from error


def _restore(
    cls: type, header: dict[str, Any], tensors: dict[str, torch.Tensor], device: str
) -> Any:
    estimator = cls(**_python_parameters(header["parameters"]), device=device)
    codec = codec_from_json(header["codec"])
    classes = labels_from_json(header["classes"])
    settings = RAESettings(**_tuples(header["settings"]))
    target = resolve_device(device)
    with seeded_initialisation(header["seed"]):  # only the critic keeps its first weights
        method = RAE(codec.description, len(classes), settings)
    for name in _KEPT:
        if name in method.networks:
            weights = tensors_below(tensors, name)
            method.networks[name].load_state_dict(weights)
            if name in method.averaged:
                method.averaged[name].load_state_dict(weights)
    method.class_counts.copy_(torch.tensor(header["trained_class_counts"]))
    place(method, target, inference_dtype(target, codec.description))
    method.precision = resolve_precision(estimator.precision, target, codec.description)
    estimator.method_ = method.eval()
    estimator.codec_, estimator.classes_ = codec, classes
    estimator.bank_ = LatentBank(**tensors_below(tensors, "bank"))
    estimator.validation_indices_ = tensors["validation_indices"].numpy()
    estimator.class_counts_ = np.array(header["class_counts"], dtype=np.int64)
    estimator.n_features_in_ = header["n_features_in"]
    if header["feature_names_in"] is not None:
        estimator.feature_names_in_ = np.array(header["feature_names_in"], dtype=object)
    estimator.history_, estimator.n_steps_ = header["history"], header["n_steps"]
    estimator.seed_ = header["seed"]
    for name, value in header["fitted"].items():
        setattr(estimator, name, value)
    return estimator


def _feature_names(estimator: Any) -> list[str] | None:
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def _json_parameters(estimator: Any) -> dict[str, Any]:
    """Keep the constructor's parameters that are plain values; a model does not need others."""
    parameters = {}
    for name, value in estimator.get_params(deep=False).items():
        value = jsonable(value)
        if name not in _RUN_PARAMETERS and _is_plain(value):
            parameters[name] = value
    return parameters


def _python_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in parameters.items() if name not in _RUN_PARAMETERS}
    return _tuples(known)


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """Undo what JSON does to tuples."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(part) for part in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(part) for key, part in value.items())
    return value is None or isinstance(value, str | bool | int | float)
