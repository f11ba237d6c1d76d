"""Where a command writes, checked before any long work, and runs that are stopped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osrae.errors import InputError
from osrae.storage import check_parent, check_writable

__all__ = [
    "Stopped",
    "check_output_file",
    "check_output_folder",
    "checkpoint_beside",
    "keep_checkpoints",
]


def check_output_folder(path: Path, *, replace: str | None = None) -> None:
    """Refuse an output folder that could not be written later, see `storage.check_writable`."""
    if not path.name:
        raise InputError(f"-o {path}: name a new folder.")
    check_writable(path, replace=replace)


def check_output_file(path: Path, suffixes: tuple[str, ...], data: Path | None = None) -> None:
    """Refuse an output file of another type, in a place that cannot be written to, or the data."""
    if not path.name.lower().endswith(suffixes):
        raise InputError(f"{path}: expected a file ending in {', '.join(suffixes)}.")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file.")
    if data is not None and path.exists() and data.exists() and path.samefile(data):
        raise InputError(f"{path} is the data itself; name another file to write to.")
    check_parent(path)


def checkpoint_beside(output: Path, kind: str, resume: bool) -> Path:
    """Return the folder for checkpoints of the run that makes ``output``.

    Raises
    ------
    InputError
        If an earlier run's checkpoint stands there and ``resume`` does not go on from it.
    """
    from osrae.training.checkpoint import has_checkpoint  # needs torch, and most commands do not

    path = output.with_name(f"{output.name}.{kind}")
    if has_checkpoint(path) and not resume:
        raise InputError(
            f"{path} holds the checkpoint of a run that was stopped. Add --resume to go on with "
            "it, or remove it to start afresh."
        )
    return path


def keep_checkpoints(method: str, places: Mapping[Path, Any], resume: bool) -> None:
    """Tell estimators where their checkpoints belong; those that train no network have none.

    Parameters
    ----------
    method : str
    places : mapping of Path to estimator
    resume : bool

    Raises
    ------
    InputError
        If the run is to go on, and none of them keeps a checkpoint.
    """
    keeping = {
        place: estimator
        for place, estimator in places.items()
        if "checkpoint_dir" in estimator.get_params(deep=False)
    }
    if resume and not keeping:
        raise InputError(
            f"--resume: --method {method} keeps no checkpoint that a run could go on from; leave "
            "it out."
        )
    for place, estimator in keeping.items():
        estimator.set_params(checkpoint_dir=place, resume=resume)


class Stopped(Exception):
    """Ctrl-C ended the command; the message says what is left of the run."""
