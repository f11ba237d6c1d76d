"""The networks of the method, by name and by what the data look like.

Networks are built with the one weight initialisation of `osrae.networks.layers.initialise`,
which draws, as torch's own layers do, from torch's default generator: whoever wants
reproducible weights seeds that (and restores it) around the building.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from torch import nn

from osrae.data.description import DataDescription, TableDescription
from osrae.errors import InputError
from osrae.networks import image, tabular
from osrae.networks.densenet import DenseNet201Encoder
from osrae.networks.ensemble import EncoderEnsemble
from osrae.networks.layers import Style, initialise
from osrae.networks.mixer import Mixer
from osrae.networks.pooled import PooledEncoder
from osrae.networks.resnet import ResidualEncoder, ResNet18Encoder

__all__ = [
    "ENCODERS",
    "build_critic",
    "build_decoder",
    "build_encoder",
    "build_mixer",
    "check_encoder",
]

Network = TypeVar("Network", bound=nn.Module)

#: Encoders by kind of data and by name; the first of each kind is the paper's (Tables 16, 18).
ENCODERS: Mapping[str, Mapping[str, Callable[..., nn.Module]]] = {
    "pictures": {
        "conv": image.Encoder,
        "pooled": PooledEncoder,
        "pooled-large": partial(PooledEncoder, widths=(64, 256, 512), shortcuts=True),
        "residual": ResidualEncoder,
        "resnet18": ResNet18Encoder,
        "resnet18-imagenet": partial(ResNet18Encoder, shrinks=True),
        "densenet201": DenseNet201Encoder,
    },
    "tables": {"mlp": tabular.Encoder},
}
_PLAIN = (image.Encoder, tabular.Encoder)


def check_encoder(name: str | None, description: DataDescription) -> str:
    """Return the name of the encoder that ``name`` means for this data, see `build_encoder`.

    Raises
    ------
    InputError
        If there is no such encoder, or not for data of this kind.
    """
    fitting = ENCODERS[description.kind]
    if name is None:
        return next(iter(fitting))
    if name not in fitting:
        raise InputError(
            f"encoder={name!r} is no encoder for {description.kind}; use one of "
            f"{', '.join(fitting)}."
        )
    return name


def build_encoder(
    name: str | None,
    description: DataDescription,
    latent_dim: int,
    style: Style = "paper",
    n_members: int = 1,
) -> nn.Module:
    """Build an encoder: samples to latent vectors ``(n, n_members · latent_dim)``.

    Parameters
    ----------
    name : str or None
        ``"conv"`` (Table 16), ``"pooled"``, ``"pooled-large"``, ``"residual"``, ``"resnet18"``,
        ``"resnet18-imagenet"`` (whose stem shrinks small pictures, too) or ``"densenet201"`` for
        pictures, ``"mlp"`` (Table 18) for tables; None is the paper's.
    description : DataDescription
    latent_dim : int
        m.
    style : {"paper", "reference"}, default="paper"
        Details on which the paper and its authors' code differ; of no effect on pooled,
        residual and dense networks, which the authors' code does not have.
    n_members : int, default=1
        Encoders side by side, see `osrae.networks.ensemble`.

    Raises
    ------
    InputError
        If there is no such encoder, or not for data of this kind.
    """
    network = ENCODERS[description.kind][check_encoder(name, description)]
    options = {"style": style} if network in _PLAIN else {}
    members = [_initialised(network(description, latent_dim, **options)) for _ in range(n_members)]
    return members[0] if n_members == 1 else EncoderEnsemble(members)


def build_decoder(
    description: DataDescription, latent_dim: int, n_classes: int | None, style: Style = "paper"
) -> image.Decoder | tabular.Decoder:
    """Build the decoder of Table 16 or 18: latent vectors and one-hot labels to samples.

    Parameters
    ----------
    description : DataDescription
    latent_dim : int
        m.
    n_classes : int or None
        C; None for a decoder that is told no label, as other methods have it.
    style : {"paper", "reference"}, default="paper"
        Details on which the paper and its authors' code differ.
    """
    if isinstance(description, TableDescription):
        return _initialised(tabular.Decoder(description, latent_dim, n_classes, style))
    return _initialised(image.Decoder(description, latent_dim, n_classes, style))


def build_critic(
    description: DataDescription, n_classes: int | None, style: Style = "paper"
) -> image.Critic | tabular.Critic:
    """Build the critic of Table 17 or 19: samples (and labels) to scores ``(n,)``.

    Parameters
    ----------
    description : DataDescription
    n_classes : int or None
        C if the critic sees the label, None if not.
    style : {"paper", "reference"}, default="paper"
        Details on which the paper and its authors' code differ.
    """
    if isinstance(description, TableDescription):
        return _initialised(tabular.Critic(description, n_classes))
    return _initialised(image.Critic(description, n_classes, style))


def build_mixer(
    description: DataDescription,
    latent_dim: int,
    mixture_size: int,
    n_classes: int,
    style: Style = "paper",
) -> Mixer:
    """Build the mixer of Table 17 or 19: latent vectors to mixing coefficients ``(n, t)``.

    Parameters
    ----------
    description : DataDescription
    latent_dim : int
        m.
    mixture_size : int
        t, at least 2.
    n_classes : int
        C.
    style : {"paper", "reference"}, default="paper"
        Details on which the paper and its authors' code differ.
    """
    width = 512 if isinstance(description, TableDescription) else 1024
    return _initialised(Mixer(latent_dim, mixture_size, n_classes, width, style))


def _initialised(network: Network) -> Network:
    initialise(network)
    return network
