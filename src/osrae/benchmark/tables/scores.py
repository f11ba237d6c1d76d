"""Tables of methods against data sets: 1, 3 and 10 to 15."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from osrae.benchmark.measured import Store
from osrae.benchmark.tables.columns import (
    DATA_TITLES,
    PERCENT,
    PICTURES,
    SCORE_TITLES,
    TABLES,
    TEN_AND_HAIR,
    Found,
    find,
    method_columns,
    method_title,
    value,
)
from osrae.benchmark.tables.model import Row, Style, Table, Value, mark_best
from osrae.benchmark.tables.notes import GM_FOLLOWS, made_with

__all__ = ["table_1", "table_3", "table_10", "table_11", "table_12", "table_13", "table_14",
           "table_15"]  # fmt: skip

_DEEP = ("rae", "deepsmote", "gamo", "bagan", "dgc")
_CLASSICAL = ("rae", "smote", "amdo", "mc-ccr", "mc-rbo")
_MAKERS = ("rae", "bagan", "gamo2pix", "deepsmote")
_SCORES = ("acsa", "f1", "gm")
#: GM says nothing new on a balanced test set; this does.
_BALANCED = (*_SCORES, "recall_gm")
_STEPS = Style(decimals=0, best=None, differs=False)
_MINUTES = Style(decimals=1, best=None, differs=False)
#: What the library that computes FID calls its network.
_INCEPTION = "Inception"


def table_1(store: Store) -> Table:
    """Make Table 1: the deep methods, balanced test part."""
    caption = "Table 1. Deep methods, balanced test part, in %."
    return _classification(1, caption, store, PICTURES, _DEEP, _BALANCED, "balanced")


def table_10(store: Store) -> Table:
    """Make Table 10: the deep methods, imbalanced test part."""
    caption = "Table 10. Deep methods, imbalanced test part, in %."
    return _classification(10, caption, store, PICTURES, _DEEP, _BALANCED, "imbalanced")


def table_13(store: Store) -> Table:
    """Make Table 13: the deep methods on tables, whose test part is as imbalanced as they are."""
    caption = "Table 13. Deep methods on tables, in %."
    return _classification(13, caption, store, TABLES, _DEEP, _BALANCED, "test")


def table_14(store: Store) -> Table:
    """Make Table 14: the classical methods, imbalanced test part."""
    caption = "Table 14. Classical methods, imbalanced test part, in %."
    return _classification(14, caption, store, TEN_AND_HAIR, _CLASSICAL, _BALANCED, "imbalanced")


def table_15(store: Store) -> Table:
    """Make Table 15: the classical methods, balanced test part."""
    caption = "Table 15. Classical methods, balanced test part, in %."
    return _classification(15, caption, store, TEN_AND_HAIR, _CLASSICAL, _BALANCED, "balanced")


def _classification(
    number: int,
    caption: str,
    store: Store,
    data: Sequence[str],
    methods: Sequence[str],
    scores: Sequence[str],
    test: str,
) -> Table:
    table, found = _by_data(number, caption, store, data, methods,
                            dict.fromkeys(scores, PERCENT), test=test)  # fmt: skip
    notes = [GM_FOLLOWS] if test == "balanced" else []
    if number in (14, 15):
        notes.append("The paper takes its figures of the classical methods from DeepSMOTE's paper.")
    return _with_notes(table, [*notes, *made_with(found)])


def table_12(store: Store) -> Table:
    """Make Table 12: the area under the precision-recall curve."""
    caption = "Table 12. mAUPRC, one class against all others, balanced test part."
    table, found = _across(12, caption, store, ("rae", "deepsmote", "gamo"),
                           {"mauprc_ova": Style(4)}, test="balanced")  # fmt: skip
    which = (
        "The paper does not say on which test part it measures; here it is the balanced one. "
        "Average precision of each class, mean over the classes."
    )
    return _with_notes(table, [which, *made_with(found)])


def table_3(store: Store) -> Table:
    """Make Table 3: density and coverage of generated samples."""
    caption = "Table 3. Density and coverage of generated samples (k = 5), mean over the classes."
    style = Style(3, differs=_only_inception(store))
    table, found = _across(3, caption, store, _MAKERS, {"density": style, "coverage": style})
    embedding = (
        f"{_compared(found)} The paper does not name the features that it measures in; figures in "
        "others cannot be compared with it."
    )
    return _with_notes(table, [embedding, *made_with(found)])


def table_11(store: Store) -> Table:
    """Make Table 11: the Fréchet distance of generated samples."""
    inception = _only_inception(store)
    style = Style(2, significant=not inception, best="min", differs=inception)
    title = "FID" if inception else "Fréchet distance"
    caption = f"Table 11. {title} of generated samples; smaller is better."
    table, found = _across(11, caption, store, _MAKERS, {"frechet": style})
    notes = [_compared(found)]
    if not inception:
        notes.append(
            "FID is the distance in Inception's features, and the paper's figures are FID: figures "
            "in other features cannot be compared with it, so no difference is shown."
        )
    return _with_notes(table, [*notes, *made_with(found)])


def _by_data(
    number: int,
    caption: str,
    store: Store,
    data: Sequence[str],
    methods: Sequence[str],
    scores: Mapping[str, Style],
    test: str,
) -> tuple[Table, list[Found]]:
    """Lay out a row for every data set and score, a column for every method."""
    columns = method_columns(store, data, methods)
    places = {(d, m): find(store, d, m, test=test) for d in data for m in columns}
    rows = []
    for d in data:
        for score, style in scores.items():
            row = [
                value(places[d, m], style, score, test=test, paper=(number, d, _printed_as(m)))
                for m in columns
            ]
            rows.append(Row((DATA_TITLES[d], SCORE_TITLES[score]), tuple(mark_best(row))))
        rows += _costs(DATA_TITLES[d], [places[d, m] for m in columns])
    table = Table(caption, ("data", "score"), tuple(map(method_title, columns)), tuple(rows))
    return table, [f for f in places.values() if f]


def _costs(data: str, places: Sequence[Found | None]) -> list[Row]:
    """Lay out what training took, mean over seeds and folds, if anything was measured."""
    if not any(f and f.shown.whole for f in places):
        return []
    steps = [_mean(f, lambda content: sum(stage.get("steps", 0) for stage in content["stages"]))
             for f in places]  # fmt: skip
    minutes = [_mean(f, lambda content: content["cost"]["training"]["wall_seconds"] / 60)
               for f in places]  # fmt: skip
    # A method without networks takes no steps.
    steps = [() if number == (0,) else number for number in steps]
    return [
        Row((data, name), tuple(Value(style, number, over_seeds=False) for number in numbers))
        for name, style, numbers in (
            ("steps, all stages", _STEPS, steps),
            ("minutes of training", _MINUTES, minutes),
        )
    ]


def _mean(found: Found | None, of: Callable[[dict[str, Any]], float]) -> tuple[float, ...]:
    values = [of(result.content) for result in found.shown.whole] if found else []
    return (fmean(values),) if values else ()


def _across(
    number: int,
    caption: str,
    store: Store,
    methods: Sequence[str],
    scores: Mapping[str, Style],
    test: str | None = None,
) -> tuple[Table, list[Found]]:
    """Lay out a row for every method, as the paper does, a column for every data set and score."""
    names = method_columns(store, TEN_AND_HAIR, methods)
    places = {(d, m): find(store, d, m, test=test) for d in TEN_AND_HAIR for m in names}
    columns = [
        mark_best([
            value(places[d, m], style, score, test=test, samples=test is None,
                  paper=(number, d, _printed_as(m)))
            for m in names
        ])
        for d in TEN_AND_HAIR for score, style in scores.items()
    ]  # fmt: skip
    heads = [
        DATA_TITLES[d] if len(scores) == 1 else f"{DATA_TITLES[d]} {SCORE_TITLES[score]}"
        for d in TEN_AND_HAIR
        for score in scores
    ]
    rows = [
        Row((method_title(name),), tuple(column[place] for column in columns))
        for place, name in enumerate(names)
    ]
    return Table(caption, ("method",), tuple(heads), tuple(rows)), [f for f in places.values() if f]


def _printed_as(method: str) -> str:
    """Return the paper's name of a column; variants of a method stand beside its figure."""
    return "rae" if method.startswith("rae") else method.partition(" ")[0]


def _samples(found: Iterable[Found]) -> list[dict[str, Any]]:
    every = (result.content.get("generation") for f in found for result in f.shown.whole)
    return [content for content in every if content]


def _extractors(found: Iterable[Found]) -> list[str]:
    return sorted({content["extractor"] for content in _samples(found)})


def _only_inception(store: Store) -> bool:
    """Say whether all samples were compared in Inception's features, as those of FID are."""
    columns = method_columns(store, TEN_AND_HAIR, _MAKERS)
    found = [f for d in TEN_AND_HAIR for m in columns if (f := find(store, d, m))]
    return all(_INCEPTION in name for name in _extractors(found))


def _compared(found: Sequence[Found]) -> str:
    """Say what generated samples were compared with, and in which features."""
    counts = sorted({content["samples_of_a_class"] for content in _samples(found)})
    names = _extractors(found)
    if not names:
        return "800 generated and 800 real test samples of each class are compared."
    told = (
        f"Generated samples and real ones of the balanced test part, "
        f"{' or '.join(map(str, counts))} of each class, are compared in the features of "
        f"{' and of '.join(names)}."
    )
    if len(names) > 1:
        told += " Figures in different features cannot be compared with each other."
    return told


def _with_notes(table: Table, notes: Sequence[str]) -> Table:
    return Table(table.caption, table.stub_heads, table.columns, table.rows, tuple(notes))
