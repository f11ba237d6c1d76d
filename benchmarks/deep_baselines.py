"""How fast the paper's deep baselines are, and DeepSMOTE beside its authors' code.

    python benchmarks/deep_baselines.py
    python benchmarks/deep_baselines.py --methods GAMO DGC --presets original --steps 5
    git clone https://github.com/dd1github/DeepSMOTE theirs
    python benchmarks/deep_baselines.py --deepsmote theirs --methods

For DeepSMOTE, BAGAN, GAMO, GAMO2PIX and DGC, in both presets and precisions: the time of a step in
each stage of training, named by the losses that it has, and of a new sample, on 2,000 pictures of
28 × 28 in ten classes about as unequal as MNIST's in the article. A stage is entered where a full
run would enter it. GAMO makes no pictures: its samples are points among features. What a method
computes once after training is given by itself. (The batch that is printed is that of most steps:
DGC's warm-up takes 1,000 rows.) Each is measured in a process of its own.

With ``--deepsmote``, the authors' two scripts run unchanged but for paths, the number of epochs
(one) and of generated samples; the clock is set beside them, at every step of their optimizers and
at reading and writing of files. Both sides see the same pictures, in batches of 100. They take
turns, so that other work on the machine touches both alike. A new sample's time includes encoding
the training pictures, on both sides. Writes results/deep_baselines.json.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
import torch
from measuring import in_child, synchronise, write

from osrae import BAGAN, GAMO2PIX, DeepSMOTE, DGCClassifier, GAMOClassifier
from osrae.benchmark.machine import peak_memory
from osrae.data.description import ImageDescription
from osrae.data.samples import Samples
from osrae.methods.settings import resolve
from osrae.networks.layers import set_generator
from osrae.training.batches import Source, TrainingData
from osrae.training.device import autocast, place
from osrae.training.engine import EVALUATION_ROWS
from osrae.training.seeding import fresh_generator

METHODS: dict[str, Any] = {
    "DeepSMOTE": DeepSMOTE,
    "BAGAN": BAGAN,
    "GAMO": GAMOClassifier,
    "GAMO2PIX": GAMO2PIX,
    "DGC": DGCClassifier,
}
PRECISIONS = ("float32", "bfloat16")
_SIDE, _CLASSES = 28, 10
#: MNIST's in the article.
_SHARES = np.array([4000, 2000, 1000, 750, 500, 350, 200, 100, 60, 40]) / 9000
_ROWS, _LEAST = 2000, 32
#: Batch and smallest class that the authors' DeepSMOTE needs.
_THEIR_BATCH, _THEIR_LEAST = 100, 6
#: Steps at the beginning of a stage that are not counted.
_WARM_UP = 3
#: Seconds after which a stage is left, at the latest.
_SECONDS = 60.0


def pictures(rows: int, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Make pictures in [0, 1] of soft spots, placed by class, and their class numbers."""
    counts = np.maximum(least, np.round(_SHARES * rows)).astype(int)
    counts[0] += rows - counts.sum()
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(_CLASSES), counts)
    centre = _SIDE / 2 + 7 * np.stack([np.cos(y), np.sin(y)], 1) + rng.normal(size=(rows, 2))
    grid = np.mgrid[:_SIDE, :_SIDE]
    distance = ((grid[None] - centre[:, :, None, None]) ** 2).sum(1)
    return np.exp(-distance / 20).astype(np.float32), y


# ---------------------------------------------------------------- ours


def measure_ours(options: dict[str, Any]) -> dict[str, Any]:
    """Time the steps and new samples of one variant of a method."""
    x, y = pictures(options["rows"], options["least"])
    data = TrainingData(Samples(torch.from_numpy(x)[:, None]), torch.from_numpy(y))
    estimator, device = METHODS[options["method"]], torch.device(options["device"])
    described = ImageDescription(height=_SIDE, width=_SIDE, channels=1)
    settings = resolve(estimator._presets, options["preset"], described, {})
    torch.manual_seed(0)
    method = estimator._method(described, torch.bincount(data.y), settings)
    place(method, device, torch.float32)
    method.precision = getattr(torch, options["precision"])
    method.prepare(data)
    method.train()
    length = method.settings.resolve_steps(len(data))
    source = Source(data, _CLASSES, length, 0, device)
    set_generator(method, source.generator)
    firsts = beginnings(options["method"], method, source)
    stages = [time_stage(method, source, first, options["steps"]) for first in firsts]
    return {
        **options,
        "batch_size": method.settings.batch_size,
        "stages": stages,
        **time_samples(options["method"], method, data, options["new"]),
        "peak_memory": torch.cuda.max_memory_allocated()
        if device.type == "cuda"
        else peak_memory(),
    }


def beginnings(name: str, method: Any, source: Source) -> Iterator[int]:
    """Give the steps that the stages of a run begin with."""
    yield 0
    settings, n = method.settings, len(source.data)
    if name == "BAGAN":
        yield (source.max_steps + 1) // 2
    if name == "DGC":
        yield int(method.n_warm_up)
    if name.startswith("GAMO") and settings.update_features == "frozen_head":
        yield settings.steps_of(1, n)
    if name == "GAMO2PIX":
        yield settings.stages(n)[0]


def time_stage(method: Any, source: Source, first: int, steps: int) -> dict[str, Any]:
    """Time steps from number ``first`` on, as long as they have its losses and time is left."""
    kind, times = "", []
    for step in range(first, first + _WARM_UP + steps):
        started = time.perf_counter()
        source.begin(step)
        losses = method.training_step(source)
        torch.stack([loss.detach().float() for loss in losses.values()]).tolist()
        kind = kind or ", ".join(losses)
        if ", ".join(losses) != kind:
            break
        times.append(time.perf_counter() - started)
        if sum(times[_WARM_UP:]) > _SECONDS:
            break
    # A warm-up of DGC may end before any step counts.
    times = times[_WARM_UP:] or times[-1:]
    return {
        "losses": kind,
        "steps": len(times),
        "seconds_per_step": median(times),
        "seconds_per_step_least": min(times),
    }


@torch.inference_mode()
def time_samples(name: str, method: Any, data: TrainingData, new: int) -> dict[str, Any]:
    """Time what follows training, and making ``new`` samples of each class but the largest."""
    method.eval()
    device = method.device
    started = time.perf_counter()
    method.conclude(data)
    synchronise(device.type)
    concluded = time.perf_counter()
    codes = torch.arange(1, _CLASSES, device=device).repeat_interleave(new)
    generator = fresh_generator(0, "sampling", device=device)
    make = method.generate_features if name == "GAMO" else method.generate
    with autocast(device, method.precision):
        for block in codes.split(EVALUATION_ROWS):
            make(block, generator).cpu()
    seconds = time.perf_counter() - concluded
    return {
        "new_samples": len(codes),
        "seconds_to_conclude": concluded - started,
        "seconds_per_new_sample": seconds / len(codes),
    }


# ---------------------------------------------------------------- the authors' DeepSMOTE


class Clock:
    """Seconds at which something happened."""

    def __init__(self) -> None:
        self.ticks: list[float] = []

    def after(self, work: Callable[..., Any], every: int = 1) -> Callable[..., Any]:
        """Wrap a function: each of its calls, or every second, …, is noted when it has ended."""
        calls = 0

        def wrapped(*args: Any, **options: Any) -> Any:
            nonlocal calls
            result = work(*args, **options)
            calls += 1
            if calls % every == 0:
                self.ticks.append(time.perf_counter())
            return result

        return wrapped


def measure_authors(options: dict[str, Any]) -> dict[str, Any]:
    """Train and generate by the authors' scripts."""
    x, y = pictures(options["rows"], options["least"])
    clone, new = Path(options["clone"]), options["new"]
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "MNIST"
        for part in ("trn_img", "trn_lab", "trn_img_f", "trn_lab_f", "models/crs5/0"):
            (home / part).mkdir(parents=True)
        np.savetxt(home / "trn_img/0_trn_img.txt", 2 * x.reshape(len(x), -1) - 1)
        np.savetxt(home / "trn_lab/0_trn_lab.txt", y)
        times = authors_training(clone, home)[_WARM_UP:]
        seconds = authors_generation(clone, home, new)
    return {
        **options,
        "seconds_per_step": median(times),
        "seconds_per_step_least": min(times),
        "seconds_per_new_sample": seconds,
    }


def authors_training(clone: Path, home: Path) -> list[float]:
    """Run their training script for an epoch; seconds of each step."""
    script, clock = clone / "DeepSMOTE_MNIST.py", Clock()
    text = replaced(script.read_text(), "args['epochs'] = 200", "args['epochs'] = 1")
    # A step ends with the encoder's optimizer and then the decoder's.
    step = clock.after(torch.optim.Adam.step, every=2)
    with mock.patch.object(torch.optim.Adam, "step", lambda *args, **kw: step(*args, **kw)):
        run(with_paths(text, home), script)
    return np.diff(clock.ticks).tolist()


def authors_generation(clone: Path, home: Path, new: int) -> float:
    """Run their generating script on the trained model; seconds per new sample."""
    script, loaded, saving = clone / "GenerateSamples.py", Clock(), Clock()
    text = replaced(script.read_text(), "range(5)", "range(1)")
    counts = "[4000, 2000, 1000, 750, 500, 350, 200, 100, 60, 40]"
    # As many of each class as it has fewer than the first.
    text = replaced(text, f"\n    imbal = {counts}", f"\n    imbal = {[new] + [0] * 9}")
    with (
        mock.patch.object(np, "loadtxt", loaded.after(np.loadtxt)),
        mock.patch.object(np, "savetxt", saving.after(lambda *_: None)),
    ):
        run(with_paths(text, home), script)
    return (saving.ticks[0] - loaded.ticks[-1]) / (new * (_CLASSES - 1))


def with_paths(text: str, home: Path) -> str:
    """Put the folder of the data in the place of the paths that the scripts leave open."""
    for name in ("img", "lab"):
        text = text.replace(f".../0_trn_{name}.txt", f"{home}/trn_{name}")
    return text.replace("'.../MNIST", f"'{home}")


def replaced(text: str, old: str, new: str) -> str:
    """Replace what must be there."""
    if old not in text:
        raise RuntimeError(f"The clone is not the one this was written for: it has no {old!r}.")
    return text.replace(old, new)


def run(text: str, script: Path) -> None:
    """Run a script, without what it prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, str(script), "exec"), {"__name__": "__main__"})


def compare(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure the authors' and ours by turns."""
    shared = {"rows": _THEIR_BATCH * (options.steps + _WARM_UP + 1), "least": _THEIR_LEAST,
              "new": options.new}  # fmt: skip
    ours = {**shared, "method": "DeepSMOTE", "preset": "original", "steps": options.steps,
            "device": options.device}  # fmt: skip
    rows = []
    for number in range(1, options.rounds + 1):
        theirs = {**shared, "clone": str(options.deepsmote)}
        rows.append({"round": number, "code": "authors", "precision": "float32",
                     **in_child(__file__, theirs)})  # fmt: skip
        for precision in options.precisions:
            found = in_child(__file__, {**ours, "precision": precision})
            stage = found.pop("stages")[0]
            seconds = found["seconds_to_conclude"] / found["new_samples"]
            seconds += found["seconds_per_new_sample"]
            rows.append({"round": number, "code": "ours", **found, **stage,
                         "seconds_per_new_sample": seconds})  # fmt: skip
    return rows


# ---------------------------------------------------------------- all


def table(rows: list[dict[str, Any]]) -> str:
    """Lay the results of ours out as Markdown, a line for each stage."""
    lines = [
        "| method | preset | precision | losses of the step | batch | ms/step | least | ms/sample "
        "| once after training, s | peak MiB |",
        "| --- " * 10 + "|",
    ]
    for row in rows:
        for stage in row["stages"]:
            lines.append(
                f"| {row['method']} | {row['preset']} | {row['precision']} | {stage['losses']} "
                f"| {row['batch_size']} | {1e3 * stage['seconds_per_step']:.1f} "
                f"| {1e3 * stage['seconds_per_step_least']:.1f} "
                f"| {1e3 * row['seconds_per_new_sample']:.3f} "
                f"| {row['seconds_to_conclude']:.2f} | {row['peak_memory'] / 2**20:.0f} |"
            )
    return "\n".join(lines)


def comparison_table(rows: list[dict[str, Any]]) -> str:
    """Lay DeepSMOTE beside its authors' code out as Markdown, over all rounds."""
    lines = ["| code | precision | s/step | least | ms/sample |", "| --- " * 5 + "|"]
    for code, precision in dict.fromkeys((row["code"], row["precision"]) for row in rows):
        own = [row for row in rows if (row["code"], row["precision"]) == (code, precision)]
        lines.append(
            f"| {code} | {precision} | {median(row['seconds_per_step'] for row in own):.3f} "
            f"| {min(row['seconds_per_step_least'] for row in own):.3f} "
            f"| {1e3 * median(row['seconds_per_new_sample'] for row in own):.2f} |"
        )
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=list(METHODS))
    parser.add_argument("--presets", nargs="+", default=["default", "original"])
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--steps", type=int, default=20, help="that count, of each stage")
    parser.add_argument("--new", type=int, default=200, help="new samples of each of nine classes")
    parser.add_argument("--deepsmote", type=Path, help="a clone of dd1github/DeepSMOTE")
    parser.add_argument("--rounds", type=int, default=3, help="of the comparison with it")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=Path("results/deep_baselines.json"))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.child:
        chosen = json.loads(options.child)
        print(json.dumps((measure_authors if "clone" in chosen else measure_ours)(chosen)))
        return
    result: dict[str, list[dict[str, Any]]] = {"rows": []}
    for method, preset, precision in product(options.methods, options.presets, options.precisions):
        chosen = {"method": method, "preset": preset, "precision": precision, "rows": _ROWS,
                  "least": _LEAST, "steps": options.steps, "new": options.new,
                  "device": options.device}  # fmt: skip
        result["rows"].append(in_child(__file__, chosen))
        print("\n".join(table(result["rows"][-1:]).splitlines()[2:]), flush=True)
    if options.deepsmote:
        result["comparison"] = compare(options)
    write(options.out, result)
    if result["rows"]:
        print(table(result["rows"]))
    if options.deepsmote:
        print(comparison_table(result["comparison"]))


if __name__ == "__main__":
    main()
