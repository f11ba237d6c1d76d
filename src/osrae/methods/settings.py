"""Settings of methods as frozen values, and how presets and parameters become settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from osrae.data.description import DataDescription, ImageDescription
from osrae.errors import InputError
from osrae.methods.mixtures import check_mixup
from osrae.networks import check_encoder
from osrae.training.augmentation import resolve_policy
from osrae.training.settings import Settings

__all__ = [
    "EncoderSettings",
    "Presets",
    "Settings",
    "paper_latent_dim",
    "resolve",
    "resolve_encoder_settings",
]

S = TypeVar("S", bound="Settings")
E = TypeVar("E", bound="EncoderSettings")
#: Settings by preset name and kind of data.
Presets = Mapping[str, Mapping[str, S]]


@dataclass(frozen=True, kw_only=True)
class EncoderSettings(Settings):
    """What the settings of methods have that classify the latent vectors of an encoder.

    Parameters
    ----------
    encoder : str or None
        Name of the encoder network; None is Table 16's (pictures) or Table 18's (tables).
    mixup : str or None
        How samples of any two classes are mixed, if they are.
    augmentation : str
        Name of an augmentation policy (pictures only), or "auto".
    classify_mirrored : bool
        Classify the mean of the latent vectors of a picture and its mirror image, which are of one
        class, where the augmentation mirrors pictures.
    """

    encoder: str | None = None
    mixup: str | None = None
    augmentation: str = "none"
    classify_mirrored: bool = False


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
    kind = description.kind
    fitting = sorted(name for name, variants in presets.items() if kind in variants)
    if preset not in fitting:
        is_there = preset in presets
        what = f"is not for {kind}; for these" if is_there else "is unknown;"
        raise InputError(f"preset={preset!r} {what} there are {', '.join(fitting)}.")
    given = {name: _plain(value) for name, value in overrides.items() if value is not None}
    return replace(presets[preset][kind], **given)


def resolve_encoder_settings(
    presets: Presets[E], preset: str, description: DataDescription, overrides: Mapping[str, Any]
) -> E:
    """Return what `resolve` does, checked against the data; "auto" becomes a policy's name.

    Raises
    ------
    InputError
        If there is no such preset, encoder, kind of mixture or augmentation, or not for data of
        this kind.
    """
    settings = resolve(presets, preset, description, overrides)
    check_encoder(settings.encoder, description)
    check_mixup(settings.mixup, description.shape)
    policy = resolve_policy(settings.augmentation, description)
    return replace(settings, augmentation=policy)


def _plain(value: Any) -> Any:
    """Turn NumPy's scalars and arrays (as grid searches give them) into numbers and tuples."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return tuple(value) if isinstance(value, list) else value
