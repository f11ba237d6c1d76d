"""Networks for pictures: encoder and decoder of Table 16, critic of Table 17.

Features are flattened and unflattened as (height, width, channels): for tensors in torch's
``channels_last`` memory format, which is the faster one on most machines, that copies nothing.

References
----------
Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling for Imbalanced Data via
Class-Preserving Regularized Auto-Encoders. AISTATS 2023. Tables 16 and 17.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from osrae.data.description import ImageDescription
from osrae.networks.layers import (
    LEAKY_SLOPE,
    Dropout,
    SameConv2d,
    Style,
    batch_norm_options,
    check_shape,
    dense_block,
    widened,
    with_label,
)

__all__ = ["Critic", "Decoder", "Encoder"]

_HIDDEN = 1024
_DROPOUT = 0.4


def _quarter_size(description: ImageDescription) -> tuple[int, int]:
    """Height and width after two halvings that round up."""
    return -(-description.height // 4), -(-description.width // 4)


def _flatten(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).flatten(1)


class Encoder(nn.Module):
    """E: pictures to latent vectors (Table 16).

    Its convolutions have no bias: the batch normalisation that follows would subtract it.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    latent_dim : int
        m.
    style : {"paper", "reference"}, default="paper"
        Constants of batch normalisation.
    """

    def __init__(
        self, description: ImageDescription, latent_dim: int, style: Style = "paper"
    ) -> None:
        super().__init__()
        self.shape = description.shape
        height, width = _quarter_size(description)
        self.convolutions = nn.Sequential(
            *_normalised_convolution(description.channels, 64, style),
            *_normalised_convolution(64, 128, style),
        )
        n_features = 128 * height * width
        self.hidden = dense_block(n_features, _HIDDEN, style, LEAKY_SLOPE, _DROPOUT)
        self.output = nn.Linear(_HIDDEN, latent_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Encode pictures ``(n, channels, height, width)`` to ``(n, latent_dim)``."""
        check_shape("Encoder", x, "n", *self.shape)
        return self.output(self.hidden(_flatten(self.convolutions(x))))


def _normalised_convolution(n_in: int, n_out: int, style: Style) -> tuple[nn.Module, ...]:
    return (
        SameConv2d(n_in, n_out, bias=False),
        nn.BatchNorm2d(n_out, **batch_norm_options(style)),
        nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
        Dropout(_DROPOUT),
    )


class Decoder(nn.Module):
    """D: latent vectors and labels to pictures in [0, 1] (Table 16).

    Both transposed convolutions are followed by ReLU, as in the authors' code; Table 16 prints
    ELU for the second. Sizes that 4 does not divide are decoded a little too large and cropped
    below and on the right, where the encoder pads more.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    latent_dim : int
        m.
    n_classes : int or None
        C; None for a decoder that is told no label.
    style : {"paper", "reference"}, default="paper"
        Constants of batch normalisation.
    """

    def __init__(
        self,
        description: ImageDescription,
        latent_dim: int,
        n_classes: int | None,
        style: Style = "paper",
    ) -> None:
        super().__init__()
        self.shape = description.shape
        self.latent_dim, self.n_classes = latent_dim, n_classes
        self.start = _quarter_size(description)
        height, width = self.start
        self.hidden = nn.Sequential(
            dense_block(latent_dim + (n_classes or 0), _HIDDEN, style),
            dense_block(_HIDDEN, height * width * 128, style),
        )
        self.convolutions = nn.Sequential(
            *_normalised_doubling(128, 128, style), *_normalised_doubling(128, 64, style)
        )
        self.output = nn.Conv2d(64, description.channels, kernel_size=3, padding=1)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Decode latent vectors.

        Parameters
        ----------
        z : Tensor of shape (n, latent_dim)
        label : Tensor of shape (n, n_classes) or None
            One-hot, for a decoder that is told the label.

        Returns
        -------
        Tensor of shape (n, channels, height, width)
            Pictures in [0, 1], at least float32.
        """
        check_shape("Decoder", z, "n", self.latent_dim)
        h = self.hidden(with_label("Decoder", z, label, self.n_classes))
        h = self.convolutions(h.unflatten(1, (*self.start, 128)).permute(0, 3, 1, 2))
        _, height, width = self.shape
        return torch.sigmoid(widened(self.output(h[:, :, :height, :width])))


def _normalised_doubling(n_in: int, n_out: int, style: Style) -> tuple[nn.Module, ...]:
    return (
        nn.ConvTranspose2d(n_in, n_out, kernel_size=4, stride=2, padding=1),
        nn.BatchNorm2d(n_out, **batch_norm_options(style)),
        nn.ReLU(inplace=True),
    )


class Critic(nn.Module):
    """K: pictures to scores (Table 17), no normalisation and no sigmoid.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8.
    n_classes : int or None
        C for a critic that sees the label, too (beside the features of the convolutions, as in
        the authors' code); None for one that does not (Table 17).
    style : {"paper", "reference"}, default="paper"
        Whether the convolutions have a bias (paper) or not (authors' code).
    """

    def __init__(
        self, description: ImageDescription, n_classes: int | None, style: Style = "paper"
    ) -> None:
        super().__init__()
        self.shape, self.n_classes = description.shape, n_classes
        height, width = _quarter_size(description)
        bias = style == "paper"
        self.convolutions = nn.Sequential(
            SameConv2d(description.channels, 64, bias),
            nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
            SameConv2d(64, 128, bias),
            nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
        )
        self.head = nn.Sequential(
            nn.Linear(128 * height * width + (n_classes or 0), _HIDDEN),
            nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
            nn.Linear(_HIDDEN, 1),
        )

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """Score pictures.

        Parameters
        ----------
        x : Tensor of shape (n, channels, height, width)
        label : Tensor of shape (n, n_classes) or None
            One-hot, for a critic that sees the label.

        Returns
        -------
        Tensor of shape (n,)
        """
        check_shape("Critic", x, "n", *self.shape)
        features = _flatten(self.convolutions(x))
        return self.head(with_label("Critic", features, label, self.n_classes)).squeeze(1)
