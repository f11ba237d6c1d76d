"""Networks of GAMO and GAMO2PIX: the authors' own, and the convex generator of every variant.

Layer by layer as in the authors' code at their sizes, and made for any other: average pooling and
transposed convolutions follow Keras' "same" padding. Pictures are in [0, 1] outside and in [-1, 1]
inside. The article's sigmoid and softmax ends are left to the losses.

References
----------
Mullick, Datta, Das. Generative Adversarial Minority Oversampling. ICCV 2019. Code:
https://github.com/SankhaSubhra/GAMO.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.data.description import DataDescription, ImageDescription
from osrae.networks import build_critic, build_decoder, build_encoder
from osrae.networks.layers import (
    LEAKY_SLOPE,
    check_shape,
    initialise,
    one_hot,
    switch_off_dropout,
    widened,
    with_label,
)

__all__ = [
    "NOISE_DIM",
    "VAE_LATENT_DIM",
    "Architecture",
    "ConvexGenerator",
    "Discriminator",
    "FeatureNetwork",
    "PictureDecoder",
    "SquashedEncoder",
    "VariationalAutoEncoder",
    "VariationalEncoder",
    "build_players",
    "dense_classifier",
    "evaluating",
    "group_codes",
]

#: Networks of the capacity of Tables 16 to 19, or those of the authors.
Architecture = Literal["equal", "original"]

#: Size of the generator's noise z.
NOISE_DIM = 100
#: Size of GAMO2PIX's latent space.
VAE_LATENT_DIM = 100

_SLOPE = 0.1
_HIDDEN = (256, 128)
_SHARED = (256, 64)


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Let ``network`` compute as it does after training: running statistics, no dropout."""
    was = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(was)


def build_players(
    description: DataDescription, n_classes: int, architecture: Architecture, n_features: int
) -> nn.ModuleDict:
    """Build F ("features", of pictures), M ("classifier") and Dis ("discriminator").

    Parameters
    ----------
    description : DataDescription
    n_classes : int
        C.
    architecture : {"equal", "original"}
    n_features : int
        m: features of a picture, columns of a table.
    """
    players = nn.ModuleDict()
    if isinstance(description, ImageDescription):
        players["features"] = (
            FeatureNetwork(description, n_features)
            if architecture == "original"
            else SquashedEncoder(build_encoder(None, description, n_features))
        )
    if architecture == "original" or "features" in players:
        players["classifier"] = dense_classifier(n_features, n_classes)
        players["discriminator"] = Discriminator(n_features, n_classes)
    else:
        # The trunk of Table 18 without normalisation and dropout: M sees generated rows, too.
        players["classifier"] = dense_classifier(n_features, n_classes, (512, 256), LEAKY_SLOPE)
        players["discriminator"] = build_critic(description, n_classes)
    return players


def _quarter(size: int) -> int:
    return -(-size // 4)


class FeatureNetwork(nn.Module):
    """F of the authors: pictures to features in (-1, 1).

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    n_features : int
        512 in the authors' code.
    """

    def __init__(self, description: ImageDescription, n_features: int = 512) -> None:
        super().__init__()
        self.shape = description.shape
        self.convolutions = nn.Sequential(
            *_pooled_convolution(description.channels), *_pooled_convolution(32)
        )
        places = _quarter(description.height) * _quarter(description.width)
        self.output = nn.Linear(32 * places, n_features)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn pictures ``(n, channels, height, width)`` into ``(n, n_features)``."""
        check_shape("FeatureNetwork", x, "n", *self.shape)
        h = self.convolutions(2 * x - 1).permute(0, 2, 3, 1).flatten(1)
        return self.output(h).tanh()


def _pooled_convolution(n_in: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(n_in, 32, kernel_size=5, padding=2),
        nn.LeakyReLU(_SLOPE, inplace=True),
        nn.AvgPool2d(2, ceil_mode=True),  # at odd sizes the last window holds what there is
    )


class SquashedEncoder(nn.Module):
    """F of equal capacity: an encoder of the common networks without dropout, and tanh.

    The authors have no dropout: M, and the hull, would see features of which training knows none.

    Parameters
    ----------
    encoder : nn.Module
        Samples to ``(n, m)``.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        switch_off_dropout(encoder)
        self.encoder = encoder

    def forward(self, x: Tensor) -> Tensor:
        """Turn samples ``(n, …)`` into features ``(n, m)`` in (-1, 1)."""
        return self.encoder(x).tanh()


def dense_classifier(
    n_in: int, n_classes: int, hidden: Sequence[int] = _HIDDEN, slope: float = _SLOPE
) -> nn.Sequential:
    """Build M: features ``(n, n_in)`` to logits ``(n, n_classes)``, no normalisation or dropout.

    Parameters
    ----------
    n_in, n_classes : int
    hidden : sequence of int
        Widths of the hidden layers.
    slope : float
        Of the LeakyReLU.
    """
    return _dense((n_in, *hidden, n_classes), slope)


def _dense(sizes: Sequence[int], slope: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(slope, inplace=True)]
    network = nn.Sequential(*layers[:-1])
    initialise(network)
    return network


class Discriminator(nn.Module):
    """Dis: features and labels to the log-odds of being real.

    Parameters
    ----------
    n_in, n_classes : int
    """

    def __init__(self, n_in: int, n_classes: int) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.layers = _dense((n_in + n_classes, *_HIDDEN, 1), _SLOPE)

    def forward(self, f: Tensor, label: Tensor) -> Tensor:
        """Score features ``(n, n_in)`` of one-hot labels ``(n, n_classes)``: ``(n,)``."""
        return self.layers(with_label("Discriminator", f, label, self.n_classes)).squeeze(1)


class ConvexGenerator(nn.Module):
    """G and its heads: noise to convex combinations of the real points of one class.

    The part that all classes share comes to ``t = G(z, y)``; the head of class c to weights
    ``a = softmax(W_c t + b_c)``, one for each of the class's n_c points, and ``x~ = Σ_i a_i f_i``.
    Weights are tied to the order of the points. Computed in float32 at least, so that the result
    lies in the hull.

    Parameters
    ----------
    n_classes : int
        C.
    sizes : mapping of int to int
        n_c of every class that has a head, by class number.
    """

    def __init__(self, n_classes: int, sizes: Mapping[int, int]) -> None:
        super().__init__()
        self.n_classes = n_classes
        n_first, n_last = _SHARED
        # Normalisation stands after the ReLU, with the constants of the authors' Keras layers.
        self.shared = nn.Sequential(
            nn.Linear(NOISE_DIM + n_classes, n_first),
            nn.ReLU(inplace=True),
            nn.BatchNorm1d(n_first, momentum=0.1, eps=1e-3),
            nn.Linear(n_first, n_last),
            nn.ReLU(inplace=True),
            nn.BatchNorm1d(n_last, momentum=0.1, eps=1e-3),
        )
        self.heads = nn.ModuleDict(
            {str(code): nn.Linear(n_last, size) for code, size in sizes.items()}
        )
        initialise(self)

    def parameters_of(self, code: int) -> list[nn.Parameter]:
        """Return the weights that points of one class depend on: G's and its head's."""
        return [*self.shared.parameters(), *self.heads[str(code)].parameters()]

    def weights(self, z: Tensor, groups: Mapping[int, int]) -> dict[int, Tensor]:
        """Compute convex weights.

        Parameters
        ----------
        z : Tensor of shape (n, 100)
            Noise, class by class.
        groups : mapping of int to int
            How many rows of ``z`` are for each class, in the order of the rows.

        Returns
        -------
        dict of int to Tensor of shape (n of the group, n_c)
            Rows are non-negative and sum to 1.
        """
        label = one_hot(group_codes(groups, z.device), self.n_classes, z.dtype)
        with torch.autocast(z.device.type, enabled=False):
            t = self.shared(with_label("ConvexGenerator", z, label, self.n_classes))
            parts = t.split(list(groups.values()))
            return {
                code: self.heads[str(code)](part).softmax(1)
                for code, part in zip(groups, parts, strict=True)
            }

    def forward(self, z: Tensor, groups: Mapping[int, int], points: Mapping[int, Tensor]) -> Tensor:
        """Make points, class by class.

        Parameters
        ----------
        z, groups
            As for `weights`.
        points : mapping of int to Tensor of shape (n_c, m)
            The real points of every class of ``groups``.

        Returns
        -------
        Tensor of shape (n, m)
        """
        weights = self.weights(z, groups)
        with torch.autocast(z.device.type, enabled=False):
            return torch.cat([a @ points[code] for code, a in weights.items()])


def group_codes(groups: Mapping[int, int], device: torch.device) -> Tensor:
    """Write out the class number of every row of ``groups``, on ``device``."""
    codes, sizes = torch.tensor(list(groups)), torch.tensor(list(groups.values()))
    return codes.repeat_interleave(sizes).to(device, non_blocking=True)


class VariationalEncoder(nn.Module):
    """The encoder of GAMO2PIX's variational auto-encoder, on features.

    Parameters
    ----------
    n_features : int
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_features, 128)
        self.mean = nn.Linear(128, VAE_LATENT_DIM)
        self.spread = nn.Linear(128, VAE_LATENT_DIM)
        initialise(self)

    def forward(self, f: Tensor) -> tuple[Tensor, Tensor]:
        """Encode features ``(n, n_features)`` to ``mu`` and ``s``, each (n, 100)."""
        h = self.hidden(f).tanh()
        return widened(self.mean(h)), widened(self.spread(h))


class PictureDecoder(nn.Module):
    """The authors' decoder of GAMO2PIX: latent vectors to pictures in [0, 1].

    Sizes that 4 does not divide are decoded a little too large and cropped below and on the right.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    n_classes : int or None
        C for a decoder that is told the label, beside the latent vector.
    """

    def __init__(self, description: ImageDescription, n_classes: int | None = None) -> None:
        super().__init__()
        self.shape, self.n_classes = description.shape, n_classes
        self.start = _quarter(description.height), _quarter(description.width)
        height, width = self.start
        self.hidden = nn.Sequential(
            nn.Linear(VAE_LATENT_DIM + (n_classes or 0), height * width * 32),
            nn.LeakyReLU(_SLOPE, inplace=True),
        )
        self.convolutions = nn.Sequential(*_doubling(), *_doubling())
        self.output = nn.Conv2d(32, description.channels, kernel_size=4)
        initialise(self)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Decode ``(n, 100)`` (and labels (n, C)) to ``(n, channels, height, width)``."""
        h = self.hidden(with_label("PictureDecoder", z, label, self.n_classes))
        h = self.convolutions(h.unflatten(1, (*self.start, 32)).permute(0, 3, 1, 2))
        _, height, width = self.shape
        # An even kernel at stride 1: "same" padding has one pixel before and two after.
        h = F.pad(h[:, :, :height, :width], (1, 2, 1, 2))
        return (widened(self.output(h)).tanh() + 1) / 2


def _doubling() -> tuple[nn.Module, ...]:
    return (
        nn.ConvTranspose2d(32, 32, kernel_size=4, stride=2, padding=1),
        nn.LeakyReLU(_SLOPE, inplace=True),
    )


class VariationalAutoEncoder(nn.Module):
    """One variational auto-encoder of GAMO2PIX: features to pictures.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    n_features : int
        m.
    n_classes : int or None
        C for one whose decoder is told the label.
    architecture : {"equal", "original"}
        The decoder: Table 16's, or the authors'.
    """

    def __init__(
        self,
        description: DataDescription,
        n_features: int,
        n_classes: int | None,
        architecture: Architecture,
    ) -> None:
        super().__init__()
        assert isinstance(description, ImageDescription)
        self.encoder = VariationalEncoder(n_features)
        self.decoder = (
            PictureDecoder(description, n_classes)
            if architecture == "original"
            else build_decoder(description, VAE_LATENT_DIM, n_classes)
        )
