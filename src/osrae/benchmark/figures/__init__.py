"""The paper's figures of results, made from result files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from osrae.benchmark.measured import Store
from osrae.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "PaperFigure", "figure_of", "make_figure"]

_Real = Mapping[str, np.ndarray] | None


@dataclass(frozen=True)
class PaperFigure:
    """A figure of the paper.

    Attributes
    ----------
    title : str
    grid : str
        The ready grid that measures what it shows.
    draw : callable
        Called with a `Store`, and training pictures by class or None; returns None if there is
        nothing to draw.
    data : str
        The data set that it is about, for figures of samples; they may show real pictures, too.
    """

    title: str
    grid: str
    draw: Callable[[Store, _Real], Figure | None]
    data: str = ""


def make_figure(number: int, store: Store, real: _Real = None) -> Figure:
    """Draw a figure of the paper from results.

    Parameters
    ----------
    number : int
        One of `FIGURES`.
    store : Store
    real : mapping of str to ndarray, optional
        Training pictures by class, uint8, for the figures of samples.

    Raises
    ------
    InputError
        If there is no such figure, or no result to draw it of.
    """
    known = figure_of(number)
    figure = known.draw(store, real)
    if figure is None:
        raise InputError(
            f"There is nothing for Figure {number} ({known.title}) yet. `osrae bench run "
            f"{known.grid}` measures what it shows."
        )
    return figure


def figure_of(number: int) -> PaperFigure:
    """Return what is known of a figure.

    Raises
    ------
    InputError
        If there is no such figure.
    """
    if number not in FIGURES:
        titles = "; ".join(f"{n} ({figure.title})" for n, figure in FIGURES.items())
        raise InputError(f"There is no figure {number} of results. There are {titles}.")
    return FIGURES[number]


def _latent(store: Store, real: _Real) -> Figure | None:
    from osrae.benchmark.figures.latent import draw_latent

    return draw_latent(store)


def _mixtures(store: Store, real: _Real) -> Figure | None:
    from osrae.benchmark.figures.mixtures import draw_mixtures

    return draw_mixtures(store)


def _samples(data: str, title: str) -> PaperFigure:
    def draw(store: Store, real: _Real) -> Figure | None:
        from osrae.benchmark.figures.samples import draw_samples

        return draw_samples(store, data, real)

    return PaperFigure(f"samples of the rarer classes of {title}", "paper", draw, data)


FIGURES: Mapping[int, PaperFigure] = {
    2: PaperFigure("latent space", "paper", _latent),
    3: PaperFigure("number of samples in a mixture", "mixtures", _mixtures),
    4: _samples("mnist", "MNIST"),
    5: _samples("fashion-mnist", "Fashion-MNIST"),
    6: _samples("svhn", "SVHN"),
    7: _samples("cifar10", "CIFAR-10"),
    8: _samples("celeba", "CelebA"),
}
