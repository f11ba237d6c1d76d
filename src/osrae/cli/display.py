"""What the commands print."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = [
    "PLAIN_COLUMNS",
    "console",
    "note",
    "print_scores",
    "recall_table",
    "score_line",
]

#: Titles of a network trained without oversampling, by the priors it predicts for. The second
#: is that network's own best: its logits are corrected for the class frequencies it has learned.
PLAIN_COLUMNS = {"plain": "train", "plain, corrected": "balanced"}
_PLAIN_LEGEND = (
    "plain: the same network trained without oversampling; corrected: its predictions, for equally "
    "common classes"
)

#: Results go to standard output; what happens meanwhile, to standard error.
console = Console(highlight=False, soft_wrap=True)
_notes = Console(stderr=True, highlight=False, soft_wrap=True)


def note(text: str) -> None:
    """Say something that is no result."""
    _notes.print(escape(text))


def print_scores(counts: Mapping[str, int], columns: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the recall of every class, then the summary scores of every column."""
    console.print(recall_table(counts, columns))
    for name, column in columns.items():
        console.print(score_line(name, column))
    if columns.keys() & PLAIN_COLUMNS.keys():
        console.print(_PLAIN_LEGEND)


def recall_table(counts: Mapping[str, int], columns: Mapping[str, Mapping[str, Any]]) -> Table:
    """Lay out the recall of every class, rarest last.

    Parameters
    ----------
    counts : mapping of str to int
        Training samples of each class.
    columns : mapping of str to mapping
        Scores by title: ``classes`` is a list with ``class``, ``held_out`` and ``recall``.
    """
    held = ("held out", *columns) if columns else ()
    table = Table(title="Recall on held-out data, in %" if columns else None)
    for title in ("class", "training", *held):
        if title == "class":
            # A long name goes on in the next line: it is what the numbers are of.
            table.add_column(title, overflow="fold")
        else:
            table.add_column(title, justify="right")
    by_class = {
        title: {row["class"]: row for row in column["classes"]} for title, column in columns.items()
    }
    first = next(iter(by_class.values()), {})
    for name in sorted(counts, key=lambda name: -counts[name]):
        held_out = first[name]["held_out"] if name in first else 0
        recalls = [
            f"{100 * rows[name]['recall']:.1f}" if name in rows else "–"
            for rows in by_class.values()
        ]
        cells = [str(held_out), *recalls] if columns else []
        table.add_row(escape(name), str(counts[name]), *cells)
    return table


def score_line(name: str, scores: Mapping[str, Any]) -> str:
    """Say the summary scores of one model in a line."""
    undefined = scores["gm"] is None or math.isnan(scores["gm"])  # None in a model's file
    gm = "– (one class only)" if undefined else f"{100 * scores['gm']:.1f} %"
    return (
        f"{escape(name)}: ACSA {100 * scores['acsa']:.1f} %, GM {gm}, F1 {100 * scores['f1']:.1f} %"
    )
