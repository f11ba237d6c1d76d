"""A convolutional encoder that shrinks early and widens: accuracy for little arithmetic.

References
----------
Jordan. 94% on CIFAR-10 in 3.29 Seconds on a Single GPU. arXiv:2404.00498, 2024 (the layout: a
layer that whitens, then pairs of convolutions, each pair pooled after its first).
Page. How to Train Your ResNet. 2019 (whitening filters of patches; a third convolution with a
shortcut).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.data.description import ImageDescription
from osrae.networks.layers import check_shape
from osrae.networks.resnet import is_small, stem

__all__ = ["PooledEncoder", "Whitening"]

_STEM_WIDTH = 24
#: Of running statistics. A run of some forty steps ends far from where torch's 0.1 has them.
_MOMENTUM = 0.2
#: Of pictures that are still pooled: those of 8 × 8 pixels keep 3 × 3 to the end.
_LEAST_SIDE = 4
_PATCH = 2
#: Added to the variances of patches in [0, 1], so that directions without any are not blown up.
_LEAST_VARIANCE = 5e-4
#: Of rounding: one step of 255 in one pixel of a patch of every hundredth picture has more.
_NO_VARIANCE = 1e-8
#: Pictures whose patches are in memory at a time.
_BLOCK = 50


class Whitening(nn.Module):
    """Convolution whose outputs are uncorrelated on the data, each with both signs.

    Its filters are not learned: they are the principal directions of all patches of 2 × 2 pixels,
    divided by the roots of their variances. `fit` computes them; before, they are directions of
    single pixels. Both signs, because the activation that follows keeps little of negative values.

    Parameters
    ----------
    channels : int
        c of the pictures.

    Attributes
    ----------
    filters : Tensor of shape (8 c, c, 2, 2)
    """

    filters: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        n = channels * _PATCH**2
        self.register_buffer("filters", _with_both_signs(torch.eye(n), channels))

    @property
    def width(self) -> int:
        """Channels of the output."""
        return len(self.filters)

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        """Compute the filters from pictures ``(n, c, height, width)`` in [0, 1]."""
        second_moments = torch.zeros(len(self.filters) // 2, len(self.filters) // 2).double()
        for block in x.split(_BLOCK):
            patches = F.unfold(block.double().cpu(), _PATCH)  # (n, 4 c, places)
            second_moments += torch.einsum("nap,nbp->ab", patches, patches)
        second_moments /= len(x) * patches.shape[2]
        variances, directions = torch.linalg.eigh(second_moments)
        scale = (variances + _LEAST_VARIANCE).rsqrt()
        # What does not vary at all, as an opaque fourth channel, would answer to nothing but the
        # edges that augmentation makes, and drown the rest.
        scale[variances < _NO_VARIANCE] = 0.0
        scaled = directions.T * scale[:, None]
        # Of an eigenvector and its negative either may come: the largest entry is made positive.
        largest = scaled.gather(1, scaled.abs().argmax(1, keepdim=True))
        self.filters.copy_(_with_both_signs(scaled * largest.sign(), x.shape[1]))

    def forward(self, x: Tensor) -> Tensor:
        """Transform ``(n, c, h, w)`` to ``(n, 8 c, h - 1, w - 1)``."""
        return F.conv2d(x, self.filters)


def _with_both_signs(rows: Tensor, channels: int) -> Tensor:
    filters = rows.view(-1, channels, _PATCH, _PATCH)
    return torch.cat([filters, -filters])


class _Group(nn.Module):
    """3 × 3 convolutions; after the first, the maximum of each 2 × 2 pixels is taken.

    With a shortcut there are three, and what the last two make is added to what goes in.
    """

    def __init__(self, n_in: int, n_out: int, shortcut: bool) -> None:
        super().__init__()
        self.shortcut = shortcut
        ends = [(n_in, n_out)] + [(n_out, n_out)] * (2 if shortcut else 1)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(*end, kernel_size=3, padding=1, bias=False) for end in ends
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(n_out) for _ in ends)

    def forward(self, x: Tensor) -> Tensor:
        """Transform ``(n, n_in, h, w)`` to ``(n, n_out, h // 2, w // 2)``; small ones keep h, w."""
        x = self.convolutions[0](x)
        if min(x.shape[2:]) >= _LEAST_SIDE:
            x = F.max_pool2d(x, 2)
        x = F.silu(self.norms[0](x))
        y = x
        for convolution, norm in zip(self.convolutions[1:], self.norms[1:], strict=True):
            y = F.silu(norm(convolution(y)))
        return x + y if self.shortcut else y


class PooledEncoder(nn.Module):
    """Whitening, three groups of convolutions that halve the size and widen, and pooling.

    Most of its arithmetic is in wide layers on few pixels, which processors do at nearly their
    full rate; docs/fidelity.md has what that gains over a residual network of the same time.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures, at least 8 × 8. Those of more than 64 pixels on the shorter side are
        shrunk to a quarter by a learned convolution and pooling instead of whitened, see
        `osrae.networks.resnet.stem`.
    latent_dim : int
        m.
    widths : sequence of int, default=(64, 128, 256)
        Channels of the groups.
    shortcuts : bool, default=False
        Whether each group has a third convolution, and a shortcut past the last two.
    """

    def __init__(
        self,
        description: ImageDescription,
        latent_dim: int,
        widths: Sequence[int] = (64, 128, 256),
        *,
        shortcuts: bool = False,
    ) -> None:
        super().__init__()
        self.shape = description.shape
        if is_small(description):
            whitening = Whitening(description.channels)
            self.stem, width = nn.Sequential(whitening, nn.SiLU()), whitening.width
        else:
            self.stem, width = stem(description, _STEM_WIDTH), _STEM_WIDTH
        self.groups = nn.Sequential(*(_Group(*e, shortcuts) for e in pairwise([width, *widths])))
        self.output = nn.Linear(widths[-1], latent_dim)
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = _MOMENTUM

    def forward(self, x: Tensor) -> Tensor:
        """Encode pictures ``(n, channels, height, width)`` to ``(n, latent_dim)``."""
        check_shape(type(self).__name__, x, "n", *self.shape)
        return self.output(self.groups(self.stem(x)).amax(dim=(2, 3)))
