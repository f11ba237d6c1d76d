"""Networks of the deep generative classifier: recogniser, decoder and classifier of codes.

There are those of the paper's size (the trunk of Table 16 or 18 before its last layer and without
its dropout, and the decoder without label), and those of the authors, whose code has one set for
pictures of 28 × 28 and one for pictures of 64 × 64; both take pictures of any size here.

References
----------
Wang, Lyu, Jing. Deep Generative Model for Robust Imbalance Classification. CVPR 2020. Figure 3, and
the authors' public code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.data.description import DataDescription, ImageDescription
from osrae.errors import InputError
from osrae.networks import build_decoder, build_encoder
from osrae.networks.layers import (
    LEAKY_SLOPE,
    check_shape,
    dense_block,
    initialise,
    switch_off_dropout,
    widened,
    with_label,
)

__all__ = [
    "AUTHORS",
    "Architecture",
    "AuthorsDecoder",
    "AuthorsTrunk",
    "Recogniser",
    "build_classifier",
    "build_dgc_decoder",
    "build_recogniser",
    "draw_codes",
]

Architecture = Literal["equal", "mnist", "celeba"]

_LARGEST_LOG_VARIANCE = 50.0
_WEIGHT_DEVIATION = 0.0099999  # the authors' number


@dataclass(frozen=True)
class Convolutions:
    """The sizes of the authors' networks for pictures.

    Parameters
    ----------
    encoder_layers, decoder_layers : int
        Convolutions of the recogniser, each of which halves the picture, and of the decoder, all
        but one of which double it.
    kernel : int
        Height and width of every kernel.
    """

    encoder_layers: int
    decoder_layers: int
    kernel: int


#: The authors' networks, by the data set they made them for.
AUTHORS = {
    "mnist": Convolutions(encoder_layers=4, decoder_layers=3, kernel=4),
    "celeba": Convolutions(encoder_layers=5, decoder_layers=4, kernel=5),
}


# ---------------------------------------------------------------- q(z | x, y)


class Recogniser(nn.Module):
    """q(z | x, y): samples and labels to the means and log-variances of normal codes.

    The layer that joins features and label has no activation, as in the authors' code. Mean and
    log-variance are therefore sums of a part that knows the sample alone and a part that knows the
    label alone.

    Parameters
    ----------
    trunk : nn.Module
        Samples to features ``(n, n_features)``.
    n_features : int
    width : int
        Outputs of the layer that joins features and label.
    latent_dim : int
        m.
    n_classes : int
        C.
    """

    def __init__(
        self, trunk: nn.Module, n_features: int, width: int, latent_dim: int, n_classes: int
    ) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.trunk = trunk
        self.joint = nn.Linear(n_features + n_classes, width)
        self.mean = nn.Linear(width, latent_dim)
        self.log_variance = nn.Linear(width, latent_dim)

    def forward(self, x: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        """Recognise samples.

        Parameters
        ----------
        x : Tensor of shape (n, ...)
        label : Tensor of shape (n, C)
            One-hot.

        Returns
        -------
        mean : Tensor of shape (n, m)
        log_variance : Tensor of shape (n, m)
            Within ±50.
        """
        h = self.joint(with_label("Recogniser", self.trunk(x), label, self.n_classes))
        return widened(self.mean(h)), _clipped(widened(self.log_variance(h)))

    def of_samples(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the parts of mean and (unclipped) log-variance that the samples give: (n, m)."""
        features = self.trunk(x)
        h = self.joint(F.pad(features, (0, self.n_classes)))
        return widened(self.mean(h)), widened(self.log_variance(h))

    def of_labels(self) -> tuple[Tensor, Tensor]:
        """Return the parts of mean and (unclipped) log-variance that the labels give: (C, m)."""
        by_label = self.joint.weight[:, -self.n_classes :].T
        return by_label @ self.mean.weight.T, by_label @ self.log_variance.weight.T

    @staticmethod
    def combine(
        samples: tuple[Tensor, Tensor], labels: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Add both parts (of shapes that broadcast): means and log-variances as in `forward`."""
        return samples[0] + labels[0], _clipped(samples[1] + labels[1])


def _clipped(log_variance: Tensor) -> Tensor:
    return log_variance.clamp(-_LARGEST_LOG_VARIANCE, _LARGEST_LOG_VARIANCE)


def build_recogniser(
    architecture: Architecture,
    description: DataDescription,
    latent_dim: int,
    n_classes: int,
    n_filters: int = 1024,
) -> Recogniser:
    """Build q(z | x, y).

    Parameters
    ----------
    architecture : {"equal", "mnist", "celeba"}
        The paper's size, or one of the authors' networks (pictures only).
    description : DataDescription
    latent_dim : int
        m.
    n_classes : int
        C.
    n_filters : int, default=1024
        Filters of the authors' last convolution; four times as many units join features and label.

    Raises
    ------
    InputError
        If the authors' networks are asked for a table.
    """
    if architecture == "equal":
        trunk, width = _equal_trunk(description, latent_dim)
        recogniser = Recogniser(trunk, width, width, latent_dim, n_classes)
        initialise(recogniser)
        return recogniser
    trunk = AuthorsTrunk(_pictures(architecture, description), AUTHORS[architecture], n_filters)
    recogniser = Recogniser(trunk, trunk.n_features, 4 * n_filters, latent_dim, n_classes)
    _initialise_as_authors(recogniser)
    return recogniser


def _equal_trunk(description: DataDescription, latent_dim: int) -> tuple[nn.Module, int]:
    """Table 16 or 18 without its last layer and without dropout, and the number of its outputs.

    The authors have no dropout. It blurs what the recogniser sees of a sample, never the label, and
    soon the codes hold the label that they were made with and say nothing of the sample's own
    (benchmarks/method_choices.py, its part "dgc").
    """
    if isinstance(description, ImageDescription):
        encoder = build_encoder(None, description, latent_dim)
        switch_off_dropout(encoder)
        encoder.output = nn.Identity()
        return encoder, 1024
    (n_columns,) = description.shape
    return (
        nn.Sequential(
            dense_block(n_columns, 512, "paper", LEAKY_SLOPE),
            dense_block(512, 256, "paper", LEAKY_SLOPE),
        ),
        256,
    )


class AuthorsTrunk(nn.Module):
    """The authors' convolutions: pictures to features.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    sizes : Convolutions
    n_filters : int
        Filters of the last convolution; every one before has half as many as its successor.
    """

    def __init__(self, description: ImageDescription, sizes: Convolutions, n_filters: int) -> None:
        super().__init__()
        self.shape = description.shape
        depth = sizes.encoder_layers
        filters = [n_filters >> (depth - 1 - layer) for layer in range(depth)]
        self.convolutions = nn.Sequential(
            *(
                nn.Sequential(
                    _SamePadding(sizes.kernel, 2),
                    nn.Conv2d(n_in, n_out, sizes.kernel, stride=2),
                    nn.BatchNorm2d(n_out),
                    nn.ReLU(inplace=True),
                )
                for n_in, n_out in pairwise([description.channels, *filters])
            )
        )
        height, width = (-(-side // 2**depth) for side in self.shape[1:])
        self.n_features = n_filters * height * width

    def forward(self, x: Tensor) -> Tensor:
        """Turn pictures ``(n, channels, height, width)`` into features ``(n, n_features)``."""
        check_shape("AuthorsTrunk", x, "n", *self.shape)
        return self.convolutions(x).permute(0, 2, 3, 1).flatten(1)


class _SamePadding(nn.Module):
    """TensorFlow's "same" padding: at most one row or column more behind than before."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        return F.pad(x, (*self._margins(width), *self._margins(height)))

    def _margins(self, side: int) -> tuple[int, int]:
        total = max((-(-side // self.stride) - 1) * self.stride + self.kernel - side, 0)
        return total // 2, total - total // 2


def draw_codes(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """``z = mean + noise · sqrt(1e-8 + exp(log_variance))``; all of shape (n, m)."""
    return mean + noise * (1e-8 + log_variance.exp()).sqrt()


# ---------------------------------------------------------------- p(x | z)


def build_dgc_decoder(
    architecture: Architecture,
    description: DataDescription,
    latent_dim: int,
    n_filters: int = 1024,
) -> nn.Module:
    """Build p(x | z): codes ``(n, m)`` to pictures in [0, 1], or to encoded rows.

    Parameters
    ----------
    architecture : {"equal", "mnist", "celeba"}
        The decoder of Table 16 or 18 without label, or one of the authors' (pictures only).
    description : DataDescription
    latent_dim : int
        m.
    n_filters : int, default=1024
        Filters of the authors' first layer.

    Raises
    ------
    InputError
        If the authors' networks are asked for a table.
    """
    if architecture == "equal":
        return build_decoder(description, latent_dim, None)
    pictures, sizes = _pictures(architecture, description), AUTHORS[architecture]
    decoder = AuthorsDecoder(pictures, latent_dim, sizes, n_filters)
    _initialise_as_authors(decoder)
    return decoder


class AuthorsDecoder(nn.Module):
    """The authors' decoder: codes to pictures in [0, 1].

    Sizes that its doublings do not reach are decoded a little too large and cropped below and on
    the right, where the recogniser pads more.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    latent_dim : int
        m.
    sizes : Convolutions
    n_filters : int
        Filters of the first layer; every later one has half as many as the one before.
    """

    def __init__(
        self, description: ImageDescription, latent_dim: int, sizes: Convolutions, n_filters: int
    ) -> None:
        super().__init__()
        self.shape, self.latent_dim = description.shape, latent_dim
        doublings = sizes.decoder_layers - 1
        self.n_filters = n_filters
        self.start = tuple(-(-side // 2**doublings) for side in self.shape[1:])
        self.hidden = nn.Linear(latent_dim, n_filters * self.start[0] * self.start[1])
        filters = [n_filters >> layer for layer in range(doublings + 1)]
        self.convolutions = nn.Sequential(
            *(
                nn.Sequential(
                    _SameTransposed(n_in, n_out, sizes.kernel, stride=2),
                    nn.BatchNorm2d(n_out),
                    nn.ReLU(inplace=True),
                )
                for n_in, n_out in pairwise(filters)
            )
        )
        self.output = _SameTransposed(filters[-1], description.channels, sizes.kernel, stride=1)

    def forward(self, z: Tensor) -> Tensor:
        """Decode codes ``(n, m)`` to pictures ``(n, channels, height, width)`` in [0, 1]."""
        check_shape("AuthorsDecoder", z, "n", self.latent_dim)
        h = F.relu(self.hidden(z)).unflatten(1, (*self.start, self.n_filters))
        h = self.output(self.convolutions(h.permute(0, 3, 1, 2)))
        _, height, width = self.shape
        return torch.sigmoid(widened(h[:, :, :height, :width]))


class _SameTransposed(nn.ConvTranspose2d):
    """Transposed convolution to exactly ``stride`` times the size: TensorFlow's "same"."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int) -> None:
        # What the convolution that this one transposes pads before; behind, it pads the rest.
        super().__init__(n_in, n_out, kernel, stride, padding=(kernel - stride) // 2)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        height, width = (side * self.stride[0] for side in x.shape[-2:])
        return super().forward(x, output_size)[:, :, :height, :width]


# ---------------------------------------------------------------- p(y | z)


def build_classifier(
    kind: Literal["linear", "mlp"], architecture: Architecture, latent_dim: int, n_classes: int
) -> nn.Module:
    """Build p(y | z): codes ``(n, m)`` to logits ``(n, C)``.

    Parameters
    ----------
    kind : {"linear", "mlp"}
        One layer, or two hidden layers of 500 with ReLU before it.
    architecture : {"equal", "mnist", "celeba"}
        Decides over the initial weights alone.
    latent_dim : int
        m.
    n_classes : int
        C.
    """
    sizes = [latent_dim] if kind == "linear" else [latent_dim, 500, 500]
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU(inplace=True)]
    classifier = nn.Sequential(*layers, nn.Linear(sizes[-1], n_classes))
    (initialise if architecture == "equal" else _initialise_as_authors)(classifier)
    return classifier


def _pictures(architecture: str, description: DataDescription) -> ImageDescription:
    if isinstance(description, ImageDescription):
        return description
    raise InputError(
        f"architecture={architecture!r} is made of convolutions, and this is a table; use "
        "architecture='equal'."
    )


def _initialise_as_authors(module: nn.Module) -> None:
    """Draw weights from a narrow normal distribution, cut at 2σ for convolutions; biases are 0."""
    deviation = _WEIGHT_DEVIATION
    cut = partial(nn.init.trunc_normal_, std=deviation, a=-2 * deviation, b=2 * deviation)
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            whole = partial(nn.init.normal_, std=deviation)
            (cut if isinstance(layer, nn.Conv2d) else whole)(layer.weight)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
