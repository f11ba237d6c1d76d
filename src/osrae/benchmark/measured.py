"""Results by method and data set: seeds and folds belong together, different settings do not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

from osrae.benchmark.cells import Cell
from osrae.benchmark.results import Result, Results
from osrae.errors import InputError

__all__ = ["Measured", "Store", "read_results"]


@dataclass(frozen=True)
class Measured:
    """One method on one data set: results that differ by seed and fold alone.

    Attributes
    ----------
    results : tuple of Result
        At least one; by seed, then fold.
    """

    results: tuple[Result, ...]

    @property
    def cell(self) -> Cell:
        """The first one's cell, for what they have in common."""
        return self.results[0].cell

    @property
    def failed(self) -> tuple[Result, ...]:
        """Those that came to an error."""
        return tuple(result for result in self.results if not result.done)

    @property
    def whole(self) -> tuple[Result, ...]:
        """Those of seeds of which every fold is done; without folds, all that are done."""
        return tuple(result for group in self._by_seed.values() for result in group)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that count, see `whole`."""
        return tuple(self._by_seed)

    @cached_property
    def _by_seed(self) -> dict[int, list[Result]]:
        groups: dict[int, list[Result]] = {}
        for result in self.results:
            if result.done:
                groups.setdefault(result.cell.seed, []).append(result)
        # A mean over some of the folds is one over other rows than those of the other methods.
        return {s: group for s, group in groups.items() if len(group) == (self.cell.folds or 1)}

    def scores(self, name: str, test: str | None = None) -> list[float]:
        """Return a score of every seed, the mean over its folds, on one test part.

        Parameters
        ----------
        name : str
            Of `osrae.evaluation.classification.summary`.
        test : str or None
            None is the main one. Seeds without such a score or part are left out.
        """
        values = [
            [result.score(name, test) for result in group] for group in self._by_seed.values()
        ]
        return [fmean(known) for group in values if (known := _known(group))]

    def sample_scores(self, name: str) -> list[float]:
        """Return a score of the generated samples, as ``"density"``, for every seed that has it.

        The mean over its folds, as of `scores`.
        """
        values = [
            [(result.content.get("generation") or {}).get(name) for result in group]
            for group in self._by_seed.values()
        ]
        return [fmean(known) for group in values if (known := _known(group))]

    @property
    def budget(self) -> float:
        """Minutes of one core that training could take; infinite for runs of a preset's length.

        Runs that settings shorten count what they took.
        """
        if self.cell.core_minutes is not None:
            return self.cell.core_minutes
        if not any(name.endswith("max_steps") for name in self.cell.settings):
            return math.inf
        spent = [r.content["cost"]["training"]["cpu_seconds"] / 60 for r in self.results if r.done]
        return fmean(spent) if spent else 0.0


def _known(values: Sequence[float | None]) -> list[float]:
    """Return the values if all of them are there."""
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else []


class Store:
    """All results that tables and figures are made of.

    Parameters
    ----------
    results : iterable of Result
        Of two results of the same cell, one that is done counts, and then the first.
    """

    def __init__(self, results: Iterable[Result]) -> None:
        kept: dict[str, Result] = {}
        for result in results:
            before = kept.get(result.cell.key)
            if before is None or (result.done and not before.done):
                kept[result.cell.key] = result
        groups: dict[tuple[str, str], list[Result]] = {}
        for result in sorted(kept.values(), key=lambda r: (r.cell.seed, r.cell.fold or 0)):
            groups.setdefault((result.cell.data, result.cell.variant), []).append(result)
        self._groups = [
            Measured(tuple(part)) for group in groups.values() for part in _alike(group)
        ]

    @property
    def data(self) -> tuple[str, ...]:
        """The data sets, in alphabetical order."""
        return tuple(sorted({group.cell.data for group in self._groups}))

    def titles(self, data: str) -> tuple[str, ...]:
        """Return what the methods on a data set are called, in alphabetical order."""
        return tuple(sorted({g.cell.title for g in self._groups if g.cell.data == data}))

    def presets(self, method: str) -> tuple[str, ...]:
        """Return the titles of a method's presets that there are results of."""
        cells = [group.cell for group in self._groups if group.cell.method == method]
        return tuple(sorted({cell.title for cell in cells if not (cell.label or cell.settings)}))

    def groups(self, data: str, title: str, like: Cell | None = None) -> list[Measured]:
        """Return all that was measured of a method on a data set, what is shown of it first.

        That is what has the parting that most methods have, see `folds`, and the largest budget.

        Parameters
        ----------
        data, title : str
            See `Cell.title`.
        like : Cell or None
            Results with its method, preset and settings count as well, whatever their label: two
            grids may share a cell.
        """
        found = [
            group
            for group in self._groups
            if group.cell.data == data
            and (
                any(result.cell.title == title for result in group.results)
                or (like is not None and _same(group.cell, like))
            )
        ]
        folds = self.folds(data)
        return sorted(found, key=lambda group: _rank(group, folds), reverse=True)

    def folds(self, data: str) -> int | None:
        """Return into how many folds most methods' results on a data set part it.

        None is its own test part, which comes first where as many methods have results on it.
        Scores under different partings are of different rows, and do not compare.
        """
        methods: dict[int | None, set[str]] = {}
        for group in self._groups:
            if group.cell.data == data and group.whole:
                methods.setdefault(group.cell.folds, set()).add(group.cell.method)
        return max(methods, key=lambda folds: (len(methods[folds]), folds is None), default=None)


def read_results(folders: Iterable[Path]) -> Store:
    """Read folders of results, as one.

    Raises
    ------
    InputError
        If a folder does not exist, or a file in it is no result.
    """
    everything: list[Result] = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(
                f"There is no folder {folder}. `osrae bench run` writes results; name their folder "
                "with --results."
            )
        everything += Results(folder)
    return Store(everything)


def _rank(group: Measured, folds: int | None) -> tuple[Any, ...]:
    """What is done before what failed, the parting that most have before others, long before short.

    The rest is so that the order never depends on the file system.
    """
    cell = group.cell
    own = cell.folds == folds, cell.folds is None
    return (bool(group.whole), *own, group.budget, len(group.seeds), cell.key)


def _alike(group: list[Result]) -> list[list[Result]]:
    """Part results whose presets came to different settings: of an earlier version, and of today.

    What failed came to no settings, and goes with the most.
    """
    by_settings: dict[str, list[Result]] = {}
    for result in group:
        if result.done:
            by_settings.setdefault(result.came_to, []).append(result)
    parts = sorted(by_settings.values(), key=len, reverse=True) or [[]]
    parts[0] = [result for result in group if not result.done or result in parts[0]]
    return parts


def _same(one: Cell, other: Cell) -> bool:
    return (one.method, one.preset, dict(one.settings)) == (
        other.method, other.preset, dict(other.settings),
    )  # fmt: skip
