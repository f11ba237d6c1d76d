"""What the defaults of other methods on tables were chosen by: folds of training parts only.

    python benchmarks/method_choices.py

DGC's weight of the squared error (times 1 / d, for d columns), and MC-CCR's energy, absolute and in
distances to opponents, before gradient boosting and before the three nearest neighbours. ACSA in %
on the held-out thirds of three folds, mean and standard deviation over folds, each with a seed of
its own. Takes about ten minutes; writes results/method_choices.json.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from measuring import write
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier

from osrae import MCCCR, DGCClassifier, TwoStageClassifier
from osrae.data.frames import take_rows
from osrae.datasets import load_original, load_split

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
    for weight in (64.0, 6.4, 0.64):
        yield (
            f"DGC, {weight:g} / d",
            lambda seed, weight=weight: DGCClassifier(
                recon_weight=weight / n_columns,
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


def main() -> None:
    warnings.simplefilter("ignore")  # small classes, and energies that reach nobody
    rows = []
    for name in _TABLES:
        X, y = training_part(name)
        for title, make in candidates(X.shape[1]):
            found = scores(make, X, y)
            rows.append({"data": name, "candidate": title, "acsa": found})
            print(f"| {name} | {title} | {np.mean(found):.1f} ± {np.std(found):.1f} |", flush=True)
    write(Path("results/method_choices.json"), {"rows": rows})


if __name__ == "__main__":
    main()
