"""DenseNet-201, the paper's encoder for ImageNet-100.

References
----------
Huang, Liu, van der Maaten, Weinberger. Densely Connected Convolutional Networks. CVPR 2017.
Table 1 (DenseNet-201), sections 3 (bottleneck and compression).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from osrae.data.description import ImageDescription
from osrae.networks.layers import check_shape
from osrae.networks.resnet import stem

__all__ = ["DenseNet201Encoder"]

_GROWTH = 32
_BOTTLENECK = 4 * _GROWTH
_BLOCKS = (6, 12, 48, 32)
_INITIAL = 64


class DenseNet201Encoder(nn.Module):
    """DenseNet-201 with the latent vector in the place of the logits.

    Parameters
    ----------
    description : ImageDescription
        Pictures of at most 64 pixels on the shorter side get a stem that keeps their size.
    latent_dim : int
        m.
    """

    def __init__(self, description: ImageDescription, latent_dim: int) -> None:
        super().__init__()
        self.shape = description.shape
        self.features = nn.Sequential(stem(description, _INITIAL))
        width = _INITIAL
        for block, n_layers in enumerate(_BLOCKS):
            for _ in range(n_layers):
                self.features.append(_DenseLayer(width))
                width += _GROWTH
            if block < len(_BLOCKS) - 1:
                self.features.append(_transition(width, width // 2))
                width //= 2
        self.features.append(nn.BatchNorm2d(width))
        self.features.append(nn.ReLU(inplace=True))
        self.output = nn.Linear(width, latent_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Encode pictures ``(n, channels, height, width)`` to ``(n, latent_dim)``."""
        check_shape("DenseNet201Encoder", x, "n", *self.shape)
        return self.output(self.features(x).mean(dim=(2, 3)))


class _DenseLayer(nn.Sequential):
    """A 1 × 1 and a 3 × 3 convolution whose 32 new channels join the ones that came in."""

    def __init__(self, n_in: int) -> None:
        super().__init__(
            nn.BatchNorm2d(n_in),
            nn.ReLU(inplace=True),
            nn.Conv2d(n_in, _BOTTLENECK, kernel_size=1, bias=False),
            nn.BatchNorm2d(_BOTTLENECK),
            nn.ReLU(inplace=True),
            nn.Conv2d(_BOTTLENECK, _GROWTH, kernel_size=3, padding=1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Extend ``(n, n_in, h, w)`` to ``(n, n_in + 32, h, w)``."""
        return torch.cat([x, super().forward(x)], dim=1)


def _transition(n_in: int, n_out: int) -> nn.Sequential:
    """Fewer channels at half the size."""
    return nn.Sequential(
        nn.BatchNorm2d(n_in),
        nn.ReLU(inplace=True),
        nn.Conv2d(n_in, n_out, kernel_size=1, bias=False),
        nn.AvgPool2d(kernel_size=2, stride=2),
    )
