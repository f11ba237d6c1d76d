"""What some defaults of other methods were chosen by: no row of a test part is looked at.

    python benchmarks/method_choices.py
    python benchmarks/method_choices.py --part dgc
    python benchmarks/method_choices.py --part dgc-length
    python benchmarks/method_choices.py --part dgc-networks
    python benchmarks/method_choices.py --part gamo
    python benchmarks/method_choices.py --part bagan
    python benchmarks/method_choices.py --part rae

On tables, DGC's weights of the squared error (times 1 / d, for d columns) and of the codes'
distance from a normal distribution, and MC-CCR's energy, absolute and in distances to opponents,
before gradient boosting and before the three nearest neighbours. ACSA in % on the held-out thirds
of three folds of training parts, mean and standard deviation over folds, each with a seed of its
own.

On pictures of half their size, where nothing else is said, scored on rows outside training and test
parts:

- dgc: whether DGC's recogniser has the dropout of Table 16, the same weight, and that of the codes'
  distance from a normal distribution, on MNIST and CIFAR-10; also by one part of the score of
  labels alone, how well the label's code decodes, or how likely the code makes the label;
- dgc-networks: how wide the authors' networks have to be, with their weights of the loss and a rate
  that grows as the width falls, and the network of the paper's size beside them (width: null), on
  MNIST, whole pictures; by parts of the score, too;
- dgc-length: how DGC fares in a run of its whole length under either course of the learning rate,
  on MNIST and CIFAR-10;
- gamo: how GAMO's features learn, how many generated points a batch has, and whether the features
  have the dropout of Table 16, then a longer game and the authors' networks, on Fashion-MNIST and
  CIFAR-10; with the recall of the two rarest classes;
- bagan: what longer training of BAGAN and a higher learning rate give before the same classifier,
  and what it has without;
- rae: what longer training, augmentation and averaged weights give RAE with Table 16's encoder, on
  CIFAR-10.

Takes about ten minutes for the tables, and up to an hour for each of the others; writes
results/method_choices-PART.json.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from measuring import write
from scored_run import scored_run
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier

from osrae import (
    BAGAN,
    MCCCR,
    DGCClassifier,
    GAMOClassifier,
    RAEClassifier,
    SMOTEFamily,
    TwoStageClassifier,
)
from osrae.data.frames import take_rows
from osrae.datasets import load_original, load_split
from osrae.methods.dgc_method import DGC
from osrae.methods.dgc_settings import PRESETS as DGC_PRESETS
from osrae.methods.two_stage import default_classifier

_TABLES = ("optdigits", "vehicle", "cleveland", "page-blocks")
_FOLDS = 3


def training_part(name: str) -> tuple[Any, np.ndarray]:
    """Return rows and labels; classes with fewer rows than folds are left out."""
    if name == "optdigits":
        split = load_split(name, None, 0)
        return split.X_train, np.asarray(split.y_train).astype(str)
    original = load_original(f"keel/{name}")
    y = np.asarray(original.y_train).astype(str)
    labels, counts = np.unique(y, return_counts=True)
    kept = np.flatnonzero(np.isin(y, labels[counts >= _FOLDS]))
    return take_rows(original.X_train, kept), y[kept]


def candidates(n_columns: int) -> Iterator[tuple[str, Callable[[int], Any]]]:
    """Yield a name and, by seed, a classifier."""
    for weight, distance in ((64.0, 1.0), (6.4, 1.0), (0.64, 1.0), (0.64, 0.01)):
        yield (
            f"DGC, {weight:g} / d, {distance:g}",
            lambda seed, weight=weight, distance=distance: DGCClassifier(
                recon_weight=weight / n_columns,
                mmd_weight=distance,
                max_steps=1700,
                validation_fraction=0.0,
                random_state=seed,
            ),
        )
    for title, second in (
        ("boosting", HistGradientBoostingClassifier()),
        ("3 neighbours", KNeighborsClassifier(3)),
    ):
        for energy, unit in ((0.25, "absolute"), (0.25, "nn"), (1.0, "nn"), (4.0, "nn")):
            yield (
                f"MC-CCR, {energy:g} {unit}, {title}",
                lambda seed, energy=energy, unit=unit, second=second: TwoStageClassifier(
                    sampler=MCCCR(energy=energy, energy_unit=unit),
                    classifier=second,
                    random_state=seed,
                ),
            )


def scores(make: Callable[[int], Any], X: Any, y: np.ndarray) -> list[float]:
    """Return ACSA, in %, on every held-out fold."""
    found = []
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0).split(y, y)
    for seed, (train, held) in enumerate(folds):
        model = make(seed).fit(take_rows(X, train), y[train])
        predicted = model.predict(take_rows(X, held))
        found.append(100 * balanced_accuracy_score(y[held], predicted))
    return found


def pictures(name: str, per_class: int) -> tuple[np.ndarray, ...]:
    """Return training and validation pictures, each before its labels."""
    split = load_split(name, None, 0)
    assert split.X_validation is not None
    assert split.y_validation is not None
    labels = split.y_validation
    shown = np.concatenate([np.flatnonzero(labels == c)[:per_class] for c in np.unique(labels)])
    held = np.asarray(split.X_validation)[shown]
    return np.asarray(split.X_train), split.y_train, held, labels[shown]


def small_pictures(name: str, per_class: int) -> tuple[np.ndarray, ...]:
    """Return training and validation pictures of half their size, each before its labels."""
    X_train, y_train, X, y = pictures(name, per_class)
    return _halved(X_train), y_train, _halved(X), y


def _halved(X: np.ndarray) -> np.ndarray:
    n, height, width, *channels = X.shape
    quarters = X.reshape(n, height // 2, 2, width // 2, 2, *channels)
    return quarters.mean((2, 4)).astype(np.uint8)


def _dropout(module: str, kept: bool) -> AbstractContextManager[Any]:
    """Let the networks of a module have the dropout of Table 16 or not, which is what they do."""
    switch = f"osrae.networks.{module}.switch_off_dropout"
    return patch(switch, lambda network: None) if kept else nullcontext()


#: Data, dropout, weight of the squared error times d (0: the weight is 1), weight of the distance.
_DGC_CANDIDATES = (
    ("mnist", True, 0.0, 1.0),
    ("mnist", False, 0.0, 1.0),
    ("mnist", False, 20.0, 1.0),
    ("mnist", False, 0.64, 1.0),
    ("mnist", False, 20.0, 0.01),
    ("cifar10", False, 20.0, 1.0),
    ("cifar10", False, 20.0, 0.01),
)
_DGC_STEPS = {"mnist": (600, 1200), "cifar10": (1000, 1500, 3000)}


def dgc() -> list[dict[str, Any]]:
    """Train DGC on pictures with and without dropout, and with several weights."""
    rows = []
    runs = [(*candidate, n) for candidate in _DGC_CANDIDATES for n in _DGC_STEPS[candidate[0]]]
    for name, dropout, share, distance, steps in runs:
        X_train, y_train, X, y = small_pictures(name, 100)
        model = DGCClassifier(
            recon_weight=share / X[0].size if share else 1.0,
            mmd_weight=distance,
            max_steps=steps,
            validation_fraction=0.0,
            random_state=0,
        )
        with _dropout("dgc", dropout):
            model.fit(X_train, y_train)
        x = torch.from_numpy(X.reshape(*X.shape[:3], -1)).movedim(-1, 1).float() / 255
        with torch.no_grad():
            parts = {
                name: model.classes_[codes.numpy()]
                for name, codes in _by_parts(model.method_.eval(), x).items()
            }
        parts = {"whole score": model.predict(X), **parts}
        acsa = {part: 100 * balanced_accuracy_score(y, p) for part, p in parts.items()}
        candidate = {"dropout": dropout, "squared error": share, "distance": distance}
        rows.append({"data": name, **candidate, "steps": steps, **acsa})
        print(rows[-1], flush=True)
    return rows


#: Length of the run, and where it is scored; about the default's on all rows.
_DGC_LENGTHS = {"mnist": (4800, range(600, 4801, 600)), "cifar10": (5000, range(1000, 5001, 1000))}


def dgc_length() -> list[dict[str, Any]]:
    """Train DGC for as long as its epochs are, and score it on the way."""
    rows = []
    for name, schedule in product(_DGC_LENGTHS, ("steps", "exponential")):
        X_train, y_train, X, y = small_pictures(name, 100)
        settings = replace(DGC_PRESETS["default"]["pictures"], rate_schedule=schedule)
        steps, at = _DGC_LENGTHS[name]
        run = scored_run(DGC, settings, (X_train, y_train), (X, y), steps=steps, at=at)
        rows += [{"data": name, "schedule": schedule, **row} for row in run]
        print(*rows[-len(run) :], sep="\n", flush=True)
    return rows


def _by_parts(method: DGC, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Predict class numbers by each half of the score of a label's mean code."""
    errors, likelihoods = [], []
    samples, labels = method.recogniser.of_samples(x), method.recogniser.of_labels()
    for code in range(method.n_classes):
        z, _ = method.recogniser.combine(samples, (labels[0][code], labels[1][code]))
        errors.append((x - method.networks["decoder"](z)).square().flatten(1).sum(1))
        likelihoods.append(method.networks["classifier"](z).log_softmax(1)[:, code])
    return {
        "decoding alone": torch.stack(errors).argmin(0),
        "label alone": torch.stack(likelihoods).argmax(0),
    }


#: Filters of the authors' last convolution; theirs has 1024.
_DGC_WIDTHS = (32, 128, 256)
_DGC_WIDTH_STEPS = 800
#: Of the network of the paper's size: that of the authors' with as many features.
_EQUAL_RATE = 2e-4


def dgc_networks() -> list[dict[str, Any]]:
    """Train the authors' networks of several widths with the loss of their code."""
    X_train, y_train, X, y = pictures("mnist", 100)
    rows, steps = [], _DGC_WIDTH_STEPS
    for width in (*_DGC_WIDTHS, None):
        networks: dict[str, Any] = (
            {"architecture": "equal", "learning_rate": _EQUAL_RATE}
            if width is None
            else {"n_filters": width, "learning_rate": 4e-4 * 128 / width}
        )
        settings = replace(
            DGC_PRESETS["original"]["pictures"],
            **networks,
            rate_schedule="exponential",
            reshuffle=True,
            warm_up_size=200,
            n_codes=1,
        )
        at = (steps // 4, steps // 2, steps)
        run = scored_run(
            DGC, settings, (X_train, y_train), (X, y), steps=steps, at=at, others=_by_parts
        )
        rows += [{"data": "mnist", "width": width, **row} for row in run]
        print(*rows[-len(run) :], sep="\n", flush=True)
    return rows


_GAMO_BATCHES = 2000


def gamo() -> list[dict[str, Any]]:
    """Train GAMO with features that learn in several ways, for as many batches of the game."""
    rows = []
    for name in ("fashion-mnist", "cifar10"):
        X_train, y_train, X, y = small_pictures(name, 200)
        for title, settings, dropout in _gamo_candidates():
            model = GAMOClassifier(validation_fraction=0.0, random_state=0, **settings)
            with _dropout("gamo", dropout):
                model.fit(X_train, y_train)
            recalls = 100 * recall_score(y, model.predict(X), average=None)
            found = {"acsa": recalls.mean(), "two rarest": recalls[-2:].mean()}
            rows.append({"data": name, "candidate": title, **found})
            print(rows[-1], flush=True)
    return rows


def _gamo_candidates() -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Yield a name, settings, and whether the features have dropout."""
    # Features that learn alone do so in every other step.
    steps = {"joint": _GAMO_BATCHES, "frozen_head": 2 * _GAMO_BATCHES}
    for update, fakes, dropout in product(steps, ("balance", "batch"), (True, False)):
        settings = {"update_features": update, "fakes_per_batch": fakes, "max_steps": steps[update]}
        yield f"{update}, {fakes}, {'with' if dropout else 'without'} dropout", settings, dropout
    longer = {"fakes_per_batch": "batch", "max_steps": 3 * steps["frozen_head"]}
    yield "default, three times as many batches", longer, False
    yield "original", {"preset": "original", "max_steps": steps["frozen_head"]}, False


_BAGAN_STEPS = {"mnist": (360, 6000), "fashion-mnist": (360, 3000), "cifar10": (360, 3000)}
_BAGAN_RATES = (5e-5, 1e-3)


def bagan() -> list[dict[str, Any]]:
    """Train BAGAN longer and faster, then ResNet-18 for as long as ever; and without BAGAN."""
    rows = []
    for name, lengths in _BAGAN_STEPS.items():
        X_train, y_train, X, y = small_pictures(name, 100)
        samplers: dict[str, Any] = {"none": None, "SMOTE": SMOTEFamily(random_state=0)}
        for n, rate in product(lengths, _BAGAN_RATES):
            sampler = BAGAN(max_steps=n, learning_rate=rate, random_state=0)
            samplers[f"BAGAN, {n} steps, learning rate {rate:g}"] = sampler
        for title, sampler in samplers.items():
            more = sampler.fit_resample(X_train, y_train) if sampler else (X_train, y_train)
            model = default_classifier(max_steps=300, random_state=0).fit(*more)
            recalls = 100 * recall_score(y, model.predict(X), average=None)
            found = {"acsa": recalls.mean(), "two rarest": recalls[-2:].mean()}
            rows.append({"data": name, "sampler": title, **found})
            print(rows[-1], flush=True)
    return rows


#: As the cells "RAE, the paper's encoder" of the paper's tables.
_PAPER_ENCODER: dict[str, Any] = {
    "encoder": "conv",
    "augmentation": "none",
    "mixup": "none",
    "weight_averaging": 0.0,
}
_AUGMENTED = {**_PAPER_ENCODER, "augmentation": "auto"}
_AVERAGED = {**_AUGMENTED, "weight_averaging": 0.995}
_RAE_CANDIDATES: dict[str, dict[str, Any]] = {
    "paper encoder": _PAPER_ENCODER,
    "paper encoder, three times as long": {**_PAPER_ENCODER, "max_steps": 10_845},
    "augmentation": _AUGMENTED,
    "augmentation and averages": _AVERAGED,
    "augmentation and averages, three times as long": {**_AVERAGED, "max_steps": 10_845},
    "the authors' course without the decoder's steps": {
        "preset": "reference",
        "decoder": False,
        "max_steps": 1200,
    },
}


def rae() -> list[dict[str, Any]]:
    """Train RAE with the encoder that the others have: for longer, and with what they have not."""
    X_train, y_train, X, y = small_pictures("cifar10", 200)
    rows = []
    for title, settings in _RAE_CANDIDATES.items():
        model = RAEClassifier(validation_fraction=0.0, random_state=0, **settings)
        acsa = 100 * balanced_accuracy_score(y, model.fit(X_train, y_train).predict(X))
        rows.append({"data": "cifar10", "candidate": title, "steps": model.n_steps_, "acsa": acsa})
        print(rows[-1], flush=True)
    return rows


def tables() -> list[dict[str, Any]]:
    """Score every candidate on every table."""
    rows = []
    for name in _TABLES:
        X, y = training_part(name)
        for title, make in candidates(X.shape[1]):
            found = scores(make, X, y)
            rows.append({"data": name, "candidate": title, "acsa": found})
            print(f"| {name} | {title} | {np.mean(found):.1f} ± {np.std(found):.1f} |", flush=True)
    return rows


_PARTS = {
    "tables": tables,
    "dgc": dgc,
    "dgc-length": dgc_length,
    "dgc-networks": dgc_networks,
    "gamo": gamo,
    "bagan": bagan,
    "rae": rae,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=list(_PARTS), default="tables")
    part = parser.parse_args().part
    warnings.simplefilter("ignore")  # small classes, and energies that reach nobody
    write(Path(f"results/method_choices-{part}.json"), {"rows": _PARTS[part]()})


if __name__ == "__main__":
    main()
