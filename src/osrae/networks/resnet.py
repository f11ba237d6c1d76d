"""Residual encoders for pictures: ResNet-18, and a smaller one for machines without a GPU.

References
----------
He, Zhang, Ren, Sun. Deep Residual Learning for Image Recognition. CVPR 2016. Table 1 (ResNet-18)
and section 4.2 (small pictures).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from osrae.data.description import ImageDescription
from osrae.networks.layers import check_shape

__all__ = ["ResNet18Encoder", "ResidualEncoder", "is_small", "stem"]


def is_small(description: ImageDescription) -> bool:
    """Say whether pictures are so small that a stem must not shrink them."""
    return min(description.height, description.width) <= 64


def stem(
    description: ImageDescription, width: int, *, shrinks: bool | None = None
) -> nn.Sequential:
    """First layers of a residual or dense network.

    Parameters
    ----------
    description : ImageDescription
        Pictures of at most 64 pixels on the shorter side keep their size (3 × 3 convolution);
        larger ones are shrunk to a quarter (7 × 7 convolution with stride 2, max-pooling).
    width : int
        Channels that leave the stem.
    shrinks : bool or None
        Shrink pictures of any size, or of none, in place of the above.
    """
    small = is_small(description) if shrinks is None else not shrinks
    kernel, stride = (3, 1) if small else (7, 2)
    layers: list[nn.Module] = [
        nn.Conv2d(description.channels, width, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    ]
    if not small:
        layers.append(nn.MaxPool2d(kernel_size=3, stride=2, padding=1))
    return nn.Sequential(*layers)


class _ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions beside a shortcut; halves the size if ``stride`` is 2."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(n_in, n_out, kernel_size=3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(n_out, n_out, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or n_in != n_out:
            self.shortcut.append(nn.Conv2d(n_in, n_out, kernel_size=1, stride=stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Transform ``(n, n_in, h, w)`` to ``(n, n_out, ceil(h / stride), ceil(w / stride))``."""
        # In place: batch normalisation needs its input for the gradient, not what it returned.
        return F.relu_(self.residual(x).add_(self.shortcut(x)))


class _ResidualNetwork(nn.Module):
    """Stem, stages of residual blocks (each stage but the first halves the size), pooling, FC."""

    def __init__(
        self,
        description: ImageDescription,
        latent_dim: int,
        widths: Sequence[int],
        blocks_per_stage: int,
        shrinks: bool | None = None,
    ) -> None:
        super().__init__()
        self.shape = description.shape
        self.stem = stem(description, widths[0], shrinks=shrinks)
        self.stages = nn.Sequential()
        for stage, (n_in, n_out) in enumerate(pairwise([widths[0], *widths])):
            blocks = [_ResidualBlock(n_in, n_out, stride=1 if stage == 0 else 2)]
            blocks += [_ResidualBlock(n_out, n_out, stride=1) for _ in range(blocks_per_stage - 1)]
            self.stages.append(nn.Sequential(*blocks))
        self.output = nn.Linear(widths[-1], latent_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Encode pictures ``(n, channels, height, width)`` to ``(n, latent_dim)``."""
        check_shape(type(self).__name__, x, "n", *self.shape)
        return self.output(self.stages(self.stem(x)).mean(dim=(2, 3)))


class ResNet18Encoder(_ResidualNetwork):
    """ResNet-18 with the latent vector in the place of the logits.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures; see `stem` for what it changes.
    latent_dim : int
        m.
    width : int, default=64
        Channels of the first stage; each further stage has twice as many.
    shrinks : bool or None, default=None
        See `stem`. True is the published stem for pictures of any size.
    """

    def __init__(
        self,
        description: ImageDescription,
        latent_dim: int,
        width: int = 64,
        shrinks: bool | None = None,
    ) -> None:
        widths = (width, 2 * width, 4 * width, 8 * width)
        super().__init__(description, latent_dim, widths, 2, shrinks)


class ResidualEncoder(_ResidualNetwork):
    """A small residual network: three stages of one block, 8 layers.

    Parameters
    ----------
    description : ImageDescription
        Size of the pictures; see `stem` for what it changes.
    latent_dim : int
        m.
    width : int, default=32
        Channels of the first stage; each further stage has twice as many.
    """

    def __init__(self, description: ImageDescription, latent_dim: int, width: int = 32) -> None:
        super().__init__(description, latent_dim, (width, 2 * width, 4 * width), 1)
