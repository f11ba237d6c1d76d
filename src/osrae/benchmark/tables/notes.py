"""What stands below a table: how its numbers came about."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from osrae.benchmark.machine import machine_text
from osrae.benchmark.measured import Measured
from osrae.benchmark.results import Result
from osrae.benchmark.tables.columns import Found, data_title

__all__ = ["GM_FOLLOWS", "made_with"]

GM_FOLLOWS = (
    "On a balanced test set GM follows from ACSA, √(ACSA · (1 − (1 − ACSA) / (C − 1))) for C "
    "classes; it is no evidence of its own. The geometric mean of the class recalls is, and is 0 "
    "where a class is missed."
)
_SHOWN_ERROR = 160
_MOST_PLACES, _MOST_FAILED = 4, 8


def made_with(found: Iterable[Found], *, spread: bool = True) -> list[str]:
    """Say how what a table shows was measured: a note a subject.

    Parameters
    ----------
    found : iterable of Found
        What stands in its places.
    spread : bool
        Whether it shows standard deviations over the seeds.

    Returns
    -------
    list of str
        How data differ from their release; seeds, training, what else was measured, failures,
        machines, versions and code.
    """
    unique = {(id(f.shown), f.column): f for f in found}
    places = [f for f in unique.values() if f.shown.whole]
    notes = _data_notes(places)
    if places:
        several = spread and any(len(f.shown.seeds) > 1 for f in places)
        notes.append(
            f"{_by_value('Seeds', places, _seeds)}"
            + (" ± is the standard deviation over them, with divisor n − 1." if several else "")
        )
        notes.append(_by_value("Training", places, _training))
        notes += _steps(places)
        notes.append(_times(places))
    notes += _others(list(unique.values())) + _failures(list(unique.values()))
    results = [result for f in places for result in f.shown.whole]
    for subject, of in (("Machine", _machine), ("Versions", _versions), ("Code", _code)):
        told = Counter(of(result) for result in results)
        if told:
            notes.append(f"{subject}: {'; '.join(text for text, _ in told.most_common())}.")
    return notes


def _data_notes(places: Sequence[Found]) -> list[str]:
    """Say which data sets differ from their release, and how."""
    noted = {
        (f.data, note): None
        for f in places
        for result in f.shown.whole
        if (note := result.content.get("data_note"))
    }
    return [f"{data_title(name)}: {note}." for name, note in noted]


def _by_value(subject: str, places: Sequence[Found], of: Callable[[Measured], str]) -> str:
    """Say what most places have, then which have something else."""
    told = {id(f): of(f.shown) for f in places}
    usual = Counter(told.values()).most_common(1)[0][0]
    # A text that ends in a comma goes on with its places, or ends here.
    unlike: dict[str, list[Found]] = {}
    for f in places:
        if told[id(f)] != usual:
            unlike.setdefault(told[id(f)], []).append(f)
    rest = "".join(f"; {text} for {_where(those, places)}" for text, those in unlike.items())
    return f"{subject}: {usual.rstrip(',')}{rest}."


def _where(some: Sequence[Found], places: Sequence[Found]) -> str:
    """Name some of the places, in the shorter of two ways.

    Method by method, or first the data sets of which it is all places and then the rest.
    """
    columns, told = _by_column(places), _by_column(some)
    ways = [_method_by_method(told, columns)]
    whole = [
        data for data in dict.fromkeys(name for names in told.values() for name in names)
        if all(data in told.get(m, []) for m, names in columns.items() if data in names)
    ]  # fmt: skip
    if whole:
        rest = {m: names for m, names in told.items() if not set(names) <= set(whole)}
        beside = {
            m: names if names == columns[m] else [data for data in names if data not in whole]
            for m, names in rest.items()
        }
        others = _method_by_method(beside, columns)
        n_whole = sum(beside[m] == columns[m] for m in beside)
        everything = f"everything on {_listed(whole)}"
        ways.append([*others[:n_whole], everything, *others[n_whole:]])
    return min((" and for ".join(way) for way in ways), key=len)


def _method_by_method(told: dict[str, list[str]], columns: dict[str, list[str]]) -> list[str]:
    """Name data sets of each method; of a method in all its places, only the name, and first."""
    whole = [m for m, names in told.items() if names == columns[m]]
    rest = {m: names for m, names in told.items() if m not in whole}
    return [*whole, *(f"{m} on {_listed(names)}" for m, names in rest.items())]


def _by_column(places: Sequence[Found]) -> dict[str, list[str]]:
    by_column: dict[str, list[str]] = {}
    for f in places:
        by_column.setdefault(f.column, []).append(data_title(f.data))
    return by_column


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_PLACES:
        return f"{len(names)} data sets"
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])


def _seeds(shown: Measured) -> str:
    folds = shown.cell.folds
    listed = ", ".join(map(str, shown.seeds))
    return listed if folds is None else f"{listed}, each the mean of {folds} folds"


def _training(shown: Measured) -> str:
    if math.isinf(shown.budget):
        return "whole runs, as long as the preset says"
    if shown.cell.core_minutes is None:
        return f"runs that settings shorten, {shown.budget:.3g} minutes of one core"
    budget = f"{shown.budget:g} minutes of one core"
    whole = all(result.content["whole_run"] for result in shown.whole)
    return f"whole runs, within about {budget}," if whole else f"about {budget}"


def _steps(places: Sequence[Found]) -> list[str]:
    """Say how many steps each method's networks took, over all data sets and seeds."""
    ranges: dict[str, list[list[int]]] = {}
    for f in places:
        for result in f.shown.whole:
            steps = [stage["steps"] for stage in result.content["stages"] if "steps" in stage]
            if steps:
                ranges.setdefault(f.column, []).append(steps)
    if not ranges:
        return []
    told = []
    for method, runs in ranges.items():
        stages = max(map(len, runs))
        parts = [_range([run[i] for run in runs if i < len(run)]) for i in range(stages)]
        told.append(f"{method} {' and '.join(parts)}")
    return [f"Steps, stage by stage: {'; '.join(told)}."]


def _times(places: Sequence[Found]) -> str:
    """Say how long each method trained, over all data sets and seeds."""
    costs: dict[str, list[dict[str, float]]] = {}
    for f in places:
        costs.setdefault(f.column, []).extend(
            result.content["cost"]["training"] for result in f.shown.whole
        )
    told = [
        f"{method} {_range([round(cost['cpu_seconds']) for cost in its])} s "
        f"({_range([round(cost['wall_seconds']) for cost in its])} s)"
        for method, its in costs.items()
    ]
    return f"Processor time of training, and in brackets time by the clock: {'; '.join(told)}."


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _others(found: Sequence[Found]) -> list[str]:
    more = [f for f in found if f.others]
    if not more:
        return []
    return [
        "Not shown: there are results with other settings or budgets, too (for "
        f"{_where(more, found)}); those with the largest budget are shown, and never averaged with "
        "others."
    ]


def _failures(found: Sequence[Found]) -> list[str]:
    """Say what failed and why, once where several seeds or folds failed for the same reason."""
    failed: dict[str, list[Result]] = {}
    for f in found:
        for result in f.shown.failed:
            reason = f"{f.column} on {data_title(f.data)}: {_error(result)}"
            failed.setdefault(reason, []).append(result)
    if not failed:
        return []
    told = [f"{reason} ({_which(those)})" for reason, those in failed.items()][:_MOST_FAILED]
    more = len(failed) - len(told)
    return [f"Failed: {'; '.join(told)}{f'; and {more} more' if more else ''}."]


def _error(result: Result) -> str:
    error = result.content["error"]
    message = " ".join(f"{error['type']}: {error['message']}".split())
    return f"{message[:_SHOWN_ERROR]}…" if len(message) > _SHOWN_ERROR else message.rstrip(".")


def _which(results: Sequence[Result]) -> str:
    seeds = sorted({result.cell.seed for result in results})
    told = f"seed{'s' if seeds[1:] else ''} {', '.join(map(str, seeds))}"
    return told if results[0].cell.fold is None else f"{told}, {len(results)} folds in all"


def _machine(result: Result) -> str:
    return machine_text(result.content["made"]["machine"])


def _versions(result: Result) -> str:
    versions = result.content["made"]["versions"]
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()) if version)


def _code(result: Result) -> str:
    return result.content["made"]["code"] or "an installed release"
