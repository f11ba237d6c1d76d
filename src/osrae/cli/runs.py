"""Where a command writes, checked before any long work, and runs that are stopped."""

from __future__ import annotations

import os
from pathlib import Path

from osrae.errors import InputError
from osrae.storage import is_osrae_folder

__all__ = ["Stopped", "check_output_file", "check_output_folder", "checkpoint_beside"]


def check_output_folder(path: Path, *, replace_model: bool) -> None:
    """Refuse an output folder that could not be written later.

    Raises
    ------
    InputError
        If ``path`` exists and is neither empty nor (``replace_model``) an osrae model, or its
        parent is no folder or may not be written to.
    """
    _check_parent(path)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not (replace_model and is_osrae_folder(path, "model")):
        raise InputError(f"{path} exists and is not replaced; choose another -o or remove it.")


def check_output_file(path: Path, suffixes: tuple[str, ...]) -> None:
    """Refuse an output file of another type, or in a place that cannot be written to."""
    if not path.name.lower().endswith(suffixes):
        raise InputError(f"-o {path}: expected a file ending in {', '.join(suffixes)}.")
    if path.is_dir():
        raise InputError(f"-o {path} is a folder; name a file.")
    _check_parent(path)


def _check_parent(path: Path) -> None:
    parent = path.absolute().parent
    if not parent.is_dir():
        raise InputError(f"{path} cannot be written: {parent} is no folder. Make it first.")
    if not os.access(parent, os.W_OK):
        raise InputError(f"No permission to write {path}; choose another place.")


def checkpoint_beside(output: Path, kind: str, resume: bool) -> Path:
    """Return the folder for checkpoints of the run that makes ``output``.

    Raises
    ------
    InputError
        If an earlier run's checkpoint stands there and ``resume`` does not go on from it.
    """
    path = output.with_name(f"{output.name}.{kind}")
    if path.exists() and not resume:
        raise InputError(
            f"{path} holds the checkpoint of a run that was stopped. Add --resume to go on with "
            "it, or remove it to start afresh."
        )
    return path


class Stopped(Exception):
    """Ctrl-C ended the command; the message says what is left of the run."""
