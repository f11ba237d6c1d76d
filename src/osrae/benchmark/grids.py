"""Grids of cells, from flags or a YAML file."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from osrae.benchmark.cells import Cell
from osrae.benchmark.models import check_method, has_presets
from osrae.benchmark.parts import rows_in_folds
from osrae.data.description import DataKind
from osrae.datasets import describe
from osrae.datasets.splits import whole_table
from osrae.errors import InputError

__all__ = ["check_cells", "make_cells", "read_grid", "ready_grids"]

_READY = files("osrae.benchmark") / "ready"
_KEYS = ("data", "methods", "presets", "seeds", "core_minutes", "folds")
_METHOD_KEYS = ("method", "label", "preset", "settings", "data")


def ready_grids() -> dict[str, str]:
    """Return the grids that osrae comes with: name and first line of comment."""
    found = {}
    for file in sorted(_READY.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            first = file.read_text(encoding="utf-8").partition("\n")[0]
            found[file.name.removesuffix(".yaml")] = first.removeprefix("#").strip()
    return found


def read_grid(name: str) -> list[dict[str, Any]]:
    """Read the blocks of a grid.

    Parameters
    ----------
    name : str
        A YAML file, or one of `ready_grids`.

    Returns
    -------
    list of dict
        Arguments of `make_cells`, one for every block.

    Raises
    ------
    InputError
        If there is no such grid, or it is not written as it should be.
    """
    ready = ready_grids()
    if name in ready:
        content = (_READY / f"{name}.yaml").read_bytes()
    elif Path(name).is_file():
        content = Path(name).read_bytes()
    else:
        raise InputError(
            f"There is no grid {name!r}: it is neither a YAML file nor one of {', '.join(ready)}."
        )
    try:
        blocks = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeError) as error:
        raise InputError(f"{name} is no YAML: {error}") from error
    blocks = blocks if isinstance(blocks, list) else [blocks]
    for block in blocks:
        _check_block(name, block)
    return blocks


def _check_block(name: str, block: Any) -> None:
    if not isinstance(block, dict):
        raise InputError(f"{name}: expected a mapping with {', '.join(_KEYS)}; found {block!r}.")
    unknown = [str(key) for key in block if key not in _KEYS]
    if unknown:
        raise InputError(f"{name} has the keys {', '.join(unknown)}; there are {', '.join(_KEYS)}.")
    for key in ("data", "methods"):
        if key not in block:
            raise InputError(f"{name} does not say which {key}.")
        _listed(key, block[key])


def make_cells(
    data: Sequence[str],
    methods: Sequence[str | Mapping[str, Any]],
    presets: Sequence[str] = ("default",),
    seeds: Iterable[int] = (0,),
    core_minutes: float | None = None,
    folds: int | None = None,
) -> list[Cell]:
    """Return the cells of a grid, data set by data set, seeds last.

    Parameters
    ----------
    data : sequence of str
    methods : sequence of str or mapping
        A mapping has ``method``, and may have ``label``, ``preset``, ``settings``, and ``data``:
        those of the grid's data sets that it is for.
    presets : sequence of str
        For the methods that do not name their own; those that have none are there once.
    seeds : iterable of int
    core_minutes, folds
        See `Cell`; with folds, there is a cell for each.

    Raises
    ------
    InputError
        If a method is not written as it should be, or a value is out of range.
    """
    cells = []
    parts = [None] if folds is None else list(range(_whole("folds", folds)))
    names = _data_sets(data)
    for name, method in itertools.product(names, _listed("methods", methods)):
        told = _told(method)
        own_data = told.pop("data", None)
        if own_data is not None and name not in _data_sets(own_data):
            continue
        own = [told.pop("preset")] if "preset" in told else _presets(told["method"], presets)
        for preset, seed, fold in itertools.product(own, _listed("seeds", seeds), parts):
            cells.append(
                Cell(data=name, preset=preset, seed=seed, core_minutes=core_minutes, fold=fold,
                     folds=folds, **told)
            )  # fmt: skip
    return list({cell.key: cell for cell in cells}.values())


def check_cells(cells: Iterable[Cell]) -> None:
    """Refuse cells that could not be run, before any of them is.

    Raises
    ------
    InputError
        If a data set or method does not exist, has no such preset or setting, or does not take
        such data; or if a table that needs no download has too few rows for the folds.
    """
    checked: set[tuple[Any, ...]] = set()
    for cell in cells:
        parting = (cell.data, cell.folds)
        if cell.folds is not None and parting not in checked:
            checked.add(parting)
            bundled = describe(cell.data).bundled
            if bundled is not None:
                rows_in_folds(cell.data, whole_table(bundled())[1], cell.folds)
        setting = (cell.data, cell.method, cell.preset, repr(sorted(cell.settings.items())))
        if setting not in checked:
            kind: DataKind = "tables" if describe(cell.data).kind == "table" else "pictures"
            check_method(cell, kind)
            checked.add(setting)


def _told(method: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(method, str):
        return {"method": method}
    if not isinstance(method, Mapping) or "method" not in method:
        raise InputError(f"{method!r}: expected the name of a method, or a mapping with method.")
    unknown = [str(key) for key in method if key not in _METHOD_KEYS]
    if unknown:
        raise InputError(
            f"The method {method['method']} has the keys {', '.join(unknown)}; there are "
            f"{', '.join(_METHOD_KEYS)}."
        )
    return dict(method)


def _presets(method: Any, presets: Any) -> list[Any]:
    """Return the presets that a method is measured with."""
    listed = _listed("presets", presets)
    return listed if not isinstance(method, str) or has_presets(method) else ["default"]


def _data_sets(names: Any) -> list[str]:
    """Return the data sets of a list, as they are called."""
    listed = _listed("data", names)
    for name in listed:
        if not isinstance(name, str):
            raise InputError(f"data: {name!r}; expected the name of a data set.")
    return [describe(name).name for name in listed]


def _listed(name: str, values: Any) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InputError(f"{name}: {values!r}; expected a list.")
    listed = list(values)
    if not listed:
        raise InputError(f"{name}: the list is empty, so there is nothing to measure.")
    return listed


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:
        raise InputError(f"{name}={value!r}: expected a whole number, at least 2.")
    return value
