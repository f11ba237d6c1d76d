"""Layers and small functions that the networks share."""

from __future__ import annotations

from typing import Literal, TypedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from osrae.errors import InputError

__all__ = [
    "LEAKY_SLOPE",
    "Dropout",
    "SameConv2d",
    "Style",
    "batch_norm_options",
    "check_shape",
    "dense_block",
    "initialise",
    "one_hot",
    "set_generator",
    "switch_off_dropout",
    "widened",
    "with_label",
]

Style = Literal["paper", "reference"]
"""Details that the paper's text leaves to the framework: torch's, or those of the authors' code."""

LEAKY_SLOPE = 0.2
"""Slope of every LeakyReLU; the paper gives none, the authors' code has this one."""

_LANES = 4  # 16-bit lanes in one 64-bit draw
_LEVELS = 2**16


class Dropout(nn.Module):
    """Dropout that draws from a generator of its own, quickly on the CPU.

    On the CPU one 64-bit random integer decides over four elements, each by comparing 16 bits
    with a threshold; torch's Bernoulli generator, one draw per element on a single thread, takes
    several times as long. Other devices draw in parallel anyway and use torch's.

    Parameters
    ----------
    p : float
        Probability in [0, 1) that an element is zeroed; rounded to a multiple of 2^-16 on the
        CPU. The elements that stay are scaled by the inverse of the realised probability, so that
        the expectation is the input.

    Attributes
    ----------
    generator : torch.Generator or None
        Source of the masks, on the input's device; None is torch's default generator. It is not
        part of the state dict.

    Raises
    ------
    InputError
        If ``p`` is outside [0, 1).
    """

    generator: torch.Generator | None

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise InputError(f"Dropout: p={p!r}; the probability must be in [0, 1).")
        self.p = p
        self.generator = None

    def forward(self, x: Tensor) -> Tensor:
        """Zero and rescale elements of ``x`` (any shape) in training; return it as is else."""
        if not self.training or self.p == 0:
            return x
        draw = _lane_mask if x.device.type == "cpu" else _bernoulli_mask
        return x * draw(x, self.p, self.generator)

    def extra_repr(self) -> str:
        """Show the probability when the module is printed."""
        return f"p={self.p}"


def _lane_mask(x: Tensor, p: float, generator: torch.Generator | None) -> Tensor:
    """Mask like ``x`` of 0 and 1 / (share kept), four elements per random number."""
    n_dropped = min(round(p * _LEVELS), _LEVELS - 1)
    draws = torch.empty(-(-x.numel() // _LANES), dtype=torch.int64, device=x.device)
    lanes = draws.random_(-(2**63), None, generator=generator).view(torch.int16)[: x.numel()]
    # In x's memory layout the product below runs through memory once, in order.
    layout = torch.empty_like(x, device="meta").stride()
    # The comparison in place, in int16, is vectorised; one that makes booleans is not.
    keep = lanes.as_strided(x.shape, layout).ge_(n_dropped - _LEVELS // 2)
    return keep.to(x.dtype).mul_(_LEVELS / (_LEVELS - n_dropped))


def _bernoulli_mask(x: Tensor, p: float, generator: torch.Generator | None) -> Tensor:
    """Mask like ``x`` of 0 and 1 / (1 - p)."""
    return torch.empty_like(x).bernoulli_(1 - p, generator=generator).div_(1 - p)


def set_generator(module: nn.Module, generator: torch.Generator | None) -> None:
    """Let every `Dropout` in ``module`` draw from ``generator`` (None: torch's default)."""
    for layer in module.modules():
        if isinstance(layer, Dropout):
            layer.generator = generator


def switch_off_dropout(module: nn.Module) -> None:
    """Let every `Dropout` in ``module`` keep everything."""
    for layer in module.modules():
        if isinstance(layer, Dropout):
            layer.p = 0.0


class SameConv2d(nn.Conv2d):
    """Convolution with kernel 4 and stride 2 under TensorFlow's "same" padding.

    ``(n, in_channels, h, w)`` to ``(n, out_channels, ceil(h / 2), ceil(w / 2))``. The padding is
    one pixel before and one after, and at odd sizes a second one after.

    Parameters
    ----------
    in_channels, out_channels : int
    bias : bool
    """

    def __init__(self, in_channels: int, out_channels: int, bias: bool = True) -> None:
        super().__init__(in_channels, out_channels, kernel_size=4, stride=2, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve ``(n, in_channels, h, w)`` to half the size, rounded up."""
        odd_height, odd_width = x.shape[-2] % 2, x.shape[-1] % 2
        if odd_height or odd_width:
            x = F.pad(x, (0, odd_width, 0, odd_height))
        return super().forward(x)


class _BatchNormOptions(TypedDict):
    momentum: float
    eps: float


def batch_norm_options(style: Style) -> _BatchNormOptions:
    """Return momentum and epsilon of batch normalisation: torch's defaults or Keras'."""
    if style == "reference":
        return {"momentum": 0.01, "eps": 1e-3}  # Keras counts the momentum of what stays, 0.99
    return {"momentum": 0.1, "eps": 1e-5}


def dense_block(
    n_in: int, n_out: int, style: Style, slope: float = 0.0, dropout: float = 0.0
) -> nn.Sequential:
    """Fully connected layer, batch normalisation, (leaky) ReLU and, if asked for, dropout.

    Parameters
    ----------
    n_in, n_out : int
    style : {"paper", "reference"}
    slope : float
        Of the LeakyReLU; 0 is a ReLU.
    dropout : float
        Probability of the dropout; 0 adds none.

    Returns
    -------
    nn.Sequential
        ``(n, n_in)`` to ``(n, n_out)``.
    """
    activation = nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True)
    norm = nn.BatchNorm1d(n_out, **batch_norm_options(style))
    tail = [Dropout(dropout)] if dropout else []
    return nn.Sequential(nn.Linear(n_in, n_out), norm, activation, *tail)


def initialise(module: nn.Module, generator: torch.Generator | None = None) -> None:
    """Initialise all weights below ``module``, in place.

    Weights of convolutions (transposed ones, too) and of fully connected layers are Glorot
    uniform, as in the authors' framework; biases are 0; normalisations scale by 1 and shift by 0.

    Parameters
    ----------
    module : nn.Module
    generator : torch.Generator or None
        Source of the weights, on the weights' device; None is torch's default generator.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, _BatchNorm):
            layer.reset_parameters()


def one_hot(y: Tensor, n_classes: int, dtype: torch.dtype) -> Tensor:
    """Turn class numbers ``(n,)`` into indicators ``(n, n_classes)`` of type ``dtype``."""
    # Unlike torch's one_hot this never waits for the GPU.
    return (y[:, None] == torch.arange(n_classes, device=y.device)).to(dtype)


def with_label(owner: str, x: Tensor, label: Tensor | None, n_classes: int | None) -> Tensor:
    """Append one-hot labels to features, or check that there are none.

    Parameters
    ----------
    owner : str
        The network, for the error's message.
    x : Tensor of shape (n, k)
    label : Tensor of shape (n, n_classes) or None
    n_classes : int or None
        None for a network without label, whose ``label`` must be None.

    Returns
    -------
    Tensor of shape (n, k + n_classes), or ``x``

    Raises
    ------
    InputError
        If a label is missing, unexpected or of another shape.
    """
    if (label is None) != (n_classes is None):
        found, kind = ("no label", "a") if label is None else ("a label", "no")
        raise InputError(f"{owner}: got {found}, but the network was built for {kind} label.")
    if label is None:
        return x
    check_shape(f"{owner} (label)", label, len(x), n_classes or 0)
    return torch.cat([x, label.to(x.dtype)], dim=1)


def widened(x: Tensor) -> Tensor:
    """Return ``x`` in float32, or in float64 if it is that, for what bfloat16 is too coarse for."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def check_shape(owner: str, x: Tensor, *expected: int | str) -> None:
    """Raise `InputError` unless ``x`` has the shape ``expected``; a string names a free size."""
    fits = x.dim() == len(expected) and all(
        isinstance(wanted, str) or size == wanted
        for size, wanted in zip(x.shape, expected, strict=True)
    )
    if not fits:
        wanted = ", ".join(str(size) for size in expected)
        raise InputError(f"{owner}: the input's shape is {tuple(x.shape)}, expected ({wanted}).")
