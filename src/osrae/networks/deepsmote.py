"""Encoder and decoder of DeepSMOTE's authors, for pictures in [-1, 1].

At 28 × 28 both are the authors' layer by layer. For 32 × 32 they released the last convolution of
the encoder alone; there, and at every other size, the decoder is that of the port to 32 × 32 in
imbalanced-DL, started from a quarter of the picture's size. Weights begin as torch's layers do.

References
----------
Dablain, Krawczyk, Chawla. DeepSMOTE: Fusing Deep Learning and SMOTE for Imbalanced Data. IEEE
Transactions on Neural Networks and Learning Systems, 2022. Code:
https://github.com/dd1github/DeepSMOTE, https://github.com/ntucllab/imbalanced-DL.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from osrae.data.description import ImageDescription
from osrae.networks.layers import LEAKY_SLOPE, check_shape, widened

__all__ = ["WIDTH", "Decoder", "Encoder"]

#: Channels of the encoder's first convolution; all others have multiples of it.
WIDTH = 64

_AUTHORS_SIZE = (28, 28)


class Encoder(nn.Module):
    """E: three convolutions that halve the picture, a fourth one, and a linear layer.

    The fourth convolution leaves one place of pictures of up to 39 pixels a side; what it leaves of
    larger ones is flattened.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    latent_dim : int
        m.
    width : int, default=64
        Channels of the first convolution.
    """

    def __init__(self, description: ImageDescription, latent_dim: int, width: int = WIDTH) -> None:
        super().__init__()
        self.shape = description.shape
        sides = description.height // 8, description.width // 8
        strides, paddings, left = zip(*(_last_step(side) for side in sides), strict=True)
        self.convolutions = nn.Sequential(
            nn.Conv2d(description.channels, width, 4, 2, 1, bias=False),
            nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
            *_normalised(nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), LEAKY_SLOPE),
            *_normalised(nn.Conv2d(2 * width, 4 * width, 4, 2, 1, bias=False), LEAKY_SLOPE),
            *_normalised(
                nn.Conv2d(4 * width, 8 * width, 4, strides, paddings, bias=False), LEAKY_SLOPE
            ),
        )
        self.output = nn.Linear(8 * width * left[0] * left[1], latent_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Encode pictures ``(n, channels, height, width)`` to ``(n, latent_dim)``."""
        check_shape("Encoder", x, "n", *self.shape)
        return self.output(self.convolutions(x).flatten(1))


def _last_step(side: int) -> tuple[int, int, int]:
    """Stride and padding of the fourth convolution along a side, and the places that it leaves."""
    if side == 1:
        return 2, 2, 1
    if side == 4:
        return 1, 0, 1  # 32 pixels, as in the authors' comment and in the port
    return 2, 1, side // 2


class Decoder(nn.Module):
    """D: a linear layer and three transposed convolutions, to pictures in [-1, 1].

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    latent_dim : int
        m.
    width : int, default=64
        Channels of the encoder's first convolution.
    """

    def __init__(self, description: ImageDescription, latent_dim: int, width: int = WIDTH) -> None:
        super().__init__()
        self.shape, self.latent_dim = description.shape, latent_dim
        _, *size = description.shape
        self.start = -(-size[0] // 4), -(-size[1] // 4)
        layer = nn.ConvTranspose2d
        if tuple(size) == _AUTHORS_SIZE:  # 7 → 10 → 13 → 28
            first = layer(8 * width, 4 * width, 4)
            second = layer(4 * width, 2 * width, 4)
            last = layer(2 * width, description.channels, 4, stride=2)
        else:  # s → 2 s → 4 s → 4 s
            first = layer(8 * width, 4 * width, 4, stride=2, padding=1)
            second = layer(4 * width, 2 * width, 4, stride=2, padding=1)
            last = layer(2 * width, description.channels, 3, padding=1)
        places = self.start[0] * self.start[1]
        self.hidden = nn.Sequential(
            nn.Linear(latent_dim, 8 * width * places), nn.ReLU(inplace=True)
        )
        self.convolutions = nn.Sequential(*_normalised(first), *_normalised(second))
        self.output = last

    def forward(self, z: Tensor) -> Tensor:
        """Decode latent vectors ``(n, latent_dim)`` to ``(n, channels, height, width)``."""
        check_shape("Decoder", z, "n", self.latent_dim)
        h = self.convolutions(self.hidden(z).unflatten(1, (-1, *self.start)))
        _, height, width = self.shape
        return torch.tanh(widened(self.output(h)[:, :, :height, :width]))


def _normalised(convolution: nn.Conv2d | nn.ConvTranspose2d, slope: float = 0.0) -> list[nn.Module]:
    """Follow a convolution by batch normalisation and (leaky) ReLU."""
    activation = nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True)
    return [convolution, nn.BatchNorm2d(convolution.out_channels), activation]
