"""Checkpoints: everything a run needs to go on as if it had not been stopped."""

from __future__ import annotations

import dataclasses
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from osrae.errors import InputError, ModelFileError
from osrae.storage import (
    atomic_folder,
    check_parent,
    check_writable,
    explain_os_errors,
    is_vacant,
    read_header,
    read_tensors,
    tensors_below,
    write_header,
    write_tensors,
)
from osrae.training.callbacks import TrainingState
from osrae.training.method import Method

__all__ = [
    "check_place",
    "cpu_copy",
    "has_checkpoint",
    "read_checkpoint",
    "remove_checkpoint",
    "write_checkpoint",
]

_KIND = "checkpoint"
#: What is written is a folder of this name in the user's: all of it is replaced each time.
_NAME = "checkpoint"
_TENSORS = "state.safetensors"


def check_place(folder: Path) -> None:
    """Refuse a folder that checkpoints could not be written to; raises `InputError`."""
    if folder.exists():
        check_writable(folder / _NAME, replace=_KIND)
    else:
        check_parent(folder)


def has_checkpoint(folder: Path) -> bool:
    """Whether there is something to go on from."""
    return not is_vacant(folder / _NAME)


def remove_checkpoint(folder: Path) -> None:
    """Remove what `write_checkpoint` made, and ``folder`` itself if nothing else is in it."""
    for path in (folder / _NAME, *folder.glob(f".{_NAME}.*")):  # a killed run leaves the latter
        shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        folder.rmdir()


def write_checkpoint(
    folder: Path,
    method: Method,
    state: TrainingState,
    best: dict[str, Tensor] | None,
    identity: dict[str, Any],
) -> None:
    """Write the run's whole state into ``folder``, atomically.

    Parameters
    ----------
    folder : Path
        Made if need be; all else in it is left alone.
    method : Method
    state : TrainingState
    best : dict of Tensor or None
        The weights that the run would keep if it ended here.
    identity : dict
        What a run must share with this checkpoint to go on from it: settings, seed, data.

    Raises
    ------
    InputError, OSError
        If it cannot be written; an earlier checkpoint is left as it was.
    """
    tensors = {f"method.{name}": value for name, value in method.state_dict().items()}
    for owner, optimizer in method.optimizers.items():
        tensors |= {f"optimizer.{owner}.{key}": v for key, v in optimizer.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in (best or {}).items()}
    progress = dataclasses.asdict(state)
    if state.best_step is None:
        progress["best_score"] = None
    with explain_os_errors(folder):
        folder.mkdir(exist_ok=True)
        with atomic_folder(folder / _NAME, replace=_KIND) as temporary:
            write_tensors(temporary / _TENSORS, tensors)
            write_header(temporary, _KIND, {"identity": identity, "state": progress})


def read_checkpoint(
    folder: Path, method: Method, identity: dict[str, Any]
) -> tuple[TrainingState, dict[str, Tensor] | None]:
    """Load what is in ``folder`` into ``method``; return the run's state and the weights kept.

    Raises
    ------
    InputError
        If the checkpoint belongs to a run with other settings, another seed or other data.
    ModelFileError
        If the folder is no checkpoint or is damaged.
    """
    folder /= _NAME
    header = read_header(folder, _KIND)
    _check_same_run(header["identity"], identity, folder)
    groups: dict[str, dict[str, Tensor]] = {"method": {}, "optimizer": {}, "best": {}}
    for name, value in read_tensors(folder / _TENSORS).items():
        kind, _, rest = name.partition(".")
        groups[kind][rest] = value
    try:
        method.load_state_dict(groups["method"])
        for owner, optimizer in method.optimizers.items():
            optimizer.load_state_dict(tensors_below(groups["optimizer"], owner))
    except (KeyError, RuntimeError) as error:
        raise ModelFileError(
            f"The checkpoint {folder} is damaged: its parts do not fit the networks ({error}). "
            "Start afresh without resume."
        ) from error
    progress = header["state"]
    if progress["best_score"] is None:
        progress["best_score"] = float("-inf")
    if progress["reason"] != "patience":  # stopped from outside: the run is not over
        progress |= {"stop": False, "reason": ""}
    return TrainingState(**progress), groups["best"] or None


def _check_same_run(found: dict[str, Any], wanted: dict[str, Any], folder: Path) -> None:
    differing = [key for key in found | wanted if found.get(key) != wanted.get(key)]
    if differing:
        details = ", ".join(
            f"{key} was {found.get(key)!r}, is {wanted.get(key)!r}" for key in differing
        )
        raise InputError(
            f"The checkpoint {folder} belongs to another run: {details}. Resume with the same "
            "data and settings, or start afresh without resume."
        )


def cpu_copy(module: torch.nn.Module) -> dict[str, Tensor]:
    """Copy a module's weights and buffers to the CPU."""
    return {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}
