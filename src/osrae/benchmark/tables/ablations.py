"""Tables 4 and 5: what each component gives, and the size of the latent space."""

from __future__ import annotations

from collections.abc import Mapping

from osrae.benchmark.measured import Store
from osrae.benchmark.tables.columns import (
    DATA_TITLES,
    PERCENT,
    SCORE_TITLES,
    TEN_AND_HAIR,
    Found,
    data_title,
    find,
    ready_cells,
    value,
)
from osrae.benchmark.tables.model import Row, Table, Value, mark_best
from osrae.benchmark.tables.notes import GM_FOLLOWS, made_with

__all__ = ["table_4", "table_5"]

_YES, _NO = "✓", "×"
#: Rows of Table 4, by label of the grid ``ablation``: linear classifier, over-sampling, decoder,
#: mixer, and a name.
_COMPONENTS: Mapping[str, tuple[str, str, str, str, str]] = {
    "no-classifier": (_NO, _YES, _YES, _NO, "no linear classifier, α uniform"),
    "no-oversampling": (_YES, _NO, _YES, _NO, "no oversampling"),
    "no-oversampling-corrected": (_YES, _NO, _YES, _NO, "the same, corrected for frequencies"),
    "no-decoder": (_YES, _YES, _NO, _YES, "no decoder"),
    "no-mixer": (_YES, _YES, _YES, _NO, "no mixer, α uniform"),
    "beta": (_YES, _YES, _YES, _NO, "no mixer, α from Beta(2, 2)"),
    "everything": (_YES, _YES, _YES, _YES, "everything"),
}
_SCORES = ("acsa", "gm", "f1")
_PAPER_DATA = ("cifar10", "celeba")
_SIZES = ("m/4", "m/2", "m", "2m")
_SIZE_TITLES = {"2m": "2 m"}


def table_4(store: Store) -> Table:
    """Make Table 4, and the row of the text whose coefficients are drawn from Beta(2, 2)."""
    measured = [d for d in store.data if d not in _PAPER_DATA]
    names = [*_PAPER_DATA, *(d for d in measured if any(store.groups(d, n) for n in _COMPONENTS))]
    likes = {d: ready_cells("ablation", d) for d in names}
    places = {
        (d, label): find(store, d, label, like=likes[d].get(label))
        for d in names
        for label in _COMPONENTS
    }
    columns = [
        mark_best([
            value(places[d, label], PERCENT, score, paper=(4, d, label))
            for label in _COMPONENTS
        ])
        for d in names for score in _SCORES
    ]  # fmt: skip
    rows = [
        Row((name, *marks), tuple(column[place] for column in columns))
        for place, (*marks, name) in enumerate(_COMPONENTS.values())
    ]
    heads = [f"{data_title(d)} {SCORE_TITLES[score]}" for d in names for score in _SCORES]
    stubs = ("variant", "linear classifier", "oversampling", "decoder", "mixer")
    found = _named({(d, _COMPONENTS[n][-1]): f for (d, n), f in places.items()})
    notes = [
        "Corrected: the same network, its predictions corrected by Bayes' rule to equally common "
        "classes; the paper has no such row.",
        GM_FOLLOWS,
        *made_with(found),
    ]
    caption = (
        "Table 4. What each component gives: balanced test part (of tables, the one they have), "
        "in %."
    )
    return Table(caption, stubs, tuple(heads), tuple(rows), tuple(notes))


def table_5(store: Store) -> Table:
    """Make Table 5: ACSA at a quarter, half, and twice the size of the latent space."""
    likes = {d: ready_cells("latent", d) for d in TEN_AND_HAIR}
    places = {
        (d, label): find(store, d, label, test="balanced", like=likes[d][label])
        for d in TEN_AND_HAIR
        for label in _SIZES
    }
    rows = []
    for d in TEN_AND_HAIR:
        values = [_of_size(places[d, label], d, label) for label in _SIZES]
        m = likes[d]["m/2"].settings["latent_dim"] * 2
        rows.append(Row((DATA_TITLES[d], str(m)), tuple(mark_best(values))))
    found = _named({(d, _SIZE_TITLES.get(n, n)): f for (d, n), f in places.items()})
    notes = [
        "The paper's figure of m itself is that of its Table 1.",
        *made_with(found),
    ]
    caption = "Table 5. ACSA against the size of the latent space m: balanced test part, in %."
    heads = tuple(_SIZE_TITLES.get(label, label) for label in _SIZES)
    return Table(caption, ("data", "m"), heads, tuple(rows), tuple(notes))


def _of_size(found: Found | None, data: str, label: str) -> Value:
    where = (1, data, "rae") if label == "m" else (5, data, label)
    return value(found, PERCENT, "acsa", test="balanced", paper=where)


def _named(places: Mapping[tuple[str, str], Found | None]) -> list[Found]:
    """Return what there is, named as in the table: two grids may have run a cell of one label."""
    return [Found(name, f.data, f.shown, f.others) for (_, name), f in places.items() if f]
