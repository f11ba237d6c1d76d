"""How fast the authors' code is, and how fast ``preset="reference"`` is beside it.

    git clone https://github.com/arnabkmondal/OversamplingRAE theirs
    python3.11 -m venv tf
    tf/bin/pip install tensorflow-cpu==2.15.1 tensorflow-addons==0.23.0 tqdm scikit-learn matplotlib
    python benchmarks/authors.py --code theirs/code --python tf/bin/python
    python benchmarks/authors.py --code theirs/code --python tf/bin/python --seconds 900

Both train on the same long-tailed MNIST, 64 pairs in a batch, four steps of decoder and critic to
one of encoder, classifier and mixer. Theirs and ours take turns twice, so that a drift of the
machine shows. Their program runs as it is, twice: the difference of a longer and a shorter run,
by the steps between, is the time of a step without start-up, tracing and evaluation. Ours is the
mean over as many steps, after a first cycle.

Images are the real ones that a step draws. Theirs draws 128 for the decoder and 128 for each of
five critic steps, or 128 to classify: 640 in the mean. Ours moves every network as often and takes
the first of the five critic steps on the decoder's batch: 537.6. Both ratios are given, of steps
and of images. What the machine could reach is our operations at the rate of its largest product in
that precision, measured in the same process.

With ``--seconds``, their program then trains for that long from its start, and its own ACSA on the
balanced test part is reported. Writes results/authors.json.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring import Counter, ceilings, in_child, write
from speed import Clock

from osrae.benchmark.machine import peak_memory
from osrae.data.description import ImageDescription
from osrae.data.samples import Samples
from osrae.datasets import load_split
from osrae.methods.presets import PRESETS, preset_settings
from osrae.methods.rae import RAE
from osrae.training.batches import TrainingData
from osrae.training.callbacks import Callback
from osrae.training.device import place, resolve_precision
from osrae.training.engine import RunSettings, train

_SCRIPT, _DATA = "osrae.py", "../imb_data/mnist.npz"
_ROUNDS = 2
_PRECISIONS = ("float32", "auto")
_CYCLE = 5
#: Their step 0 is one of the decoder, too; the first two to classify are 5 and 10.
_WARM_UP = 2 * _CYCLE + 1
#: Real images of their cycle's steps: a batch for the decoder and five for the critic, or one.
_THEIR_IMAGES = 2 * 64 * np.array([6, 6, 6, 6, 1])
#: Their program evaluates at step 0 and then this often in a run of given length.
_EVALUATIONS = 4
_REPORTED = re.compile(r"Step: (\d+), .*ACSA: ([\d.]+)")


@dataclass(frozen=True)
class Theirs:
    """The authors' program: where it lies, and the interpreter that has what it imports."""

    code: Path
    python: Path

    @property
    def data(self) -> Path:
        """The file that it reads."""
        return (self.code / _DATA).resolve()

    def write_data(self) -> None:
        """Write what their ``dataset_creation.py`` writes, from our split, unless it is there."""
        if self.data.exists():
            return
        split = load_split("mnist", None, 0)
        self.data.parent.mkdir(exist_ok=True)
        np.savez(
            self.data,
            trainS=split.X_train[..., None].astype(np.float64),
            trainL=split.y_train.astype(np.float64),
            testS=split.X_test_balanced[..., None].astype(np.float64),
            testL=split.y_test_balanced.astype(np.float64),
        )

    def version(self) -> str:
        """Return TensorFlow's version."""
        command = [str(self.python), "-c", "import tensorflow; print(tensorflow.__version__)"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def run(self, steps: int, evaluate_every: int, limit: float = math.inf) -> dict[str, Any]:
        """Train for some steps, or until ``limit`` seconds have passed.

        Returns
        -------
        dict
            ``seconds`` of the whole process, and ``evaluations``, its own: ``step``, ``acsa`` and
            the ``seconds`` from the start until it was printed.
        """
        options = {"dataset": "mnist", "training_steps": steps, "save_interval": steps,
                   "plot_interval": 10 * evaluate_every}  # fmt: skip
        command = [str(self.python), "-u", _SCRIPT]
        command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
        with tempfile.TemporaryDirectory() as modules, tempfile.TemporaryFile("w+") as errors:
            # It imports this large package and does not use it.
            (Path(modules) / "tensorflow_datasets.py").touch()
            started = time.perf_counter()
            process = subprocess.Popen(
                command,
                cwd=self.code,
                env={**os.environ, "PYTHONPATH": modules},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            evaluations, killed = _watch(process, started, limit)
            seconds = time.perf_counter() - started
            if process.returncode and not killed:
                errors.seek(0)
                raise RuntimeError(f"{' '.join(command)}: {errors.read().strip()[-2000:]}")
        return {"seconds": seconds, "evaluations": evaluations}


def _watch(
    process: subprocess.Popen[str], started: float, limit: float
) -> tuple[list[dict[str, Any]], bool]:
    """Note each evaluation as it is printed; kill the process when its time is over."""
    evaluations, over = [], threading.Event()

    def kill() -> None:
        over.set()
        process.kill()

    timer = threading.Timer(min(limit, threading.TIMEOUT_MAX), kill)
    timer.start()
    try:
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                if found := _REPORTED.search(line):
                    seconds = time.perf_counter() - started
                    step, acsa = int(found[1]), float(found[2])
                    evaluations.append({"step": step, "acsa": acsa, "seconds": seconds})
    finally:
        timer.cancel()
    return evaluations, over.is_set()


def measure_theirs(theirs: Theirs, steps: int) -> dict[str, Any]:
    """Time a step of theirs."""
    total = _WARM_UP + steps
    # They evaluate at multiples, so both runs do it at step 0 only.
    short, long = (theirs.run(count, total)["seconds"] for count in (_WARM_UP, total))
    seconds = (long - short) / steps
    return {
        "code": "theirs",
        "precision": "float32",
        "seconds_per_step": seconds,
        "images_per_step": float(_THEIR_IMAGES.mean()),
        "seconds_of_runs": [short, long],
        "start_up_seconds": short - _WARM_UP * seconds,
    }


def measure_ours(options: dict[str, Any]) -> dict[str, Any]:
    """Time a step of ours, on the arrays that their program reads."""
    with np.load(options["data"]) as arrays:
        x, y = arrays["trainS"], arrays["trainL"]
    pictures = torch.from_numpy(x.astype(np.uint8)).movedim(3, 1).contiguous()
    data = TrainingData(Samples(pictures), torch.from_numpy(y.astype(np.int64)))
    height, width, channels = x.shape[1:]
    described = ImageDescription(height=height, width=width, channels=channels)
    settings = preset_settings(PRESETS, "reference", described, {})
    cycle, device = len(settings.schedule), torch.device("cpu")
    if cycle != _CYCLE:
        raise ValueError(f"The preset's cycle has {cycle} steps, and theirs has {_CYCLE}.")
    precision = resolve_precision(options["precision"], device, described)
    method = RAE(described, torch.bincount(data.y), settings)
    method.precision = precision
    place(method, device, torch.float32)
    # Theirs augments every picture and then chooses; ours saves the work while nothing would be
    # chosen, as in the first steps of a run. A probability above 0 makes it do what they do.
    method.adaptive.probability.fill_(0.5)

    def run(steps: int, callback: Callback) -> None:
        train(method, data, None, RunSettings(steps, steps, 0), [callback])

    clock = Clock("cpu", math.inf)
    run(cycle + options["steps"], clock)
    memory = peak_memory()
    limits = ceilings(precision)
    with Counter() as counter:
        run(cycle, Callback())
    draws = [settings.critic_steps if "critic" in settings.terms(step) else 1
             for step in range(cycle)]  # fmt: skip
    operations = counter.operations / cycle
    return {
        "code": "ours",
        "precision": str(precision).removeprefix("torch."),
        "asked_for": options["precision"],
        "seconds_per_step": (clock.ends[-1] - clock.ends[cycle - 1]) / options["steps"],
        "images_per_step": settings.batch_size * settings.mixture_size * sum(draws) / cycle,
        "operations_per_step": operations,
        "limit": limits,
        "least_seconds_per_step": operations / limits["operations_per_second"],
        "peak_memory": memory,
    }


def compare(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """Add to a measurement of ours how it stands to theirs, and how it could at best."""
    seconds = theirs["seconds_per_step"]
    steps = seconds / ours["seconds_per_step"]
    return {
        **ours,
        "times_their_steps_per_second": steps,
        "times_their_images_per_second": steps
        * ours["images_per_step"]
        / theirs["images_per_step"],
        "most_times_their_steps_per_second": seconds / ours["least_seconds_per_step"],
    }


def measure_round(theirs: Theirs, steps: int) -> list[dict[str, Any]]:
    """Measure theirs, then ours in each precision."""
    base = measure_theirs(theirs, steps)
    chosen = {"data": str(theirs.data), "steps": steps}
    ours = [in_child(__file__, {**chosen, "precision": name}) for name in _PRECISIONS]
    return [base] + [compare(base, row) for row in ours]


def accuracy(theirs: Theirs, measured: dict[str, Any], limit: float) -> dict[str, Any]:
    """Let theirs train for ``limit`` seconds, and return its latest evaluation and those before.

    It evaluates at every n-th step; n is chosen so that the last time is a little before the end.
    """
    left = 0.95 * (limit - measured["start_up_seconds"])
    every = int(left / measured["seconds_per_step"] / _EVALUATIONS)
    if every < 1:
        raise ValueError(f"--seconds {limit:g}: too few, they are over before a first evaluation.")
    evaluations = theirs.run(_EVALUATIONS * every + 1, every, limit)["evaluations"]
    if not evaluations:
        raise RuntimeError(f"The authors' program reported no ACSA within {limit:g} seconds.")
    return {"limit": limit, **evaluations[-1], "evaluations": evaluations}


def table(rows: list[dict[str, Any]]) -> str:
    """Lay the results out as Markdown."""
    lines = [
        "| round | code | precision | s/step | images/step | images/s | × their steps/s "
        "| × their images/s | Gop/step | limit, Gop/s | × their steps/s at the limit |",
        "| --- " * 11 + "|",
    ]
    for row in rows:
        seconds, images = row["seconds_per_step"], row["images_per_step"]
        line = (
            f"| {row['round']} | {row['code']} | {row['precision']} | {seconds:.3f} "
            f"| {images:.1f} | {images / seconds:.0f} "
        )
        if row["code"] == "ours":
            line += (
                f"| {row['times_their_steps_per_second']:.1f} "
                f"| {row['times_their_images_per_second']:.1f} "
                f"| {row['operations_per_step'] / 1e9:.1f} "
                f"| {row['limit']['operations_per_second'] / 1e9:.0f} "
                f"| {row['most_times_their_steps_per_second']:.1f} |"
            )
        else:
            line += "| 1 | 1 | | | |"
        lines.append(line)
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--code", type=Path, help=f"the folder of their {_SCRIPT}")
    parser.add_argument("--python", type=Path, help="an interpreter that has TensorFlow")
    parser.add_argument("--steps", type=int, default=20, help="whole cycles of 5 (default 20)")
    parser.add_argument("--seconds", type=float, help="train theirs for so long, too")
    parser.add_argument("--out", type=Path, default=Path("results/authors.json"))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return options
    if options.code is None or options.python is None:
        parser.error("--code and --python are needed: the authors' program and what runs it.")
    if options.steps < 1 or options.steps % _CYCLE:
        parser.error(f"--steps {options.steps}: steps differ, so give a multiple of {_CYCLE}.")
    return options


def main() -> None:
    options = arguments()
    if options.child:
        print(json.dumps(measure_ours(json.loads(options.child))))
        return
    # Not resolve(): the interpreter of a virtual environment is a link out of it.
    theirs = Theirs(options.code.absolute(), options.python.absolute())
    theirs.write_data()
    rows: list[dict[str, Any]] = []
    for number in range(1, _ROUNDS + 1):
        rows += [{"round": number, **row} for row in measure_round(theirs, options.steps)]
        print("\n".join(table(rows).splitlines()[-3:]), flush=True)
    result = {"steps": options.steps, "tensorflow": theirs.version(), "rows": rows}
    write(options.out, result)
    print(table(rows))
    if options.seconds:
        latest = next(row for row in reversed(rows) if row["code"] == "theirs")
        result["accuracy"] = reached = accuracy(theirs, latest, options.seconds)
        write(options.out, result)
        print(
            f"\nTheirs, {reached['seconds']:.0f} s after its start, at step {reached['step']}: "
            f"ACSA {100 * reached['acsa']:.2f} % on the balanced test part."
        )


if __name__ == "__main__":
    main()
