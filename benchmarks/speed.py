"""How fast the training step is, and how close that comes to what the machine can do.

    python benchmarks/speed.py
    python benchmarks/speed.py --kinds 28x28x1 --presets reference --batches 64 1024 --device cuda

For each kind of data, preset and batch size: steps and samples per second of the full step (all
networks move) and of its phases, operations counted and bytes moved, the machine's own limit
measured in the same process, and the ratio of both. Each is measured in a process of its own, whose
peak memory is given. Writes results/speed.json and results/speed.png.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from measuring import Counter, ceilings, in_child, synchronise, write

from osrae.benchmark.machine import peak_memory
from osrae.data.description import DataDescription, ImageDescription, TableDescription
from osrae.data.samples import Samples
from osrae.methods.presets import PRESETS, preset_settings
from osrae.methods.rae import RAE
from osrae.training.batches import TrainingData
from osrae.training.callbacks import Callback, TrainingState
from osrae.training.device import place
from osrae.training.engine import RunSettings, train

KINDS = ("28x28x1", "32x32x3", "64x64x3", "10", "100", "1000")
_CLASSES, _SAMPLES = 10, 5000
_SECONDS = 4.0


class Clock(Callback):
    """Notes when each step ended, and stops after a while."""

    def __init__(self, device: str, seconds: float) -> None:
        self.device, self.seconds = device, seconds
        self.ends: list[float] = []

    def on_step(self, state: TrainingState) -> None:
        """Stop once enough is known."""
        synchronise(self.device)
        self.ends.append(time.perf_counter())
        state.stop = len(self.ends) > 3 and self.ends[-1] - self.ends[1] > self.seconds


def description(kind: str) -> DataDescription:
    """Describe data by HEIGHTxWIDTHxCHANNELS, or by a number of columns."""
    sizes = [int(size) for size in kind.split("x")]
    if len(sizes) == 1:
        return TableDescription(sizes[0])
    return ImageDescription(channels=sizes[2], height=sizes[0], width=sizes[1])


def samples(kind: str) -> TrainingData:
    """Make data of a kind: how fast a step is does not depend on what they show."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(_SAMPLES) % _CLASSES
    sizes = [int(size) for size in kind.split("x")]
    if len(sizes) == 1:
        return TrainingData(Samples(torch.randn(_SAMPLES, sizes[0], generator=generator)), y)
    shape = (_SAMPLES, sizes[2], sizes[0], sizes[1])
    x = torch.randint(256, shape, dtype=torch.uint8, generator=generator)
    return TrainingData(Samples(x), y)


def measure(options: dict[str, Any]) -> dict[str, Any]:
    """Time one kind of step."""
    device, precision = options["device"], getattr(torch, options["precision"])
    data, described = samples(options["kind"]), description(options["kind"])
    overrides = {"schedule": (options["phase"],), "batch_size": options["batch"]}
    settings = preset_settings(PRESETS, options["preset"], described, overrides)
    method = RAE(described, torch.bincount(data.y), settings)
    method.precision = precision
    place(method, torch.device(device), torch.float32)
    # Adaptive augmentation does nothing at first; measured is what a run does most of its time.
    method.adaptive.probability.fill_(0.5)

    def run(steps: int, callback: Callback) -> None:
        settings = RunSettings(steps, evaluate_every=steps + 1, seed=0)
        train(method, data, None, settings, [callback])

    clock = Clock(device, _SECONDS)
    run(100_000, clock)
    # Before the limits are measured, whose matrices take more than many a step.
    memory = torch.cuda.max_memory_allocated() if device.startswith("cuda") else peak_memory()
    limits = ceilings(precision, device)
    gaps = torch.tensor(clock.ends, dtype=torch.float64).diff()[1:]
    seconds = float(gaps.median())
    with Counter() as counter:
        run(1, Callback())
    rate = counter.operations / seconds
    return {
        **options,
        "seconds_per_step": seconds,
        "steps_per_second": 1 / seconds,
        "samples_per_second": options["batch"] * settings.mixture_size / seconds,
        "operations": counter.operations,
        "bytes": counter.bytes,
        "operations_per_second": rate,
        "limit": limits,
        "fraction_of_the_limit": rate / limits["operations_per_second"],
        "peak_memory": memory,
    }


def plan(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """List what is measured: the full step at every batch size, its parts at the preset's own."""
    for kind in options.kinds:
        # Tables are trained in float32: their products are too small for less.
        precisions = options.precisions if "x" in kind else ["float32"]
        for preset, precision in product(options.presets, precisions):
            base = {"kind": kind, "preset": preset, "precision": precision}
            own = preset_settings(PRESETS, preset, description(kind), {})
            for batch in options.batches:
                yield {**base, "batch": batch, "phase": "joint"}
            for phase in dict.fromkeys(own.schedule):
                if phase != "joint":
                    yield {**base, "batch": own.batch_size, "phase": phase}


def table(rows: list[dict[str, Any]]) -> str:
    """Lay the results out as Markdown."""
    lines = [
        "| data | preset | batch | phase | precision | ms/step | samples/s | Gop | GB | Gop/s | of "
        "the limit | peak MiB |",
        "| --- " * 12 + "|",
    ]
    for row in rows:
        lines.append(
            f"| {row['kind']} | {row['preset']} | {row['batch']} | {row['phase']} "
            f"| {row['precision']} | {1e3 * row['seconds_per_step']:.1f} "
            f"| {row['samples_per_second']:.0f} | {row['operations'] / 1e9:.2f} "
            f"| {row['bytes'] / 1e9:.2f} | {row['operations_per_second'] / 1e9:.0f} "
            f"| {100 * row['fraction_of_the_limit']:.0f} % | {row['peak_memory'] / 2**20:.0f} |"
        )
    return "\n".join(lines)


def plot(rows: list[dict[str, Any]]) -> Figure:
    """Draw how much of the machine's limit each step reaches."""
    labels = [f"{r['kind']}, {r['preset']}, {r['batch']}, {r['phase']}, {r['precision']}"
              for r in rows]  # fmt: skip
    figure = Figure(figsize=(8, 0.24 * len(rows) + 1), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    shares = [100 * row["fraction_of_the_limit"] for row in rows]
    bars = axes.barh(labels, shares, color="#1f5fa8")
    axes.bar_label(bars, fmt="%.0f", fontsize=7, padding=2)
    axes.invert_yaxis()
    axes.tick_params(labelsize=7)
    axes.set_xlabel("operations per second, in % of the largest product's", fontsize=8)
    return figure


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="+", default=KINDS)
    parser.add_argument("--presets", nargs="+", default=["default", "reference"])
    parser.add_argument("--batches", nargs="+", type=int, default=[16, 64])
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=Path("results/speed.json"))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.child:
        print(json.dumps(measure(json.loads(options.child))))
        return
    rows = []
    for chosen in plan(options):
        rows.append(in_child(__file__, {**chosen, "device": options.device}))
        print(table(rows[-1:]).splitlines()[-1], flush=True)
    write(options.out, {"rows": rows})
    plot(rows).savefig(options.out.with_suffix(".png"))
    print(table(rows))


if __name__ == "__main__":
    main()
