"""Figure 3: ACSA against the number of samples in a mixture."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from osrae.benchmark.measured import Store
from osrae.benchmark.tables.columns import DATA_TITLES, PERCENT, find, ready_cells, value
from osrae.benchmark.tables.columns import TEN_AND_HAIR as DATA
from osrae.benchmark.tables.model import Value

__all__ = ["draw_mixtures"]

_SIZES = {"t=2": "#1f5fa8", "t=3": "#e08a1e", "t=4": "#7a9a3a"}
_WIDTH = 0.27


def draw_mixtures(store: Store) -> Figure | None:
    """Draw a group of bars for every data set, one for each t; None if there is nothing yet.

    Whiskers are standard deviations over the seeds, where there are several; bars that were not
    measured are left out.
    """
    bars = {(d, label): _bar(store, d, label) for d in DATA for label in _SIZES}
    data = [d for d in DATA if any(bars[d, label].runs for label in _SIZES)]
    if not data:
        return None
    figure = Figure(figsize=(max(4.2, 1.6 * len(data) + 1.2), 3.6), dpi=150, layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(data))
    for number, (label, colour) in enumerate(_SIZES.items()):
        there = [(place, bars[d, label]) for place, d in zip(places, data, strict=True)]
        there = [(place, bar) for place, bar in there if bar.runs]
        if not there:
            continue
        drawn = axes.bar(
            [place + (number - 1) * _WIDTH for place, _ in there],
            [bar.mean or 0.0 for _, bar in there],
            0.92 * _WIDTH,
            yerr=[math.nan if bar.sd is None else bar.sd for _, bar in there],
            color=colour,
            label=label.replace("=", " = "),
            error_kw={"elinewidth": 0.9, "capsize": 2},
        )
        axes.bar_label(drawn, [f"{bar.mean:.1f}" for _, bar in there], fontsize=7, padding=1)
    axes.set_xticks(places, [DATA_TITLES[d] for d in data])
    axes.set_ylabel("ACSA in %, balanced test part", fontsize=9)
    axes.set_ylim(0, 108)
    axes.set_yticks(range(0, 101, 20))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, ncols=len(_SIZES), loc="lower right",
                bbox_to_anchor=(1, 1))  # fmt: skip
    return figure


def _bar(store: Store, data: str, label: str) -> Value:
    like = ready_cells("mixtures", data).get(label)
    found = find(store, data, label, test="balanced", like=like)
    return value(found, PERCENT, "acsa", test="balanced")
