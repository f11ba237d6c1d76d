"""Re-run the comparisons that the default preset was chosen by, on validation data.

    python benchmarks/choices.py --data fashion-mnist --max-steps 900
    python benchmarks/choices.py --data optdigits --max-steps 900
    python benchmarks/choices.py --data digits --max-steps 600 --seeds 11 12 13

The validation part is what the class distribution leaves over of the public training split, or,
where nothing is left over, each of four folds of the training part. No test row is read. The
decoder is switched off, which leaves the classifier nearly as it is.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedKFold

from osrae import RAEClassifier
from osrae.datasets import Split, available, load_split
from osrae.evaluation.classification import summary

CHOICES = {
    "no oversampling": {"oversampling": False},
    "instance, mixer": {"class_sampling": "instance", "mixing": "mixer"},
    "instance, uniform": {"class_sampling": "instance", "mixing": "uniform"},
    "deferred, mixer": {"class_sampling": "deferred", "mixing": "mixer"},
    "deferred, uniform": {"class_sampling": "deferred", "mixing": "uniform"},
    "balanced, uniform": {"class_sampling": "balanced", "mixing": "uniform"},
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["fashion-mnist"], choices=available())
    parser.add_argument("--choices", nargs="+", default=list(CHOICES), choices=list(CHOICES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--max-steps", type=int)
    parser.add_argument("--folder", type=Path, help="where the data lie")
    return parser.parse_args()


def folds(split: Split, seed: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield (X, y, X of validation, y of validation)."""
    X, y = split.X_train, split.y_train
    if split.X_validation is not None and split.y_validation is not None:
        yield X, y, split.X_validation, split.y_validation
        return
    for train, held in StratifiedKFold(4, shuffle=True, random_state=seed).split(X, y):
        yield X[train], y[train], X[held], y[held]


def compare(name: str, split: Split, seed: int, max_steps: int | None) -> None:
    """Train one choice, and print its score for both priors."""
    started = time.perf_counter()
    scores: dict[str, list[float]] = {"balanced": [], "train": []}
    for X, y, X_held, y_held in folds(split, seed):
        settings = {"max_steps": max_steps, "random_state": seed, "decoder": False}
        model = RAEClassifier(**settings, **CHOICES[name]).fit(X, y)
        model.temperature_ = 1.0
        for priors, values in scores.items():
            values.append(summary(y_held, model.set_params(priors=priors).predict(X_held))["acsa"])
    seconds = time.perf_counter() - started
    for priors, values in scores.items():
        print(
            f"{name:20} seed {seed}  priors {priors:9} ACSA {100 * np.mean(values):6.2f} "
            f"± {100 * np.std(values):.2f} over {len(values)} fold(s)  {seconds:.0f} s",
            flush=True,
        )


def main() -> None:
    options = arguments()
    for data in options.data:
        print(data)
        for seed in options.seeds:
            split = load_split(data, options.folder, seed)
            for name in options.choices:
                compare(name, split, seed, options.max_steps)


if __name__ == "__main__":
    main()
