"""Settings of methods as frozen values, and how presets and parameters become settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from osrae.data.description import DataDescription, DataKind, ImageDescription
from osrae.errors import InputError
from osrae.training.settings import Settings

__all__ = ["DataKind", "Presets", "Settings", "data_kind", "paper_latent_dim", "resolve"]

S = TypeVar("S", bound="Settings")
#: Settings by preset name and kind of data.
Presets = Mapping[str, Mapping[str, S]]


def data_kind(description: DataDescription) -> DataKind:
    """Say which of a preset's variants is for this data."""
    return "pictures" if isinstance(description, ImageDescription) else "tables"


def paper_latent_dim(description: DataDescription) -> int:
    """Return the m of Tables 16 and 18: 64 for grey and 256 for colour pictures, 8 for tables."""
    if isinstance(description, ImageDescription):
        return 64 if description.channels == 1 else 256
    return 8


def resolve(
    presets: Presets[S], preset: str, description: DataDescription, overrides: Mapping[str, Any]
) -> S:
    """Return the settings of ``preset`` for this data, with the overrides that are not None.

    Raises
    ------
    InputError
        If there is no such preset, or not for data of this kind.
    """
    kind = data_kind(description)
    fitting = sorted(name for name, variants in presets.items() if kind in variants)
    if preset not in fitting:
        is_there = preset in presets
        what = f"is not for {kind}; for these" if is_there else "is unknown;"
        raise InputError(f"preset={preset!r} {what} there are {', '.join(fitting)}.")
    given = {name: _plain(value) for name, value in overrides.items() if value is not None}
    return replace(presets[preset][kind], **given)


def _plain(value: Any) -> Any:
    """Turn NumPy's scalars and arrays (as grid searches give them) into numbers and tuples."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return tuple(value) if isinstance(value, list) else value
