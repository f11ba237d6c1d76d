"""How training time and memory grow: with rows, classes, latent dimension, and size of a mixture.

    python benchmarks/growth.py
    python benchmarks/growth.py --curves rows --largest 100000

Rows: one epoch, validation included, of encoder and classifier on a table of 10 float32 columns in
a .npy file that is mapped into memory: each row is the first of a tuple once on average. The other
curves: a step of all networks on 20,000 rows of 20 columns. Each point is measured in a process of
its own. Memory is the anonymous memory of the process (Linux only), so pages of the mapped file do
not count, and what the imports take is subtracted. Slopes are those of the logarithms: 1 is growth
in proportion. Writes results/growth.json and results/growth.png.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from measuring import in_child, write

from osrae import RAEClassifier
from osrae.training.callbacks import Callback, TrainingState

BLUE, ORANGE, GREY = "#1f5fa8", "#d9822b", "#7a7a7a"

#: What each curve goes over, as a person reads it.
CURVES = {
    "rows": "rows",
    "classes": "classes",
    "latent": "latent dimension",
    "mixture": "samples in a mixture, t",
}
#: Where each curve is measured; rows are powers of ten.
VALUES = {
    "classes": (2, 5, 10, 20, 50, 100, 200, 500, 1000),
    "latent": (8, 16, 32, 64, 128, 256, 512),
    "mixture": (2, 3, 4, 6, 8, 12, 16),
}
_SEED = 0
_LEAST_ROWS, _LEAST_ROWS_OF_SLOPE = 10**3, 10**4
_COLUMNS, _BATCH, _WRITTEN_AT_ONCE = 10, 1024, 10**6
#: Shares of the five classes of the table that grows: 10 : 1 from the first to the last.
_SHARES = np.geomspace(10, 1, 5) / np.geomspace(10, 1, 5).sum()
_FIXED_ROWS, _FIXED_COLUMNS, _FIXED_CLASSES = 20_000, 20, 10
_STEPS, _STEPS_NOT_COUNTED = 60, 10
_BETWEEN_SAMPLES = 0.02


class Clock(Callback):
    """Notes when the training loop began, when each of its steps was done, and when it ended."""

    def __init__(self) -> None:
        self.started = self.ended = 0.0
        self.steps: list[float] = []

    def on_start(self, state: TrainingState) -> None:
        self.started = time.perf_counter()

    def on_step(self, state: TrainingState) -> None:
        self.steps.append(time.perf_counter())

    def on_end(self, state: TrainingState) -> None:
        self.ended = time.perf_counter()


class MemoryPeak:
    """Follows this process's anonymous memory while it is entered.

    Attributes
    ----------
    bytes : int or None
        The largest seen; None where the system does not say.
    """

    def __init__(self) -> None:
        self.bytes = anonymous_memory()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        if self.bytes is not None:
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        if self.bytes is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_BETWEEN_SAMPLES):
            self.bytes = max(self.bytes or 0, anonymous_memory() or 0)


def anonymous_memory() -> int | None:
    """Return the memory of this process that mirrors no file, in bytes; None without /proc."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    sizes = [line.split()[1] for line in lines if line.startswith("RssAnon:")]
    return 1024 * int(sizes[0]) if sizes else None


def watched_fit(
    X: np.ndarray, y: np.ndarray, **settings: Any
) -> tuple[RAEClassifier, Clock, dict[str, Any]]:
    """Fit once; return the model, the times of its steps, and what the whole took."""
    before = anonymous_memory()
    # What a process does once only would be most of a small table's time. It comes after the
    # memory is read, because what it leaves free is used again and would be missing.
    X_small = np.random.default_rng(_SEED).standard_normal((64, X.shape[1]), dtype=np.float32)
    RAEClassifier(**settings | {"max_steps": 5, "batch_size": 16}).fit(X_small, np.arange(64) % 2)

    clock = Clock()
    model = RAEClassifier(callbacks=[clock], random_state=_SEED, **settings)
    with MemoryPeak() as peak:
        started = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - started
    return model, clock, {
        "seconds": seconds,
        "seconds_of_loop": clock.ended - clock.started,
        "memory": None if before is None or peak.bytes is None else peak.bytes - before,
    }  # fmt: skip


# ------------------------------------------------------------------ rows


def write_table(folder: Path, n: int) -> None:
    """Write Gaussian classes of unequal frequency to X.npy and y.npy, some rows at a time."""
    rng = np.random.default_rng(_SEED)
    means = rng.standard_normal((len(_SHARES), _COLUMNS), dtype=np.float32)
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, (n, _COLUMNS))
    y = np.lib.format.open_memmap(folder / "y.npy", "w+", np.int8, (n,))
    for start in range(0, n, _WRITTEN_AT_ONCE):
        part = slice(start, min(start + _WRITTEN_AT_ONCE, n))
        y[part] = rng.choice(len(_SHARES), size=part.stop - start, p=_SHARES)
        X[part] = rng.standard_normal((part.stop - start, _COLUMNS), dtype=np.float32)
        X[part] += means[y[part]]


def measure_rows(options: dict[str, Any]) -> dict[str, Any]:
    """Train for one epoch on a table in a file."""
    X, y = (np.load(Path(options["folder"]) / name, mmap_mode="r") for name in ("X.npy", "y.npy"))
    steps = math.ceil(len(X) / _BATCH)
    # The networks that classify alone: what a step costs does not depend on the rows.
    _, _, taken = watched_fit(X, y, max_steps=steps, batch_size=_BATCH, decoder=False)
    return {"rows": len(X), "steps": steps, **taken}


def row_points(largest: int) -> Iterator[dict[str, Any]]:
    """Measure tables of 1000 rows, ten times as many, and so on."""
    n = _LEAST_ROWS
    while n <= largest:
        with tempfile.TemporaryDirectory() as folder:
            write_table(Path(folder), n)
            yield in_child(__file__, {"curve": "rows", "folder": folder})
        n *= 10


def with_bytes_per_row(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add how much memory each row takes that a table has more than the table before."""
    found: list[float | None] = [None]
    for less, more in pairwise(points):
        known = less["memory"] is not None and more["memory"] is not None
        added = more["memory"] - less["memory"] if known else 0
        found.append(added / (more["rows"] - less["rows"]) if known else None)
    return [{**point, "bytes_per_row": value} for point, value in zip(points, found, strict=True)]


def row_curve(points: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the points together with their slopes."""
    counted = [point for point in points if point["rows"] >= _LEAST_ROWS_OF_SLOPE]
    measured = ("seconds_of_loop", "seconds", "memory")
    return {
        "points": with_bytes_per_row(points),
        "slopes": {name: slope(counted, "rows", name) for name in measured},
    }


def row_table(curve: dict[str, Any]) -> str:
    """Lay the row curve out as Markdown."""
    lines = ["| rows | steps | fit, s | training loop, s | loop, µs/row | peak MiB | bytes per "
             "further row |", "| --- " * 7 + "|"]  # fmt: skip
    for point in curve["points"]:
        loop, n = point["seconds_of_loop"], point["rows"]
        lines.append(
            f"| {n:,} | {point['steps']:,} | {point['seconds']:.2f} | {loop:.2f} "
            f"| {1e6 * loop / n:.0f} | {shown(point['memory'], '.0f', 2**20)} "
            f"| {shown(point['bytes_per_row'], ',.0f')} |"
        )
    slopes = {name: shown(value, ".2f") for name, value in curve["slopes"].items()}
    lines += ["", f"Slopes from {_LEAST_ROWS_OF_SLOPE:,} rows on: training loop "
              f"{slopes['seconds_of_loop']}, whole fit {slopes['seconds']}, memory "
              f"{slopes['memory']}."]  # fmt: skip
    return "\n".join(lines)


# ------------------------------------------------------------------ classes, latent_dim, t


def fixed_table(n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Make Gaussian classes of equal frequency."""
    rng = np.random.default_rng(_SEED)
    y = np.arange(_FIXED_ROWS) % n_classes
    means = rng.standard_normal((n_classes, _FIXED_COLUMNS), dtype=np.float32)
    return rng.standard_normal((_FIXED_ROWS, _FIXED_COLUMNS), dtype=np.float32) + means[y], y


def measure_setting(options: dict[str, Any]) -> dict[str, Any]:
    """Time the steps of a short run, at one value of one setting."""
    curve, value = options["curve"], options["value"]
    X, y = fixed_table(value if curve == "classes" else _FIXED_CLASSES)
    names = {"latent": "latent_dim", "mixture": "mixture_size"}
    settings = {names[curve]: value} if curve in names else {}
    # A run as short as this one validates after every step, and no hook parts the two.
    settings |= {"max_steps": _STEPS, "validation_fraction": 0}
    model, clock, taken = watched_fit(X, y, **settings)
    phases = len(model.method_.settings.schedule)
    seconds = seconds_per_step(clock.steps, phases)
    return {**options, "seconds_per_step": seconds, "steps_per_second": 1 / seconds, **taken}


def seconds_per_step(ends: list[float], phases: int) -> float:
    """Return the median time of a step in each phase of the schedule, and their mean.

    Phases differ several times over, and a run goes through them in turn: a median over all steps
    would be that of the commonest phase.
    """
    gaps = np.diff(ends)[_STEPS_NOT_COUNTED - 1 :]
    return mean(float(np.median(gaps[phase::phases])) for phase in range(phases))


def setting_points(curve: str) -> Iterator[dict[str, Any]]:
    """Measure one curve."""
    for value in VALUES[curve]:
        yield in_child(__file__, {"curve": curve, "value": value})


def setting_curve(points: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the points together with their slopes."""
    measured = ("seconds_per_step", "memory")
    return {"points": points, "slopes": {name: slope(points, "value", name) for name in measured}}


def setting_table(name: str, curve: dict[str, Any]) -> str:
    """Lay a curve out as Markdown."""
    lines = [f"| {CURVES[name]} | steps/s | ms/step | peak MiB |", "| --- " * 4 + "|"]
    lines += [
        f"| {point['value']} | {point['steps_per_second']:.1f} "
        f"| {1e3 * point['seconds_per_step']:.1f} | {shown(point['memory'], '.0f', 2**20)} |"
        for point in curve["points"]
    ]
    slopes = {name: shown(value, ".2f") for name, value in curve["slopes"].items()}
    return "\n".join([
        *lines,
        "",
        f"Slopes: time of a step {slopes['seconds_per_step']}, memory {slopes['memory']}.",
    ])  # fmt: skip


# ------------------------------------------------------------------ both sorts of curve


def slope(points: list[dict[str, Any]], x: str, y: str) -> float | None:
    """Fit the slope of log ``y`` against log ``x``; None where ``y`` is unknown or known once."""
    if len(points) < 2 or any(point[y] is None for point in points):
        return None
    logs = [np.log([point[name] for point in points]) for name in (x, y)]
    return float(np.polyfit(logs[0], logs[1], 1)[0])


def shown(value: float | None, form: str, unit: float = 1) -> str:
    return "–" if value is None else format(value / unit, form)


def measure(options: dict[str, Any]) -> dict[str, Any]:
    """Measure one point."""
    return measure_rows(options) if options["curve"] == "rows" else measure_setting(options)


def points_of(name: str, largest: int) -> Iterator[dict[str, Any]]:
    """Measure one curve."""
    return row_points(largest) if name == "rows" else setting_points(name)


def curve_of(name: str, points: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the points of one curve together with its slopes."""
    return row_curve(points) if name == "rows" else setting_curve(points)


def table(name: str, curve: dict[str, Any]) -> str:
    """Lay one curve out as Markdown."""
    return row_table(curve) if name == "rows" else setting_table(name, curve)


# ------------------------------------------------------------------ drawing


def plot(curves: dict[str, Any]) -> Figure:
    """Draw every curve on logarithmic axes: time in blue on the left, memory in orange."""
    columns = min(2, len(curves))
    rows = math.ceil(len(curves) / columns)
    figure = Figure(figsize=(10, 3.7 * rows), dpi=120, layout="constrained")
    for place, (name, curve) in enumerate(curves.items(), start=1):
        times = figure.add_subplot(rows, columns, place)
        memory = times.twinx()
        if name == "rows":
            draw_rows(times, memory, curve["points"])
        else:
            draw_steps(times, memory, curve["points"])
        finish(times, memory, name)
    return figure


def draw_rows(times: Axes, memory: Axes, points: list[dict[str, Any]]) -> None:
    n = [point["rows"] for point in points]
    whole = [point["seconds"] for point in points]
    loop = [point["seconds_of_loop"] for point in points]
    times.plot(n, whole, "o-", color=BLUE, label="time, whole fit")
    times.plot(n, loop, "s--", color=BLUE, mfc="white", label="time, training loop")
    line = [whole[-1] * size / n[-1] for size in n]
    times.plot(n, line, ":", color=GREY, label="in proportion to rows")
    draw_memory(memory, n, points)
    times.set_ylabel("time of one epoch (s)")


def draw_steps(times: Axes, memory: Axes, points: list[dict[str, Any]]) -> None:
    values = [point["value"] for point in points]
    seconds = [1e3 * point["seconds_per_step"] for point in points]
    times.plot(values, seconds, "o-", color=BLUE, label="time")
    draw_memory(memory, values, points)
    times.set_ylabel("time of one step (ms)")


def draw_memory(memory: Axes, x: list[int], points: list[dict[str, Any]]) -> None:
    known = [point["memory"] / 2**20 for point in points if point["memory"] is not None]
    if known:
        memory.plot(x, known, "o-", color=ORANGE, label="memory")


def finish(times: Axes, memory: Axes, name: str) -> None:
    drawn = {panel: colour for panel, colour in ((times, BLUE), (memory, ORANGE))
             if panel.get_lines()}  # fmt: skip
    memory.yaxis.set_visible(memory in drawn)
    times.set_xscale("log", base=10 if name == "rows" else 2)
    for panel, colour in drawn.items():
        panel.set_yscale("log")
        panel.tick_params(axis="y", labelsize=9, colors=colour)
        panel.yaxis.label.set_color(colour)
    # As many decades on both sides, so that equal slopes look equal.
    limits = [panel.get_ylim() for panel in drawn]
    span = max(10, *(high / low for low, high in limits))
    for panel, (low, _) in zip(drawn, limits, strict=True):
        # Memory begins higher up, because two flat curves would hide each other.
        bottom = low / span**0.2 if panel is memory else low
        panel.set_ylim(bottom, bottom * span**1.3)
        plain_ticks(panel.yaxis)
    if name != "rows":
        times.set_xticks(VALUES[name], [str(value) for value in VALUES[name]])
        times.xaxis.set_minor_locator(NullLocator())
    times.set_xlabel(CURVES[name])
    memory.set_ylabel("peak memory (MiB)")
    times.grid(alpha=0.3)
    lines = times.get_lines() + memory.get_lines()
    # The later of the two axes hides what is on the earlier one.
    memory.legend(lines, [str(line.get_label()) for line in lines], fontsize=8, loc="upper left")


def plain_ticks(axis: Axis) -> None:
    """Label 1, 2 and 5 times the powers of ten with numbers as they are written."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 1000 else (1,)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(
        FuncFormatter(lambda value, place: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--curves", nargs="+", default=list(CURVES), choices=list(CURVES))
    parser.add_argument("--largest", type=int, default=10**7, help="rows of the largest table")
    parser.add_argument("--out", type=Path, default=Path("results/growth.json"))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.child:
        print(json.dumps(measure(json.loads(options.child))))
        return
    curves = {}
    for name in options.curves:
        points = []
        for point in points_of(name, options.largest):
            points.append(point)
            print(json.dumps(point), flush=True)
        curves[name] = curve_of(name, points)
    write(options.out, {"curves": curves})
    plot(curves).savefig(options.out.with_suffix(".png"))
    for name, curve in curves.items():
        print(f"\n{table(name, curve)}")


if __name__ == "__main__":
    main()
