"""Networks for encoded tables: encoder and decoder of Table 18, critic of Table 19.

References
----------
Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling for Imbalanced Data via
Class-Preserving Regularized Auto-Encoders. AISTATS 2023. Tables 18 and 19.
"""

from __future__ import annotations

from collections import Counter
from itertools import accumulate, pairwise

import torch
from torch import Tensor, nn

from osrae.data.description import TableDescription
from osrae.networks.layers import (
    LEAKY_SLOPE,
    Style,
    check_shape,
    dense_block,
    widened,
    with_label,
)

__all__ = ["BlockSoftmax", "Critic", "Decoder", "Encoder"]

_DROPOUT = 0.4


class Encoder(nn.Module):
    """E: rows to latent vectors (Table 18).

    Parameters
    ----------
    description : TableDescription
    latent_dim : int
        m.
    style : {"paper", "reference"}, default="paper"
        Constants of batch normalisation.
    """

    def __init__(
        self, description: TableDescription, latent_dim: int, style: Style = "paper"
    ) -> None:
        super().__init__()
        (self.n_columns,) = description.shape
        self.hidden = nn.Sequential(
            dense_block(self.n_columns, 512, style, LEAKY_SLOPE, _DROPOUT),
            dense_block(512, 256, style, LEAKY_SLOPE, _DROPOUT),
        )
        self.output = nn.Linear(256, latent_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Encode rows ``(n, n_columns)`` to ``(n, latent_dim)``."""
        check_shape("Encoder", x, "n", self.n_columns)
        return self.output(self.hidden(x))


class Decoder(nn.Module):
    """D: latent vectors and labels to rows (Table 18).

    Continuous columns are plain; the block of each categorical column is a softmax.

    Parameters
    ----------
    description : TableDescription
    latent_dim : int
        m.
    n_classes : int or None
        C; None for a decoder that is told no label.
    style : {"paper", "reference"}, default="paper"
        Constants of batch normalisation.
    """

    def __init__(
        self,
        description: TableDescription,
        latent_dim: int,
        n_classes: int | None,
        style: Style = "paper",
    ) -> None:
        super().__init__()
        (n_columns,) = description.shape
        self.latent_dim, self.n_classes = latent_dim, n_classes
        self.hidden = nn.Sequential(
            dense_block(latent_dim + (n_classes or 0), 512, style), dense_block(512, 256, style)
        )
        self.output = nn.Linear(256, n_columns)
        self.softmax = BlockSoftmax(description)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Decode latent vectors.

        Parameters
        ----------
        z : Tensor of shape (n, latent_dim)
        label : Tensor of shape (n, n_classes) or None
            One-hot, for a decoder that is told the label.

        Returns
        -------
        Tensor of shape (n, n_columns)
            Encoded rows, at least float32; each categorical block is non-negative and sums to 1.
        """
        check_shape("Decoder", z, "n", self.latent_dim)
        h = self.hidden(with_label("Decoder", z, label, self.n_classes))
        return self.softmax(widened(self.output(h)))


class BlockSoftmax(nn.Module):
    """Softmax inside each categorical block of encoded rows; continuous columns stay.

    Blocks of one width are computed together: there is one softmax for each distinct width, not
    for each column of the user's table.

    Parameters
    ----------
    description : TableDescription
    """

    grouped: Tensor
    places: Tensor

    def __init__(self, description: TableDescription) -> None:
        super().__init__()
        n_continuous, categories = description.n_continuous, description.categories
        starts = accumulate(categories, initial=n_continuous)
        blocks = sorted(zip(categories, starts, strict=False))
        columns = [range(n_continuous), *(range(start, start + width) for width, start in blocks)]
        grouped = torch.tensor([column for block in columns for column in block])
        # Where columns stand once blocks of one width are neighbours, and the way back.
        self.register_buffer("grouped", grouped, persistent=False)
        self.register_buffer("places", grouped.argsort(), persistent=False)
        counts = sorted(Counter(categories).items())
        self.widths = [width for width, _ in counts]
        self.sizes = [n_continuous, *(width * count for width, count in counts)]

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``(n, n_columns)`` to ``(n, n_columns)``."""
        check_shape("BlockSoftmax", x, "n", len(self.grouped))
        if not self.widths:
            return x
        plain, *groups = x.index_select(1, self.grouped).split(self.sizes, dim=1)
        shares = [
            group.unflatten(1, (-1, width)).softmax(2).flatten(1)
            for width, group in zip(self.widths, groups, strict=True)
        ]
        return torch.cat([plain, *shares], dim=1).index_select(1, self.places)


class Critic(nn.Module):
    """K: rows to scores (Table 19), no normalisation and no sigmoid.

    Parameters
    ----------
    description : TableDescription
    n_classes : int or None
        C for a critic that sees the label, too, beside the row; None for one that does not
        (Table 19).
    """

    def __init__(self, description: TableDescription, n_classes: int | None) -> None:
        super().__init__()
        (self.n_columns,) = description.shape
        self.n_classes = n_classes
        sizes = (self.n_columns + (n_classes or 0), 512, 512, 512)
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(sizes):
            layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(LEAKY_SLOPE, inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Linear(512, 1))

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """Score rows.

        Parameters
        ----------
        x : Tensor of shape (n, n_columns)
        label : Tensor of shape (n, n_classes) or None
            One-hot, for a critic that sees the label.

        Returns
        -------
        Tensor of shape (n,)
        """
        check_shape("Critic", x, "n", self.n_columns)
        return self.layers(with_label("Critic", x, label, self.n_classes)).squeeze(1)
