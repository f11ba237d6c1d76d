"""Networks of BAGAN: a trunk that encoder and discriminator share, and the authors' generator.

`Trunk` and `TableTrunk` have the layers of the critics of Tables 17 and 19, with dropout;
`AuthorsTrunk` and `AuthorsGenerator` are the networks of BAGAN's authors, for pictures in [-1, 1].
The authors' are for squares whose side is r · 2^k; here a side is halved rounding up, and what is
generated too large is cropped below and on the right.

References
----------
Mariani, Scheidegger, Istrate, Bekas, Malossi. BAGAN: Data Augmentation with Balancing GAN.
arXiv:1803.09655, 2018. Code: https://github.com/IBM/BAGAN.

Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling for Imbalanced Data via
Class-Preserving Regularized Auto-Encoders. AISTATS 2023. Tables 17 and 19.
"""

from __future__ import annotations

from itertools import chain, pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.data.description import DataDescription, ImageDescription, TableDescription
from osrae.networks.layers import (
    LEAKY_SLOPE,
    Dropout,
    SameConv2d,
    check_shape,
    initialise,
    widened,
)

__all__ = [
    "AuthorsGenerator",
    "AuthorsTrunk",
    "DoublingConv2d",
    "SamePadConv2d",
    "TableTrunk",
    "Trunk",
    "build_trunk",
    "with_head",
]

_DROPOUT = 0.3
_HIDDEN = 1024
_TABLE_WIDTH = 512
_AUTHORS_SLOPE = 0.3  # Keras' default
_AUTHORS_SMALL = 8  # pictures are halved until no side is longer
_AUTHORS_START = 128  # channels from which the generator's pictures grow


def build_trunk(description: DataDescription, authors: bool) -> Trunk | TableTrunk | AuthorsTrunk:
    """Build the layers that encoder and discriminator have in common.

    Parameters
    ----------
    description : DataDescription
    authors : bool
        For pictures: the authors' layers instead of those of Table 17.
    """
    if isinstance(description, TableDescription):
        return TableTrunk(description)
    return AuthorsTrunk(description) if authors else Trunk(description)


def with_head(trunk: Trunk | TableTrunk | AuthorsTrunk, n_outputs: int) -> nn.Sequential:
    """Return trunk and linear output layer, with fresh weights: samples to ``(n, n_outputs)``."""
    network = nn.Sequential(trunk, nn.Linear(trunk.n_features, n_outputs))
    initialise(network)
    return network


# ---------------------------------------------------------------- of the critics' layers


class Trunk(nn.Module):
    """T: pictures to features, by the hidden layers of Table 17 and dropout.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    """

    def __init__(self, description: ImageDescription) -> None:
        super().__init__()
        self.shape, self.n_features = description.shape, _HIDDEN
        quarter = -(-description.height // 4) * -(-description.width // 4)
        self.convolutions = nn.Sequential(
            SameConv2d(description.channels, 64), *_dropped(), SameConv2d(64, 128), *_dropped()
        )
        self.hidden = nn.Sequential(nn.Linear(128 * quarter, _HIDDEN), *_dropped())

    def forward(self, x: Tensor) -> Tensor:
        """Turn pictures ``(n, channels, height, width)`` into features ``(n, n_features)``."""
        check_shape("Trunk", x, "n", *self.shape)
        return self.hidden(_flatten(self.convolutions(x)))


class TableTrunk(nn.Module):
    """T: rows to features, by the hidden layers of Table 19 and dropout.

    Parameters
    ----------
    description : TableDescription
    """

    def __init__(self, description: TableDescription) -> None:
        super().__init__()
        self.shape, self.n_features = description.shape, _TABLE_WIDTH
        sizes = (*description.shape, *[_TABLE_WIDTH] * 3)
        layers = [[nn.Linear(*pair), *_dropped()] for pair in pairwise(sizes)]
        self.layers = nn.Sequential(*chain.from_iterable(layers))

    def forward(self, x: Tensor) -> Tensor:
        """Turn rows ``(n, n_columns)`` into features ``(n, n_features)``."""
        check_shape("TableTrunk", x, "n", *self.shape)
        return self.layers(x)


def _dropped(slope: float = LEAKY_SLOPE) -> list[nn.Module]:
    return [nn.LeakyReLU(slope, inplace=True), Dropout(_DROPOUT)]


def _flatten(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).flatten(1)


# ---------------------------------------------------------------- of the authors


class AuthorsTrunk(nn.Module):
    """T of the authors: 3 × 3 convolutions, at least two of which halve the picture.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    """

    def __init__(self, description: ImageDescription) -> None:
        super().__init__()
        self.shape = description.shape
        n_halvings = max(2, _halvings(description))
        plan = [(32, 2), (64, 1), (128, 2), (256, 1), *[(256, 2), (256, 1)] * (n_halvings - 2)]
        channels = description.channels, *(n_out for n_out, _ in plan)
        layers = [
            [SamePadConv2d(n_in, n_out, 3, stride), *_dropped(_AUTHORS_SLOPE)]
            for (n_in, n_out), (_, stride) in zip(pairwise(channels), plan, strict=True)
        ]
        self.convolutions = nn.Sequential(*chain.from_iterable(layers))
        height, width = _halved(description, n_halvings)
        self.n_features = channels[-1] * height * width

    def forward(self, x: Tensor) -> Tensor:
        """Turn pictures ``(n, channels, height, width)`` into features ``(n, n_features)``."""
        check_shape("AuthorsTrunk", x, "n", *self.shape)
        return _flatten(self.convolutions(x))


class AuthorsGenerator(nn.Module):
    """G of the authors: latent vectors to pictures in [-1, 1], without normalisation and biases.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    latent_dim : int
        m.
    """

    def __init__(self, description: ImageDescription, latent_dim: int) -> None:
        super().__init__()
        self.shape, self.latent_dim = description.shape, latent_dim
        n_doublings = _halvings(description)
        self.start = _halved(description, n_doublings)
        n_start = _AUTHORS_START * self.start[0] * self.start[1]
        self.hidden = nn.Sequential(
            nn.Linear(latent_dim, _HIDDEN, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(_HIDDEN, n_start, bias=False),
            nn.ReLU(inplace=True),
        )
        inner = [256] * (n_doublings - 1) + [128] * (n_doublings > 0)
        layers = [
            [DoublingConv2d(n_in, n_out), nn.ReLU(inplace=True)]
            for n_in, n_out in pairwise((_AUTHORS_START, *inner))
        ]
        self.convolutions = nn.Sequential(*chain.from_iterable(layers))
        n_last = inner[-1] if inner else _AUTHORS_START
        self.output = SamePadConv2d(n_last, description.channels, 2, bias=False)
        initialise(self.hidden)
        for layer in (*self.convolutions, self.output):
            if isinstance(layer, nn.Conv2d):
                nn.init.xavier_normal_(layer.weight)

    def forward(self, z: Tensor) -> Tensor:
        """Turn latent vectors ``(n, latent_dim)`` into ``(n, channels, height, width)``."""
        check_shape("AuthorsGenerator", z, "n", self.latent_dim)
        h = self.hidden(z).unflatten(1, (*self.start, -1)).permute(0, 3, 1, 2)
        _, height, width = self.shape
        h = self.convolutions(h)[:, :, :height, :width]
        return torch.tanh(widened(self.output(h)))


def _halvings(description: ImageDescription) -> int:
    """How often a picture is halved, rounding up, until no side is longer than 8."""
    longer = max(description.height, description.width)
    return max(0, (-(-longer // _AUTHORS_SMALL) - 1).bit_length())


def _halved(description: ImageDescription, times: int) -> tuple[int, int]:
    """Height and width after halvings that round up."""
    return -(-description.height // 2**times), -(-description.width // 2**times)


class SamePadConv2d(nn.Conv2d):
    """Convolution under TensorFlow's "same" padding: a stride s leaves ceil(size / s).

    Where an odd number of pixels is padded along a side, there is one more after than before.

    Parameters
    ----------
    in_channels, out_channels, kernel, stride : int
    bias : bool
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, stride: int = 1, bias: bool = True
    ) -> None:
        super().__init__(in_channels, out_channels, kernel, stride, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve ``(n, in_channels, h, w)`` to ``(n, out_channels, ceil(h/s), ceil(w/s))``."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        height, width = (
            max(0, (-(-size // stride) - 1) * stride + kernel - size) for size in x.shape[-2:]
        )
        if height % 2 or width % 2:
            x = F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
            return super().forward(x)
        return F.conv2d(x, self.weight, self.bias, self.stride, (height // 2, width // 2))


class DoublingConv2d(nn.Conv2d):
    """Nearest-neighbour doubling and a 5 × 5 "same" convolution without bias, in one.

    In a doubled picture neighbours are equal, so that each of the four places that come of one
    pixel is a 3 × 3 convolution of the small picture, whose weights are sums of the 5 × 5 ones:
    36 multiplications for a pixel and a pair of channels in the place of 100.

    Parameters
    ----------
    in_channels, out_channels : int
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, kernel_size=5, padding=2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Turn ``(n, in_channels, h, w)`` into ``(n, out_channels, 2 h, 2 w)``."""
        weight = _on_halved(_on_halved(self.weight))  # (out, in, 2, 2, 3, 3)
        weight = weight.permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
        return F.pixel_shuffle(F.conv2d(x, weight, padding=1), 2)


def _on_halved(weight: Tensor) -> Tensor:
    """Turn five taps along dimension 3 of the doubled picture into three of the small one.

    The taps of place 2 i stand on the pixels i-1, i-1, i, i, i+1, those of place 2 i + 1 on
    i-1, i, i, i+1, i+1. The two places become dimension 2, so that what was dimension 2 is 3.
    """
    a, b, c, d, e = weight.unbind(3)
    even, odd = (a + b, c + d, e), (a, b + c, d + e)
    return torch.stack([torch.stack(taps, 3) for taps in (even, odd)], 2)
