"""Every method on the paper's class distributions, beside the published figures.

    python benchmarks/methods.py --data mnist fashion-mnist cifar10 optdigits --minutes 10
    python benchmarks/methods.py --table     # of the cells that are there
    python benchmarks/methods.py --figures   # samples that every generating method made

A cell trains one method on one data set for about the given minutes of all cores: steps of each
stage are timed first (in processor time, which other work on the machine changes little), and the
run is as long as the preset's or as the budget allows, whichever is shorter: on one thread it
takes the same work, for as many times as long as there are cores. A two-stage method
spends a third of it on the sampler. Nothing but the training part decides anything; the test part
is used once. One JSON line per cell goes to
``benchmarks/results/methods.jsonl``; cells that are there are skipped. Pictures of the rarer
classes that the methods made go to ``benchmarks/results/samples/``, and figures of them to
``docs/images/``. GAMO2PIX, which the article has for its pictures alone, makes nothing else here.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import measuring
import numpy as np
from method_samples import draw, save_samples
from sklearn.base import clone

from osrae import TwoStageClassifier, methods
from osrae.datasets import Split, load_split
from osrae.evaluation.classification import summary
from osrae.methods.two_stage import default_classifier
from osrae.storage import jsonable
from osrae.training.callbacks import Callback, TrainingState

METHODS = (
    "rae", "rae-equal", "deepsmote", "gamo", "gamo2pix", "bagan", "dgc", "smote", "amdo", "mc-ccr",
    "mc-rbo",
)  # fmt: skip
#: What the article's other methods have neither, and the library's default preset does have: an
#: encoder of today, augmented pictures, averaged weights. With the encoder of Table 16 and none of
#: the rest, rae stands beside them on equal terms.
_EQUAL = {"encoder": "conv", "augmentation": "none", "weight_averaging": 0.0}
#: ACSA, F1 and GM in %, balanced test set: Tables 1, 13 (tables of optical digits) and 15.
PUBLISHED = {
    "mnist": {
        "rae": (96.79, 96.78, 98.20), "deepsmote": (92.60, 92.44, 95.83),
        "gamo": (94.97, 94.90, 97.19), "bagan": (92.76, 92.62, 95.92),
        "dgc": (94.60, 94.53, 96.90), "smote": (87.98, 85.02, 89.99),
        "amdo": (88.34, 87.28, 91.03), "mc-ccr": (90.83, 91.22, 93.18),
        "mc-rbo": (91.28, 92.49, 94.62),
    },
    "fashion-mnist": {
        "rae": (84.79, 84.30, 91.30), "deepsmote": (82.78, 82.11, 90.11),
        "gamo": (83.29, 82.63, 90.41), "bagan": (79.93, 79.23, 88.40),
        "dgc": (82.34, 81.48, 89.02), "smote": (70.58, 68.06, 76.39),
        "amdo": (72.98, 71.53, 79.36), "mc-ccr": (75.78, 74.39, 81.04),
        "mc-rbo": (76.91, 75.92, 82.14),
    },
    "cifar10": {
        "rae": (57.94, 57.13, 74.31), "deepsmote": (41.51, 38.51, 62.30),
        "gamo": (45.65, 43.05, 65.49), "bagan": (43.35, 40.40, 63.73),
        "dgc": (41.39, 39.75, 60.49), "smote": (27.93, 25.10, 42.81),
        "amdo": (31.85, 30.04, 48.19), "mc-ccr": (33.48, 32.88, 51.18),
        "mc-rbo": (39.17, 40.37, 59.29),
    },
    "optdigits": {
        "rae": (98.01, 97.94, 98.01), "deepsmote": (95.61, 94.18, 95.61),
        "gamo": (98.19, 98.18, 98.19), "bagan": (93.29, 94.36, 93.29),
        "dgc": (96.65, 95.38, 96.63),
    },
}  # fmt: skip
#: Steps that are timed, after as many that are not.
_TIMED = 4
#: GAMO renews its hull in every step of a run of few: there, the first steps of a longer one count.
_LONG = 10_000
#: Share of a two-stage method's budget that the sampler gets.
_SAMPLER_SHARE = 1 / 3


class _Clock(Callback):
    """Takes the processor time of the steps after the first ones, and stops."""

    def __init__(self) -> None:
        self.started = self.seconds = 0.0

    def on_step(self, state: TrainingState) -> None:
        if state.step == _TIMED:
            self.started = time.process_time()
        self.seconds = time.process_time() - self.started
        state.stop = state.step == 2 * _TIMED


def affordable_steps(part: Any, X: Any, y: Any, n_rows: int, seconds: float) -> int | None:
    """Return the steps of a run on ``n_rows`` rows that fit into ``seconds`` of all cores.

    None if the part has no steps, or if all of its preset's fit.
    """
    if "max_steps" not in part.get_params():
        return None
    clock, length = _Clock(), _LONG if "update_features" in part.get_params() else 2 * _TIMED
    probe = clone(part).set_params(max_steps=length, callbacks=[clock])
    probe.fit_resample(X, y) if hasattr(probe, "fit_resample") else probe.fit(X, y)
    steps = max(1, int(seconds * (os.cpu_count() or 1) / (clock.seconds / _TIMED)))
    settings = part._settings(probe.codec_.description, n_rows)
    return None if settings.resolve_steps(n_rows) <= steps else steps


def classifier(name: str, seed: int, pictures: bool) -> Any:
    """Return a method as a classifier that keeps its last weights (GAMO2PIX: as a sampler)."""
    if name == "rae-equal":
        options = _EQUAL if pictures else {"weight_averaging": 0.0}
        return classifier("rae", seed, pictures).set_params(**options)
    entry = methods.get(name)
    if name == "gamo2pix":
        return entry.estimator(random_state=seed, verbose=1)
    if entry.kind == "sampler":
        second = default_classifier(random_state=seed, verbose=1)
        return TwoStageClassifier(
            sampler=entry.estimator(random_state=seed), classifier=second, random_state=seed
        )
    return entry.estimator(random_state=seed, verbose=1, validation_fraction=0.0)


def budgeted(model: Any, split: Split, seconds: float) -> Any:
    """Set the lengths of all stages so that they fit into ``seconds``, about."""
    X, y = split.X_train, split.y_train
    if not isinstance(model, TwoStageClassifier):
        return model.set_params(max_steps=affordable_steps(model, X, y, len(y), seconds))
    deep = "max_steps" in model.sampler.get_params()
    first = _SAMPLER_SHARE * seconds if deep else 0.0
    if deep:
        model.sampler.set_params(max_steps=affordable_steps(model.sampler, X, y, len(y), first))
    counts = np.unique(y, return_counts=True)[1]
    balanced = len(counts) * counts.max()
    steps = affordable_steps(model.classifier, X, y, balanced, seconds - first)
    model.classifier.set_params(max_steps=steps)
    return model


def run(
    method: str, data: str, seed: int, minutes: float, folder: str | None, samples: str
) -> dict:
    """Train and score one cell; network seed and sub-sampling seed are both ``seed``."""
    split = load_split(data, folder and Path(folder), seed)
    model = classifier(method, seed, pictures=np.ndim(split.X_train) > 2)
    model = budgeted(model, split, 60 * minutes)
    started, worked = time.perf_counter(), time.process_time()
    if hasattr(model, "predict"):
        model.fit(split.X_train, split.y_train)
    else:
        model.fit_resample(split.X_train, split.y_train)
    fitted, worked = time.perf_counter(), time.process_time() - worked
    scores = {}
    if hasattr(model, "predict"):
        scores = summary(split.y_test_balanced, model.predict(split.X_test_balanced))
    predicted = time.perf_counter()
    save_samples(stages(model)[0], split, Path(samples), f"{method}-{data}-{seed}")
    return {
        **scores,
        "steps": steps_of(model),
        "whole_run": whole_run(model),
        "settings": settings_of(model),
        "fit_seconds": fitted - started,
        "fit_processor_seconds": worked,
        "predict_seconds": predicted - fitted,
        "peak_memory_mib": measuring.peak_memory() / 2**20,
    }


def stages(model: Any) -> list[Any]:
    """Return the trained parts, the sampler first."""
    if not isinstance(model, TwoStageClassifier):
        return [model]
    return [part for part in (model.sampler_, model.classifier_) if part is not None]


def steps_of(model: Any) -> list[int]:
    """Return the steps of every stage that has any."""
    return [part.n_steps_ for part in stages(model) if hasattr(part, "n_steps_")]


def settings_of(model: Any) -> list[dict]:
    """Return what every trained stage ran with: encoder, augmentation, averages and so on."""
    deep = [part.method_.settings for part in stages(model) if hasattr(part, "method_")]
    return [jsonable(dataclasses.asdict(settings)) for settings in deep]


def whole_run(model: Any) -> bool:
    """Say whether every stage was as long as its preset is."""
    return all(part.get_params().get("max_steps") is None for part in stages(model))


def commit() -> str:
    """Name the state of the code."""
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def finished(path: Path) -> list[dict]:
    """Return the cells that are there."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def table(cells: list[dict]) -> str:
    """Lay the cells out beside the published figures, as Markdown."""
    lines = [
        "| data | method | ACSA / F1 / GM, % | published | steps | whole run | "
        "training: clock, processors | test |",
        f"|{' --- |' * 8}",
    ]
    for data in PUBLISHED:
        for name in METHODS:
            for cell in cells:
                if (cell["data"], cell["method"]) == (data, name):
                    lines.append(_row(cell))
    return "\n".join(lines)


def _row(cell: dict) -> str:
    published = PUBLISHED[cell["data"]].get(cell["method"].removesuffix("-equal"), ())
    theirs = " / ".join("–" if value is None else f"{value:.2f}" for value in published) or "–"
    if "error" in cell:
        return f"| {cell['data']} | {cell['method']} | {cell['error']} | {theirs} | | | | |"
    scores = [f"{100 * cell[key]:.2f}" for key in ("acsa", "f1", "gm") if key in cell]
    ours = " / ".join(scores) or "pictures only"
    steps = " + ".join(map(str, cell["steps"])) or "–"
    return (
        f"| {cell['data']} | {cell['method']} | {ours} | {theirs} | {steps} | "
        f"{'yes' if cell['whole_run'] else 'no'} | {cell['fit_seconds']:.0f} s, "
        f"{cell['fit_processor_seconds']:.0f} s | {cell['predict_seconds']:.0f} s |"
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=list(PUBLISHED), choices=list(PUBLISHED))
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--folder", help="where the data lie")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/methods.jsonl"))
    parser.add_argument("--samples", default="benchmarks/results/samples", help="where they go")
    parser.add_argument("--table", action="store_true", help="print what is there, and run nothing")
    parser.add_argument("--figures", action="store_true", help="draw the samples, and run nothing")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.child:
        print(json.dumps(run(**json.loads(options.child))))
        return
    if options.table:
        print(table(finished(options.out)))
        return
    if options.figures:
        short = {"rae": "RAE", "dgc": "DGC"}
        made = [name for name in METHODS if name != "rae-equal"]
        titles = [(name, short.get(name) or methods.get(name).title) for name in made]
        for data in options.data:
            figure = draw(Path(options.samples), data, options.seed, titles)
            if figure is not None:
                figure.savefig(f"docs/images/methods-{data}.png")
        return
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for data in options.data:
        for name in options.methods:
            cell = {"data": data, "method": name, "seed": options.seed, "minutes": options.minutes}
            if any(cell.items() <= there.items() for there in finished(options.out)):
                continue
            where = {"folder": options.folder, "samples": options.samples}
            try:  # in a process of its own, whose peak memory is the cell's
                result = measuring.in_child(__file__, cell | where)
            except RuntimeError as error:  # a failed cell is recorded, and the rest goes on
                print(error, file=sys.stderr)
                result = {"error": str(error).splitlines()[-1]}
            made_by = {"commit": commit(), "machine": measuring.machine()}
            with options.out.open("a") as file:
                file.write(json.dumps(cell | result | made_by) + "\n")
            print(_row(cell | result), flush=True)


if __name__ == "__main__":
    main()
