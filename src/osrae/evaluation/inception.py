"""The Inception-v3 network of FID, in plain torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["InceptionV3"]

N_FEATURES = 2048
#: Height and width of what the network sees, in pixels.
_SIZE = 299

#: Pooling beside the convolutions: TensorFlow's average leaves out the border it adds.
_AVERAGE = partial(F.avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=False)
_MAXIMUM = partial(F.max_pool2d, kernel_size=3, stride=1, padding=1)
_HALVED = partial(F.max_pool2d, kernel_size=3, stride=2)

#: A layer of a path, or the two that its output goes through side by side.
_Step = str | tuple[str, str]


#: Height and width of kernels.
_THREE, _FIVE = (3, 3), (5, 5)
_WIDE_3, _TALL_3 = (1, 3), (3, 1)
_WIDE_7, _TALL_7 = (1, 7), (7, 1)


class _Convolution(nn.Module):
    """Convolution without bias, batch normalisation, ReLU; padded, it keeps the size."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: tuple[int, int] = (1, 1),
        stride: int = 1,
        padded: bool = True,
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if padded else 0
        self.conv = nn.Conv2d(n_in, n_out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(n_out, eps=1e-3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


def _halving(n_in: int, n_out: int) -> _Convolution:
    return _Convolution(n_in, n_out, _THREE, stride=2, padded=False)


class _Mixed(nn.Module):
    """Several paths side by side, their outputs joined; the last one begins with pooling."""

    def __init__(
        self, *paths: tuple[_Step, ...], pool: Callable[..., torch.Tensor], **layers: _Convolution
    ) -> None:
        super().__init__()
        self._paths = paths
        self._pool = pool
        for name, layer in layers.items():
            self.add_module(name, layer)

    def _follow(self, x: torch.Tensor, path: tuple[_Step, ...]) -> torch.Tensor:
        for step in path:
            names = (step,) if isinstance(step, str) else step
            x = torch.cat([self.get_submodule(name)(x) for name in names], dim=1)
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        *convolved, pooled = self._paths
        outputs = [self._follow(x, path) for path in convolved]
        return torch.cat([*outputs, self._follow(self._pool(x), pooled)], dim=1)


def _mixed_a(n_in: int, n_pooled: int) -> _Mixed:
    """35 × 35: kernels 1, 5, and 3 twice."""
    return _Mixed(
        ("branch1x1",),
        ("branch5x5_1", "branch5x5_2"),
        ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
        ("branch_pool",),
        pool=_AVERAGE,
        branch1x1=_Convolution(n_in, 64),
        branch5x5_1=_Convolution(n_in, 48),
        branch5x5_2=_Convolution(48, 64, _FIVE),
        branch3x3dbl_1=_Convolution(n_in, 64),
        branch3x3dbl_2=_Convolution(64, 96, _THREE),
        branch3x3dbl_3=_Convolution(96, 96, _THREE),
        branch_pool=_Convolution(n_in, n_pooled),
    )


def _mixed_b(n_in: int) -> _Mixed:
    """From 35 × 35 to 17 × 17."""
    return _Mixed(
        ("branch3x3",),
        ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
        (),
        pool=_HALVED,
        branch3x3=_halving(n_in, 384),
        branch3x3dbl_1=_Convolution(n_in, 64),
        branch3x3dbl_2=_Convolution(64, 96, _THREE),
        branch3x3dbl_3=_halving(96, 96),
    )


def _mixed_c(n_in: int, n_inner: int) -> _Mixed:
    """17 × 17: kernels 1, and 7 split into a row and a column."""
    return _Mixed(
        ("branch1x1",),
        ("branch7x7_1", "branch7x7_2", "branch7x7_3"),
        tuple(f"branch7x7dbl_{number}" for number in range(1, 6)),
        ("branch_pool",),
        pool=_AVERAGE,
        branch1x1=_Convolution(n_in, 192),
        branch7x7_1=_Convolution(n_in, n_inner),
        branch7x7_2=_Convolution(n_inner, n_inner, _WIDE_7),
        branch7x7_3=_Convolution(n_inner, 192, _TALL_7),
        branch7x7dbl_1=_Convolution(n_in, n_inner),
        branch7x7dbl_2=_Convolution(n_inner, n_inner, _TALL_7),
        branch7x7dbl_3=_Convolution(n_inner, n_inner, _WIDE_7),
        branch7x7dbl_4=_Convolution(n_inner, n_inner, _TALL_7),
        branch7x7dbl_5=_Convolution(n_inner, 192, _WIDE_7),
        branch_pool=_Convolution(n_in, 192),
    )


def _mixed_d(n_in: int) -> _Mixed:
    """From 17 × 17 to 8 × 8."""
    return _Mixed(
        ("branch3x3_1", "branch3x3_2"),
        tuple(f"branch7x7x3_{number}" for number in range(1, 5)),
        (),
        pool=_HALVED,
        branch3x3_1=_Convolution(n_in, 192),
        branch3x3_2=_halving(192, 320),
        branch7x7x3_1=_Convolution(n_in, 192),
        branch7x7x3_2=_Convolution(192, 192, _WIDE_7),
        branch7x7x3_3=_Convolution(192, 192, _TALL_7),
        branch7x7x3_4=_halving(192, 192),
    )


def _mixed_e(n_in: int, pool: Callable[..., torch.Tensor]) -> _Mixed:
    """8 × 8: kernels 1, and 3 split into a row and a column side by side."""
    return _Mixed(
        ("branch1x1",),
        ("branch3x3_1", ("branch3x3_2a", "branch3x3_2b")),
        ("branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")),
        ("branch_pool",),
        pool=pool,
        branch1x1=_Convolution(n_in, 320),
        branch3x3_1=_Convolution(n_in, 384),
        branch3x3_2a=_Convolution(384, 384, _WIDE_3),
        branch3x3_2b=_Convolution(384, 384, _TALL_3),
        branch3x3dbl_1=_Convolution(n_in, 448),
        branch3x3dbl_2=_Convolution(448, 384, _THREE),
        branch3x3dbl_3a=_Convolution(384, 384, _WIDE_3),
        branch3x3dbl_3b=_Convolution(384, 384, _TALL_3),
        branch_pool=_Convolution(n_in, 192),
    )


class InceptionV3(nn.Module):
    """Inception-v3 as FID uses it: 2,048 features from the last pooling.

    It is the network that TensorFlow published on 5 December 2015. It differs from later ones in
    its average pooling, which leaves the border out, and in its last block, which takes the maximum
    there. Layers carry the names of the published state dict.

    References
    ----------
    C. Szegedy et al., Rethinking the Inception architecture for computer vision, CVPR 2016, Table
    1. M. Heusel et al., GANs trained by a two time-scale update rule converge to a local Nash
    equilibrium, NeurIPS 2017.
    """

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _halving(3, 32)
        self.Conv2d_2a_3x3 = _Convolution(32, 32, _THREE, padded=False)
        self.Conv2d_2b_3x3 = _Convolution(32, 64, _THREE)
        self.Conv2d_3b_1x1 = _Convolution(64, 80)
        self.Conv2d_4a_3x3 = _Convolution(80, 192, _THREE, padded=False)
        self.Mixed_5b = _mixed_a(192, 32)
        self.Mixed_5c = _mixed_a(256, 64)
        self.Mixed_5d = _mixed_a(288, 64)
        self.Mixed_6a = _mixed_b(288)
        self.Mixed_6b = _mixed_c(768, 128)
        self.Mixed_6c = _mixed_c(768, 160)
        self.Mixed_6d = _mixed_c(768, 160)
        self.Mixed_6e = _mixed_c(768, 192)
        self.Mixed_7a = _mixed_d(768)
        self.Mixed_7b = _mixed_e(1280, _AVERAGE)
        self.Mixed_7c = _mixed_e(2048, _MAXIMUM)
        # The published file holds the classifier too; FID does not use it.
        self.fc = nn.Linear(N_FEATURES, 1008)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return features of pictures.

        Parameters
        ----------
        pictures : Tensor of shape (n, 3, h, w)
            Float, from 0 to 1. Of any size: they are brought to 299 × 299 by bilinear
            interpolation without anti-aliasing, as pytorch-fid does.

        Returns
        -------
        Tensor of shape (n, 2048)
        """
        x = F.interpolate(pictures, size=(_SIZE, _SIZE), mode="bilinear", align_corners=False)
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(2 * x - 1)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(_HALVED(x)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(_HALVED(x))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        return x.mean(dim=(2, 3))
