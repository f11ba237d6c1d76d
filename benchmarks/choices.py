"""Re-run the comparisons that the default preset was chosen by, on validation data.

    python benchmarks/choices.py --data cifar10 fashion-mnist --core-minutes 8
    python benchmarks/choices.py --data optdigits --max-steps 900
    python benchmarks/choices.py --data digits --max-steps 600 --seeds 11 12 13

The validation part is what the class distribution leaves over of the public training split, or,
where nothing is left over, each of four folds of the training part. No test row is read. The
decoder is switched off, which leaves the classifier nearly as it is. With ``--core-minutes`` every
choice trains for as long, on one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold

from osrae import DeepClassifier, RAEClassifier
from osrae.benchmark.budget import TrainingPlan
from osrae.datasets import Split, available, load_split
from osrae.errors import InputError
from osrae.evaluation.classification import summary
from osrae.training.augmentation import POLICIES

#: Policies that osrae does not offer, and the defaults that they differ from.
BLACK = {"crop, black": "crop", "flip-crop, black": "flip-crop"}
CHOICES = {
    "default": {},
    "nothing mixed": {"oversampling": False},
    "no mixup": {"mixup": "none"},
    "CutMix": {"mixup": "cutmix"},
    "mixer": {"mixing": "mixer"},
    "deferred": {"class_sampling": "deferred"},
    "balanced": {"class_sampling": "balanced"},
    "crop": {"augmentation": "crop"},
    "digits": {"augmentation": "digits"},
    "crop, black": {"augmentation": "crop, black"},
    "flip-crop, black": {"augmentation": "flip-crop, black"},
    "two encoders": {"ensemble_size": 2},
    "four encoders": {"ensemble_size": 4},
    "residual encoder": {"encoder": "residual"},
    "encoder of Table 16": {"encoder": "conv"},
    "ResNet-18": {"encoder": "resnet18"},
    "plain network": {"sampling": "instance"},
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["fashion-mnist"], choices=available())
    parser.add_argument("--choices", nargs="+", default=list(CHOICES), choices=list(CHOICES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--max-steps", type=int)
    parser.add_argument("--core-minutes", type=float, help="in place of --max-steps")
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


def untrained(name: str, seed: int, max_steps: int | None) -> RAEClassifier | DeepClassifier:
    """Return the model of a choice; what draws classes without mixing them is a plain network."""
    told = {"max_steps": max_steps, "random_state": seed, **CHOICES[name]}
    return DeepClassifier(**told) if "sampling" in told else RAEClassifier(decoder=False, **told)


def compare(
    name: str, split: Split, seed: int, max_steps: int | None, core_minutes: float | None
) -> None:
    """Train one choice, and print its score for both priors."""
    started = time.process_time()
    scores: dict[str, list[float]] = {"balanced": [], "train": []}
    for X, y, X_held, y_held in folds(split, seed):
        model = untrained(name, seed, max_steps).set_params(validation_fraction=0.0)
        if core_minutes is not None:
            step_seconds = TrainingPlan.of(model, X, y).stages[""].step_seconds
            model.set_params(max_steps=int(60 * core_minutes / step_seconds))
        model.fit(X, y)
        model.temperature_ = 1.0
        for priors, values in scores.items():
            values.append(summary(y_held, model.set_params(priors=priors).predict(X_held))["acsa"])
    seconds = time.process_time() - started
    for priors, values in scores.items():
        print(
            f"{name:20} seed {seed}  priors {priors:9} ACSA {100 * np.mean(values):6.2f} "
            f"± {100 * np.std(values):.2f} over {len(values)} fold(s)  {seconds:.0f} s",
            flush=True,
        )


def main() -> None:
    options = arguments()
    for name, policy in BLACK.items():
        POLICIES[name] = replace(POLICIES[policy], cutout_fill="zero")
    if options.core_minutes is not None:
        torch.set_num_threads(1)
    for data in options.data:
        print(data)
        for seed in options.seeds:
            split = load_split(data, options.folder, seed)
            for name in options.choices:
                try:
                    compare(name, split, seed, options.max_steps, options.core_minutes)
                except InputError as error:  # an encoder or a mixture that tables do not have
                    print(f"{name:20} {error}", flush=True)


if __name__ == "__main__":
    main()
