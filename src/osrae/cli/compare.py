"""``osrae compare``."""

from __future__ import annotations

import math
import re
import shlex
import sys
import time
from pathlib import Path

import numpy as np
from rich.markup import escape
from rich.table import Table

from osrae.benchmark.advice import advise, how_to_train
from osrae.benchmark.comparing import compare
from osrae.benchmark.comparison import Comparison
from osrae.cli.display import console, note
from osrae.cli.runs import check_output_file
from osrae.cli.source import read_source
from osrae.errors import InputError
from osrae.report.comparison import comparison_report
from osrae.report.render import check_report_path, write_report
from osrae.storage import atomic_file, explain_os_errors

__all__ = ["parse_duration", "run"]

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}


def parse_duration(text: str) -> float:
    """Read ``10m``, ``90s``, ``1.5h``; a bare number is minutes.

    Raises
    ------
    InputError
        If the text is something else.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)?", text.strip().lower())
    if match is None or not float(match[1]):
        raise InputError(f"--budget {text}: expected a time, as 90s, 10m or 1h.")
    return float(match[1]) * _UNITS[match[2] or "m"]


def run(
    data: Path,
    target: str | None,
    size: tuple[int, int] | None,
    methods: list[str] | None,
    budget: str,
    rope: float,
    report: Path | None,
    table: Path | None,
    seed: int,
    quiet: bool,
) -> None:
    """Compare, print the ranking and the advice, and write the report."""
    seconds = parse_duration(budget)
    if report is not None:
        check_report_path(report)
    if table is not None:
        check_output_file(table, (".csv",), data)
    source = read_source(data, target, size)
    started = time.monotonic()

    def told(text: str) -> None:
        if not quiet:
            elapsed = time.monotonic() - started
            note(f"{elapsed / 60:5.1f} of {seconds / 60:.3g} min  {text}")

    found = compare(
        source.X, source.y, methods=methods, budget=seconds, rope=rope, random_state=seed,
        report=told,
    )  # fmt: skip
    advice = advise(found)
    command = how_to_train(advice.method, str(data), target, size)
    console.print(_ranking(found))
    _say_left_out(found)
    console.print()
    console.print(advice.text, markup=False)
    console.print()
    console.print(command, markup=False)
    if table is not None:
        with explain_os_errors(table), atomic_file(table) as temporary:
            found.table().to_csv(temporary)
        note(f"Table: {table}")
    if report is not None:
        said = shlex.join(["osrae", *sys.argv[1:]])
        page = comparison_report(found, title=data.name, command=said, train=command)
        write_report(page, report)
        note(f"Report: {report}")


def _ranking(found: Comparison) -> Table:
    times = "" if found.n_repeats == 1 else f", {found.n_repeats} times"
    table = Table(title=f"ACSA in %, {found.n_folds}-fold cross-validation{times}")
    table.add_column("method", overflow="fold")
    for name in ("ACSA", "95 % interval", "rarest\nclass", "same", "behind", "s"):
        table.add_column(name, justify="right")
    for row in found.table().to_dict("records"):
        share = row["shortened"]
        cut = "" if share == 1 else f" ({100 * share:.0f} % of its training)"
        table.add_row(
            escape(f"{row['title']}{cut}"), _percent(row["acsa"]),
            _interval(row["low"], row["high"]),
            *(_percent(row[name]) for name in ("rarest", "p_same", "p_best_better")),
            f"{row['seconds']:.1f}",
        )  # fmt: skip
    table.caption = (
        f"rarest class: its recall. same, behind: probability in % that the method and the first "
        f"differ by {found.rope_text} or less, or that it is behind by more. s: seconds for a fold."
    )
    return table


def _say_left_out(found: Comparison) -> None:
    if found.interrupted:
        note("Stopped; this is what had run until then.")
    if found.cut_short:
        titles = "; ".join(result.candidate.title for result in found.cut_short)
        note(f"Cut to less than half of their training, and so shown too weak: {titles}.")
    if found.enough:
        note(f"--budget {_duration(found.enough)} trains the plain models, and those that come "
             "next, in full.")  # fmt: skip
    for result in found.left_out:
        note(f"Left out: {result.candidate.title}: {result.left_out}")


def _duration(seconds: float) -> str:
    """Write a time so that `parse_duration` reads it; it is rounded up."""
    minutes = math.ceil(seconds / 60)
    return f"{minutes}m" if minutes <= 90 else f"{math.ceil(minutes / 6) / 10:g}h"


def _interval(low: float, high: float) -> str:
    return "–" if np.isnan(low) else f"{_percent(low)} – {_percent(high)}"


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.1f}"
