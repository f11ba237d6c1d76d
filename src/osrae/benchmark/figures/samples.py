"""Figures 4 to 8: what every method makes of the rarer classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from osrae.benchmark.figures.names import class_name
from osrae.benchmark.measured import Store
from osrae.benchmark.results import Result
from osrae.benchmark.tables.columns import METHOD_TITLES, find, method_columns, method_title

__all__ = ["draw_samples"]

_METHODS = ("rae", "deepsmote", "gamo2pix", "bagan", "dgc", "smote", "amdo", "mc-ccr", "mc-rbo")
_PANELS_PER_ROW = 3
#: Pictures of a class in a block, and the space between pictures and between blocks, in pixels.
_SHOWN, _SPACE, _GAP = 5, 1, 8
_WHITE = 255


@dataclass(frozen=True)
class _Panel:
    """Pictures of every class, in one or two blocks side by side.

    Attributes
    ----------
    title : str
    heads : tuple of str
        What the blocks are.
    blocks : tuple of mapping of str to ndarray
        Pictures by class, uint8.
    """

    title: str
    heads: tuple[str, ...]
    blocks: tuple[Mapping[str, np.ndarray], ...]


def draw_samples(
    store: Store, data: str, real: Mapping[str, np.ndarray] | None = None
) -> Figure | None:
    """Draw generated samples of every class but the largest, beside what they are most like.

    Parameters
    ----------
    store : Store
    data : str
        A picture data set.
    real : mapping of str to ndarray, optional
        Training pictures by class, uint8 of shape (n, h, w) or (n, h, w, c).

    Returns
    -------
    Figure or None
        A panel for each method that makes samples: five of its samples of a class, and right of
        them the training picture of that class nearest to each, so that copies show. None if no
        method made any.
    """
    columns = method_columns(store, [data], _METHODS)
    found = {m: result for m in columns if (result := _with_samples(store, data, m)) is not None}
    if not found:
        return None
    classes = _rarer(next(iter(found.values())))
    panels = [_of_method(name, result, classes) for name, result in found.items()]
    if real:
        first = {label: real[label][:_SHOWN] for label in classes if label in real}
        others = {label: real[label][_SHOWN : 2 * _SHOWN] for label in classes if label in real}
        panels.insert(0, _Panel("real training pictures", ("", ""), (first, others)))
    return _draw(data, panels, classes)


def _with_samples(store: Store, data: str, method: str) -> Result | None:
    found = find(store, data, method)
    results = found.shown.whole if found else ()
    return next((r for r in results if any(n.startswith("made/") for n in r.arrays())), None)


def _rarer(result: Result) -> dict[str, int]:
    """Return training samples of the classes smaller than the largest."""
    counts = {row["class"]: row["training"] for row in result.content["classes"]}
    return {label: n for label, n in counts.items() if n < max(counts.values())}


def _of_method(name: str, result: Result, classes: Mapping[str, int]) -> _Panel:
    arrays = result.arrays()
    blocks = tuple(
        {label: arrays[f"{kind}/{label}"] for label in classes if f"{kind}/{label}" in arrays}
        for kind in ("made", "nearest")
    )
    title = method_title(name) if name.partition(" ")[0] in METHOD_TITLES else name
    return _Panel(title, ("generated", "nearest training picture"), blocks)


def _draw(data: str, panels: Sequence[_Panel], classes: Mapping[str, int]) -> Figure:
    columns = min(len(panels), _PANELS_PER_ROW)
    rows = -(-len(panels) // columns)
    shape = next(iter(panels[-1].blocks[0].values())).shape[1:]
    pictures = [_canvas(panel, list(classes), shape) for panel in panels]
    names = [f"{class_name(data, label)} ({n:,})" for label, n in classes.items()]
    left = 0.2 + 0.068 * max(map(len, names))
    wide = 3.6
    tall = wide * pictures[0].shape[0] / pictures[0].shape[1]
    top, gap = 0.62, 0.12
    width = left + columns * (wide + gap) + 0.05
    height = rows * (tall + top) + 0.1
    figure = Figure(figsize=(width, height), dpi=150, facecolor="white")
    for number, (panel, picture) in enumerate(zip(panels, pictures, strict=True)):
        row, column = divmod(number, columns)
        place = (left + column * (wide + gap), height - (row + 1) * (tall + top), wide, tall)
        axes = figure.add_axes((place[0] / width, place[1] / height, wide / width, tall / height))
        _show(axes, panel, picture, shape[1], names if column == 0 else [])
    return figure


def _show(
    axes: Axes, panel: _Panel, picture: np.ndarray, picture_width: int, names: Sequence[str]
) -> None:
    axes.imshow(picture, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    block = _SHOWN * (picture_width + _SPACE)
    axes.annotate(panel.title, (0, 0), (0, 18), textcoords="offset points", fontsize=10,
                  weight="bold", annotation_clip=False)  # fmt: skip
    for number, head in enumerate(panel.heads):
        axes.annotate(head, (number * (block + _GAP), 0), (0, 5), textcoords="offset points",
                      fontsize=8, color="#555555", annotation_clip=False)  # fmt: skip
    row = picture.shape[0] / max(len(names), 1)
    for number, name in enumerate(names):
        axes.text(-0.015 * picture.shape[1], (number + 0.5) * row, name, fontsize=8, ha="right",
                  va="center")  # fmt: skip


def _canvas(panel: _Panel, classes: Sequence[str], shape: tuple[int, ...]) -> np.ndarray:
    """Lay the pictures out: a row for each class, blocks side by side; nothing is white.

    Grey pictures are drawn in reverse, so that their empty ground is as white as the paper.
    """
    height, width, *channels = shape
    step = _SHOWN * (width + _SPACE) + _GAP
    ground = _WHITE if channels else 0
    canvas = np.full(
        (len(classes) * (height + _SPACE), len(panel.blocks) * step - _GAP, *channels), ground,
        np.uint8,
    )  # fmt: skip
    for row, label in enumerate(classes):
        for number, block in enumerate(panel.blocks):
            for place, picture in enumerate(block.get(label, ())):
                x = number * step + place * (width + _SPACE)
                y = row * (height + _SPACE)
                canvas[y : y + height, x : x + width] = picture
    return canvas
