"""Differentiable augmentation of batches of pictures.

Functions named after one operation take the strength of it for every sample and are
deterministic; `Augmentation` draws the strengths. Pictures are ``(n, channels, height, width)``
in [0, 1]; after changes of brightness or contrast values may lie outside, as in the authors'
code (clipping would stop the gradient). What comes from beyond the border is reflected there.

References
----------
Zhao, Liu, Lin, Zhu, Han. Differentiable Augmentation for Data-Efficient GAN Training.
NeurIPS 2020.
Karras, Aittala, Hellsten, Laine, Lehtinen, Aila. Training Generative Adversarial Networks with
Limited Data. NeurIPS 2020 (adaptive probability).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.data.description import DataDescription
from osrae.errors import InputError
from osrae.networks.layers import check_shape, widened

__all__ = [
    "POLICIES",
    "AdaptiveProbability",
    "Augmentation",
    "brighten",
    "contrast",
    "cutout",
    "mirrored_mean",
    "resolve_policy",
    "saturate",
    "shift",
    "warp",
]


def shift(x: Tensor, flipped: Tensor, offset: Tensor) -> Tensor:
    """Mirror and move pictures by whole pixels, without any interpolation.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
    flipped : Tensor of shape (n,)
        True where the picture is mirrored left to right, before it is moved.
    offset : Tensor of shape (n, 2)
        Whole pixels downwards and to the right.

    Returns
    -------
    Tensor of shape (n, channels, height, width)
    """
    height, width = x.shape[2:]
    offset = offset.long()
    rows = _reflected(torch.arange(height, device=x.device) - offset[:, :1], height)
    columns = _reflected(torch.arange(width, device=x.device) - offset[:, 1:], width)
    columns = torch.where(flipped[:, None], width - 1 - columns, columns)
    source = (rows[:, :, None] * width + columns[:, None, :]).flatten(1)
    pixels = x.flatten(2)
    return pixels.gather(2, source[:, None].expand_as(pixels)).view(x.shape)


def _reflected(index: Tensor, size: int) -> Tensor:
    """Reflect indices at the borders, whose own pixels are doubled: -1 is 0, ``size`` the last."""
    index = index.remainder(2 * size)
    return torch.minimum(index, 2 * size - 1 - index)


def warp(x: Tensor, flipped: Tensor, offset: Tensor, angle: Tensor, zoom: Tensor) -> Tensor:
    """Mirror, move, rotate and zoom pictures, in this order, in one bilinear interpolation.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
    flipped : Tensor of shape (n,)
        True where the picture is mirrored left to right.
    offset : Tensor of shape (n, 2)
        Pixels downwards and to the right.
    angle : Tensor of shape (n,)
        Radians, counterclockwise about the centre.
    zoom : Tensor of shape (n, 2)
        Share of height and width that stays in sight; below 1 enlarges about the centre.

    Returns
    -------
    Tensor of shape (n, channels, height, width)
    """
    height, width = x.shape[2:]
    cos, sin = angle.cos(), angle.sin()
    mirror = 1 - 2 * flipped.to(x.dtype)
    # Where a pixel of the result comes from, in pixels from the centre:
    #   column' = mirror · (cos · zoom_c · column - sin · zoom_r · row - offset_c)
    #   row'    =           sin · zoom_c · column + cos · zoom_r · row - offset_r
    # grid_sample counts in half sides, so the mixed terms get the ratio of the sides.
    column = [cos * zoom[:, 1], -sin * zoom[:, 0] * height / width, -offset[:, 1] * 2 / width]
    row = [sin * zoom[:, 1] * width / height, cos * zoom[:, 0], -offset[:, 0] * 2 / height]
    theta = torch.stack([mirror[:, None] * torch.stack(column, 1), torch.stack(row, 1)], dim=1)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, "bilinear", "reflection", align_corners=False)


def _change_colours(x: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply ``change`` to the colour channels; a fourth channel is opacity and stays."""
    if x.shape[1] != 4:
        return change(x)
    return torch.cat([change(x[:, :3]), x[:, 3:]], dim=1)


def brighten(x: Tensor, amount: Tensor) -> Tensor:
    """Add ``amount`` (n,) to the colours of ``x`` (n, channels, height, width)."""
    return _change_colours(x, lambda colours: colours + amount.view(-1, 1, 1, 1))


def saturate(x: Tensor, factor: Tensor) -> Tensor:
    """Scale each pixel's distance from grey by ``factor`` (n,); grey pictures stay.

    ``x`` and the result are (n, channels, height, width).
    """
    if x.shape[1] == 1:
        return x

    def change(colours: Tensor) -> Tensor:
        grey = colours.mean(dim=1, keepdim=True)
        return torch.lerp(grey, colours, factor.view(-1, 1, 1, 1))

    return _change_colours(x, change)


def contrast(x: Tensor, factor: Tensor) -> Tensor:
    """Scale the distance of colours from the picture's mean by ``factor`` (n,).

    ``x`` and the result are (n, channels, height, width).
    """

    def change(colours: Tensor) -> Tensor:
        mean = colours.mean(dim=(1, 2, 3), keepdim=True)
        return torch.lerp(mean, colours, factor.view(-1, 1, 1, 1))

    return _change_colours(x, change)


def cutout(x: Tensor, start: Tensor, size: tuple[int, int], fill: Tensor) -> Tensor:
    """Hide a rectangle.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
    start : Tensor of shape (n, 2)
        First row and column, which may lie outside the picture.
    size : tuple of int
        Rows and columns.
    fill : Tensor of shape (n, channels, 1, 1), or one that is broadcast to it
        What is there instead.

    Returns
    -------
    Tensor of shape (n, channels, height, width)
    """
    inside = []
    for axis in (0, 1):
        place = torch.arange(x.shape[2 + axis], device=x.device) - start[:, axis, None]
        inside.append((place >= 0) & (place < size[axis]))
    hidden = inside[0][:, :, None] & inside[1][:, None, :]
    return torch.where(hidden[:, None], fill, x)


def mirrored_mean(encode: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Mean latent vector of every picture of ``x`` (n, channels, height, width) and its mirror."""
    return (encode(x) + encode(x.flip(3))) / 2


@dataclass(frozen=True)
class Augmentation:
    """A policy: which operations, and how strong they are at most; 0 is off.

    Strengths are drawn uniformly, for each sample anew. Operations follow one another in the
    order of the parameters.

    Parameters
    ----------
    flip : bool
        Mirror every other picture left to right.
    translate : float
        Largest move in each direction, as a share of the side in [0, 1); whole pixels.
    rotate : float
        Largest angle in degrees, in both directions.
    zoom : float
        Largest share of height, and independently of width, in [0, 1) that an enlargement
        pushes out of sight.
    brightness : float
        Largest value that is added or taken away.
    saturation, contrast : float
        Factors are between 1 - strength and 1 + strength.
    cutout : float
        Sides of the rectangle that is hidden, as a share of the picture's, in [0, 1]; its
        centre lies anywhere in the picture.
    cutout_fill : {"mean", "zero"}
        What is there instead: the mean of each channel of the picture, or 0. Where pictures have
        little contrast, the edges of a rectangle of 0 outshine all that they show.

    Raises
    ------
    InputError
        If a strength is out of its range.
    """

    flip: bool = False
    translate: float = 0.0
    rotate: float = 0.0
    zoom: float = 0.0
    brightness: float = 0.0
    saturation: float = 0.0
    contrast: float = 0.0
    cutout: float = 0.0
    cutout_fill: str = "mean"

    def __post_init__(self) -> None:
        strengths = dict(vars(self))
        fill = strengths.pop("cutout_fill")
        if fill not in {"mean", "zero"}:
            raise InputError(f"Augmentation: cutout_fill={fill!r}; there are 'mean' and 'zero'.")
        for name, value in strengths.items():
            limit = 1 if name in {"translate", "zoom", "cutout"} else math.inf
            if not 0 <= value <= limit or (value == 1 and name in {"translate", "zoom"}):
                raise InputError(
                    f"Augmentation: {name}={value!r}; strengths are at least 0, and translate, "
                    "zoom (below 1) and cutout (at most 1) are shares of the side."
                )

    def __call__(
        self, x: Tensor, generator: torch.Generator, probability: float | Tensor = 1.0
    ) -> Tensor:
        """Augment each picture with a probability.

        Parameters
        ----------
        x : Tensor of shape (n, channels, height, width)
            Pictures in [0, 1].
        generator : torch.Generator
            Source of all random numbers.
        probability : float or Tensor of shape ()
            That a picture is augmented at all.

        Returns
        -------
        Tensor of shape (n, channels, height, width)
            At least float32, also under autocast; ``x`` itself where nothing is to be done.
        """
        if self == Augmentation() or (isinstance(probability, float | int) and probability <= 0):
            return x
        check_shape("Augmentation", x, "n", "channels", "height", "width")
        with torch.autocast(x.device.type, enabled=False):
            x = widened(x)
            draw = partial(_uniform, x, generator)
            augmented = self._cut(self._recolour(self._move(x, draw), draw), draw)
            return torch.where(draw(0, 1, 1, 1, 1) < probability, augmented, x)

    def _move(self, x: Tensor, draw: Callable[..., Tensor]) -> Tensor:
        if not (self.flip or self.translate or self.rotate or self.zoom):
            return x
        flipped = draw(0, 1) < (0.5 if self.flip else 0)
        moves = [draw(-self.translate, self.translate) * side for side in x.shape[2:]]
        offset = torch.stack(moves, dim=1).round()
        if not (self.rotate or self.zoom):
            return shift(x, flipped, offset)
        limit = math.radians(self.rotate)
        return warp(x, flipped, offset, draw(-limit, limit), draw(1 - self.zoom, 1, 2))

    def _recolour(self, x: Tensor, draw: Callable[..., Tensor]) -> Tensor:
        if self.brightness:
            x = brighten(x, draw(-self.brightness, self.brightness))
        if self.saturation:
            x = saturate(x, draw(1 - self.saturation, 1 + self.saturation))
        if self.contrast:
            x = contrast(x, draw(1 - self.contrast, 1 + self.contrast))
        return x

    def _cut(self, x: Tensor, draw: Callable[..., Tensor]) -> Tensor:
        if not self.cutout:
            return x
        size, start = [], []
        for side in x.shape[2:]:
            length = int(side * self.cutout + 0.5)
            # The centre is a pixel where the length is odd, and else an edge of pixels.
            centre = draw(0, side + 1 - length % 2).floor()
            size.append(length)
            start.append(centre - length // 2)
        fill = x.mean((2, 3), keepdim=True) if self.cutout_fill == "mean" else x.new_zeros(())
        return cutout(x, torch.stack(start, dim=1), (size[0], size[1]), fill)


def _uniform(x: Tensor, generator: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    """Draw ``(len(x), *shape)`` numbers in [low, high), of the type and on the device of ``x``."""
    size = (len(x), *shape)
    draws = torch.rand(size, generator=generator, dtype=x.dtype, device=generator.device)
    return draws.mul_(high - low).add_(low).to(x.device)


#: Policies by name.
POLICIES: Mapping[str, Augmentation] = {
    "none": Augmentation(),
    # Everything, as in the authors' code.
    "reference": Augmentation(
        flip=True,
        translate=1 / 8,
        rotate=45,
        zoom=0.25,
        brightness=0.5,
        saturation=1,
        contrast=0.5,
        cutout=0.5,
        cutout_fill="zero",
    ),
    "crop": Augmentation(translate=1 / 8, cutout=0.25),
    "flip-crop": Augmentation(flip=True, translate=1 / 8, cutout=0.5),
    # For pictures that mean something else when mirrored or turned far.
    "digits": Augmentation(translate=1 / 16, rotate=10, zoom=0.1),
}


class AdaptiveProbability(nn.Module):
    """How often pictures are augmented, steered by the critic (Karras et al. 2020).

    The probability rises while the critic scores more than 85 % of the real pictures positively,
    a sign that it knows them by heart, and falls otherwise: by the difference, over 1000 updates.
    The numbers are the authors' code's.

    Attributes
    ----------
    probability : Tensor of shape ()
        In [0, 1], 0 at first; part of the state dict.
    """

    probability: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("probability", torch.zeros(()))

    @torch.no_grad()
    def update(self, real_scores: Tensor) -> None:
        """Move the probability after the critic's scores ``(n,)`` of real pictures."""
        positive = (0.5 * (1 + real_scores.float().sign())).mean()
        self.probability.add_((positive - 0.85) / 1000).clamp_(0, 1)


def resolve_policy(name: str, description: DataDescription) -> str:
    """Return the key of the policy that ``name`` means for this data.

    ``"auto"`` moves pictures and hides a part of them; colour pictures are mirrored, too, but grey
    ones, which may be letters or digits, never.

    Raises
    ------
    InputError
        If there is no such policy, or it is for pictures and the data is a table.
    """
    pictures = description.kind == "pictures"
    if name == "auto":
        return _automatic(description) if pictures else "none"
    if name not in POLICIES:
        raise InputError(
            f"augmentation={name!r} is unknown; there are auto, {', '.join(sorted(POLICIES))}."
        )
    if name != "none" and not pictures:
        raise InputError(
            f"augmentation={name!r} is for pictures, and this is a table; "
            "leave it out or use augmentation='none'."
        )
    return name


def _automatic(description: DataDescription) -> str:
    return "crop" if description.shape[0] == 1 else "flip-crop"
