"""Encoders that `levers.py` compares: variants of the pooled one, and wide residual networks.

References
----------
Zagoruyko, Komodakis. Wide Residual Networks. BMVC 2016.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from osrae.networks.pooled import Whitening

__all__ = ["ENCODERS", "Encoder", "initialise"]

_MOMENTUM = 0.2
#: What is done to the activations before a stage: mixing, where it is asked for.
Change = Callable[[Tensor], Tensor]


def _convolution(n_in: int, n_out: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, size, stride, padding=size // 2, bias=False)


def _norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, momentum=_MOMENTUM)


class Encoder(nn.Module):
    """Stages one after the other, pooling over all pixels, and a last layer."""

    stages: nn.ModuleList
    output: nn.Linear
    pools_maximum = False

    def forward(self, x: Tensor, at: int | None = None, change: Change | None = None) -> Tensor:
        """Encode ``(n, c, h, w)`` to ``(n, m)``; ``change`` what goes into stage ``at``."""
        for place, stage in enumerate(self.stages):
            if place == at and change is not None:
                x = change(x)
            x = stage(x)
        return self.output(x.amax((2, 3)) if self.pools_maximum else x.mean((2, 3)))

    def fit(self, x: Tensor) -> None:
        """Compute whitening filters, where there are any."""
        for layer in self.modules():
            if isinstance(layer, Whitening):
                layer.fit(x)


class _Group(nn.Module):
    def __init__(self, n_in: int, n_out: int, activation: Change, shortcut: bool) -> None:
        super().__init__()
        self.activation, self.shortcut = activation, shortcut
        ends = [(n_in, n_out)] + [(n_out, n_out)] * (2 if shortcut else 1)
        self.convolutions = nn.ModuleList(_convolution(*end) for end in ends)
        self.norms = nn.ModuleList(_norm(n_out) for _ in ends)

    def forward(self, x: Tensor) -> Tensor:
        x = self.activation(self.norms[0](F.max_pool2d(self.convolutions[0](x), 2)))
        y = x
        for convolution, norm in zip(self.convolutions[1:], self.norms[1:], strict=True):
            y = self.activation(norm(convolution(y)))
        return x + y if self.shortcut else y


class _Activation(nn.Module):
    def __init__(self, function: Change) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class PooledVariant(Encoder):
    """The pooled encoder with other parts; the library's is ``whitens``, SiLU and the maximum."""

    def __init__(
        self,
        channels: int,
        latent_dim: int,
        widths: Sequence[int] = (64, 128, 256),
        activation: Change = F.relu,
        shortcuts: Sequence[bool] = (False, False, False, False),
        *,
        whitens: bool = False,
        pools_maximum: bool = False,
    ) -> None:
        super().__init__()
        self.pools_maximum = pools_maximum
        if whitens:
            whitening = Whitening(channels)
            first, width = nn.Sequential(whitening, _Activation(activation)), whitening.width
        else:
            width = 24
            first = nn.Sequential(
                _convolution(channels, width), _norm(width), _Activation(activation)
            )
        ends = zip(pairwise([width, *widths]), shortcuts, strict=False)
        groups = (_Group(*end, activation, shortcut) for end, shortcut in ends)
        self.stages = nn.ModuleList([first, *groups])
        self.output = nn.Linear(widths[-1], latent_dim)


class _ResidualBlock(nn.Module):
    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([_norm(n_in), _norm(n_out)])
        self.first = _convolution(n_in, n_out, stride=stride)
        self.second = _convolution(n_out, n_out)
        changes = n_in != n_out or stride != 1
        self.projection = _convolution(n_in, n_out, 1, stride) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.norms[0](x))
        y = self.second(F.relu(self.norms[1](self.first(h))))
        return y + (x if self.projection is None else self.projection(h))


class WideResidual(Encoder):
    """Three groups of residual blocks with normalisation first."""

    def __init__(self, channels: int, latent_dim: int, width: int = 2, blocks: int = 2) -> None:
        super().__init__()
        widths = [16, 16 * width, 32 * width, 64 * width]
        self.stages = nn.ModuleList([_convolution(channels, widths[0])])
        for group, (n_in, n_out) in enumerate(pairwise(widths)):
            for block in range(blocks):
                stride = 2 if group and block == 0 else 1
                self.stages.append(_ResidualBlock(n_out if block else n_in, n_out, stride))
        self.stages.append(nn.Sequential(_norm(widths[-1]), nn.ReLU()))
        self.output = nn.Linear(widths[-1], latent_dim)


_white = partial(PooledVariant, whitens=True)
_best = partial(_white, activation=F.silu, pools_maximum=True)
_ALL = (True, True, True)

#: Encoders by name.
ENCODERS: Mapping[str, Callable[[int, int], Encoder]] = {
    "plain": PooledVariant,
    "plain, maximum": partial(PooledVariant, pools_maximum=True),
    "plain, 64-256-256": partial(PooledVariant, widths=(64, 256, 256)),
    "plain, 64-128-256-512": partial(PooledVariant, widths=(64, 128, 256, 512)),
    "plain, shortcuts": partial(PooledVariant, shortcuts=_ALL),
    "whitening": _white,
    "whitening, SiLU": partial(_white, activation=F.silu),
    "whitening, GELU": partial(_white, activation=F.gelu),
    "whitening, shortcuts": partial(_white, shortcuts=_ALL),
    "whitening, shortcut in the last": partial(_white, shortcuts=(False, False, True)),
    "whitening, shortcuts in two": partial(_white, shortcuts=(False, True, True)),
    "whitening, SiLU, maximum": _best,
    "whitening, SiLU, maximum, shortcuts in two": partial(_best, shortcuts=(False, True, True)),
    "large, ReLU": partial(_white, widths=(64, 256, 512), shortcuts=_ALL),
    "large, SiLU": partial(_white, widths=(64, 256, 512), activation=F.silu, shortcuts=_ALL),
    "large, SiLU, maximum": partial(_best, widths=(64, 256, 512), shortcuts=_ALL),
    "larger, ReLU": partial(_white, widths=(128, 256, 512), shortcuts=_ALL),
    "wide residual, 16 layers": WideResidual,
}


def initialise(encoder: Encoder) -> None:
    """Draw weights for activations that keep half of what they get (He et al. 2015)."""
    for layer in encoder.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
