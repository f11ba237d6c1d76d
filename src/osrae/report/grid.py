"""The report on a grid of experiments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from osrae.benchmark.advice import chance_text
from osrae.benchmark.measured import Measured, Store
from osrae.benchmark.tables.columns import Found
from osrae.benchmark.tables.notes import made_with
from osrae.benchmark.tables.over_data import ROPE, gapless, left_out
from osrae.errors import InputError
from osrae.evaluation.statistics import (
    ScoreTable,
    average_ranks,
    bayesian_signed_rank,
    friedman_test,
)
from osrae.report.figures import critical_difference
from osrae.report.grid_data import best_methods, data_set_section, mean_acsa
from osrae.report.page import Code, Column, DataTable, Facts, Item, Page, Section

__all__ = ["grid_report"]

#: Up to so many data sets each get a section of their own.
_MOST_SECTIONS = 12
#: So many data sets are named in the lead.
_MOST_NAMED = 4


def grid_report(store: Store, *, title: str = "", command: str = "") -> Page:
    """Report on all that was measured.

    Parameters
    ----------
    store : Store
    title : str
    command : str
        What was run, if it was a command.

    Returns
    -------
    Page

    Raises
    ------
    InputError
        If there is no result that is done.
    """
    shown = {name: _methods(store, name) for name in store.data}
    shown = {name: groups for name, groups in shown.items() if groups}
    if not shown:
        raise InputError("There is no result to report on; `osrae bench run` makes some.")
    methods = list(dict.fromkeys(name for groups in shown.values() for name in groups))
    means = {(d, m): mean_acsa(g) for d, own in shown.items() for m, g in own.items()}
    table = gapless(means)
    ranked = [] if table is None else [_over_data_sets(table, _left_out(means, table))]
    n_results = sum(len(group.whole) for groups in shown.values() for group in groups.values())
    return Page(
        title=title or "Benchmark",
        subtitle=f"{len(methods)} methods, {len(shown)} data sets, {n_results} results, "
        f"{date.today().isoformat()}",
        lead=_lead(shown, table),
        sections=list(_sections(store, shown, methods, ranked, command)),
    )


def _methods(store: Store, data: str) -> dict[str, Measured]:
    """Return what was measured of every method on the same test rows of a data set, best first.

    Of several budgets of a method the largest is shown.
    """
    groups = {title: store.groups(data, title)[0] for title in store.titles(data)}
    alike = {t: g for t, g in groups.items() if g.scores("acsa") and _on_shown_rows(store, g)}
    return dict(sorted(alike.items(), key=lambda item: -mean_acsa(item[1])))


def _on_shown_rows(store: Store, group: Measured) -> bool:
    """Say whether scores are of the test rows that most methods have, and compare with theirs."""
    return group.cell.folds == store.folds(group.cell.data)


def _elsewhere(store: Store) -> str:
    """Name what is not shown, since it was measured on other test rows alone."""
    apart = [
        f"{title} on {data}"
        for data in store.data
        for title in store.titles(data)
        if (group := store.groups(data, title)[0]).whole and not _on_shown_rows(store, group)
    ]
    return ", ".join(apart)


def _left_out(means: Mapping[tuple[str, str], float], table: ScoreTable) -> str:
    """Say what ranks are not over."""
    whys = ("measured on fewer than half of the data sets", "a method is missing there")
    parts = [
        f"{', '.join(names)} ({why})"
        for names, why in zip(left_out(means, table), whys, strict=True)
        if names
    ]
    return f" Left out: {'; '.join(parts)}." if parts else ""


def _lead(shown: dict[str, dict[str, Measured]], table: ScoreTable | None) -> str:
    if table is None:
        best = [
            f"on {data}, {title} with {_percent(mean_acsa(groups[title]))}"
            for data, groups in list(shown.items())[:_MOST_NAMED]
            for title in list(groups)[:1]
        ]
        more = len(shown) - len(best)
        rest = f"; {more} more data set{'s' * (more > 1)} below" if more else ""
        return f"The highest ACSA: {'; '.join(best)}{rest}."
    ranks = average_ranks(table).sort_values(kind="stable")
    test = friedman_test(table)
    first, second = ranks.index[:2]
    beside = bayesian_signed_rank(table, first, second, rope=ROPE, random_state=0)
    sure = "differ" if test.f_p < 0.05 else "may differ by chance alone"
    return (
        f"Over {len(table.datasets)} data sets {first} has the best average rank, "
        f"{ranks.iloc[0]:.2f} of {len(ranks)} methods; the ranks {sure} (Friedman test, p = "
        f"{test.f_p:.2g}). That it is better than {second}, the second, by more than "
        f"{100 * ROPE:g} point has probability {chance_text(beside.p_left)} on a new data set, "
        f"and that they are practically the same {chance_text(beside.p_rope)}."
    )


def _sections(
    store: Store,
    shown: dict[str, dict[str, Measured]],
    methods: Sequence[str],
    ranked: Sequence[Section],
    command: str,
) -> Iterator[Section]:
    yield _overview(shown, methods)
    yield from ranked
    for data, groups in list(shown.items())[:_MOST_SECTIONS]:
        yield data_set_section(data, groups)
    yield from _failures(store)
    yield _how(store, shown, command)


def _overview(shown: dict[str, dict[str, Measured]], methods: Sequence[str]) -> Section:
    """All means in one table: the longer side goes down the page."""
    across = len(shown) <= len(methods)
    rows_are, heads = (methods, list(shown)) if across else (list(shown), methods)
    rows: list[list[str | float | None]] = []
    for row in rows_are:
        places = [(head, row) if across else (row, head) for head in heads]
        found = [shown[data].get(method) for data, method in places]
        rows.append([row, *(None if g is None else 100 * mean_acsa(g) for g in found)])
    best = set()
    for number, groups in enumerate(shown.values()):
        for place in (methods.index(method) for method in best_methods(groups)):
            best.add((place, number + 1) if across else (number, place + 1))
    first = "method" if across else "data set"
    return Section(
        "Scores",
        "ACSA, the mean of the recalls of all classes, on the main test part; the mean over seeds "
        "and folds.",
        [
            DataTable(
                "ACSA in %",
                [Column(first), *(Column(head, "number") for head in heads)],
                rows,
                strong=best,
            )
        ],
    )


def _over_data_sets(table: ScoreTable, without: str) -> Section:
    ranks = average_ranks(table).sort_values(kind="stable")
    first = ranks.index[0]
    rows: list[list[str | float]] = []
    for name in ranks.index[1:]:
        beside = bayesian_signed_rank(table, first, name, rope=ROPE, random_state=0)
        chances = (beside.p_left, beside.p_rope, beside.p_right)
        rows.append([str(name), *(round(100 * chance, 1) for chance in chances)])
    items: list[Item] = [critical_difference(table)] if len(ranks) > 2 else []
    columns = ["better, %", "practically the same, %", "worse, %"]
    return Section(
        "Over all data sets",
        f"Ranks over {len(table.datasets)} data sets.{without} {first} against each other one: "
        "the probability that it is better, practically the same or worse on a new data set "
        f"(Bayesian signed-rank test; differences of up to {100 * ROPE:g} point make no "
        "difference).",
        [
            *items,
            DataTable(
                f"{first} against the others",
                [Column("against"), *(Column(name, "bar", 1, (0, 100)) for name in columns)],
                rows,
            ),
        ],
    )


def _failures(store: Store) -> Iterator[Section]:
    rows = [
        (
            str(result.cell),
            f"{result.content['error']['type']}: {result.content['error']['message']}",
        )
        for data in store.data
        for title in store.titles(data)
        for group in store.groups(data, title)
        for result in group.failed
    ]
    if rows:
        yield Section(
            "Failed",
            "These cells came to an error. `osrae bench run --retry-failed` runs them again.",
            [DataTable("Cells that failed", [Column("cell"), Column("error")], rows)],
        )


def _how(store: Store, shown: dict[str, dict[str, Measured]], command: str) -> Section:
    found = [
        Found(method, data, group, sum(bool(g.whole) for g in store.groups(data, method)) - 1)
        for data, methods in shown.items()
        for method, group in methods.items()
    ]
    notes = [note.rstrip(".").partition(": ") for note in made_with(found)]
    facts = [(subject, text) for subject, _, text in notes]
    if elsewhere := _elsewhere(store):
        facts.append(("Left out, measured on other test rows", elsewhere))
    items: list[Item] = [Code(command, "The command of this report")] if command else []
    more = len(shown) - _MOST_SECTIONS
    text = f"Only the first {_MOST_SECTIONS} data sets have a section above." if more > 0 else ""
    return Section("How it was measured", text, [*items, Facts(facts)])


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
