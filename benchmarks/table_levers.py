"""What each lever does for the classifier of tables, on rows that are in none of the sixty tables.

    python benchmarks/table_levers.py --out results/table_levers.json
    python benchmarks/table_levers.py --levers base "no dropout" "ensemble of 4"
    python benchmarks/table_levers.py --table benchmarks/results/table_levers.json --beside sampler

Three folds each of 24 tables of KEEL and UCI whose rows are in none of the tables of the ready grid
`tables`. A lever is what differs from the default preset without its decoder (which leaves the
classifier nearly as it is), with one encoder, that of Table 18, and a tenth of the rows held out;
each is measured with mixtures of a class and without, on the same encoder and as many steps. What
people use instead stands beside them. It takes six hours of one core; a file that is there is gone
on with.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from table_levers_parts import (
    ENCODERS,
    Ensemble,
    MixesRows,
    PiecewiseLinear,
    Quantiles,
)

from osrae import RAEClassifier, RAEOversampler
from osrae.benchmark.cells import Cell
from osrae.benchmark.models import make_model
from osrae.benchmark.parts import load_parts
from osrae.evaluation.classification import summary
from osrae.methods.presets import PRESETS, PRESETS_TO_RESAMPLE, RAESettings
from osrae.methods.settings import Presets

TABLES = [
    "abalone-17_vs_7-8-9-10", "abalone-20_vs_8-9-10", "abalone-21_vs_8", "abalone9-18",
    "appendicitis", "automobile", "bupa", "crx", "kr-vs-k-three_vs_eleven", "lymphography",
    "mammographic", "monk-2", "movement_libras", "poker-8_vs_6", "poker-9_vs_7", "segment0",
    "shuttle-c2-vs-c4", "tae", "vowel0", "winequality-red-4", "winequality-red-8_vs_6",
    "winequality-white-3_vs_7", "winequality-white-9_vs_4", "zoo",
]  # fmt: skip
OTHERS = (
    "gradient-boosting", "weighted-gradient-boosting", "corrected-gradient-boosting",
    "corrected-logistic-regression", "smote+logistic-regression", "smote+random-forest",
    "smote+gradient-boosting", "balanced-random-forest",
)  # fmt: skip
#: Plain networks, with the rows that they hold out.
NETWORKS = {
    f"{name}{changed}": (name, {"validation_fraction": held})
    for name in ("plain", "logit-adjustment", "ldam-drw")
    for changed, held in {"": 0.1, ", no rows held out": 0.0}.items()
}
_FOLDS, _SHOWN = 5, 3  # so many of five
_SETTINGS = replace(PRESETS["default"]["tables"], encoder="mlp", ensemble_size=1)
_SETTINGS_TO_RESAMPLE = PRESETS_TO_RESAMPLE["default"]["tables"]
_ACROSS = tuple("across" if phase == "latent" else phase for phase in _SETTINGS.schedule)

Make = Callable[..., Any]


def rae(encoder: str | None = None, held: float = 0.1, last: bool = False, **changes: Any) -> Make:
    """Return what makes the classifier with other settings.

    Parameters
    ----------
    encoder : str or None
    held : float
        Share of the rows that weights are chosen by, and the temperature.
    last : bool
        Keep the last weights; what is held out then decides the temperature alone.
    **changes
        Of `_SETTINGS`; the rest is what they have.
    """

    def make(seed: int, **more: Any) -> Any:
        class Changed(RAEClassifier):
            _presets: ClassVar[Presets[RAESettings]] = {
                **PRESETS,
                "default": {**PRESETS["default"], "tables": replace(_SETTINGS, **changes)},
            }

            def _run(self, data: Any, held: Any, *others: Any) -> Any:
                return super()._run(data, () if last else held, *others)

        return Changed(encoder=encoder, decoder=False, random_state=seed,
                       validation_fraction=held, **more)  # fmt: skip

    return make


def inside(part: Callable[[Any], Any], make: Make) -> Make:
    """Return what makes a classifier behind, or around, another."""
    return lambda seed, **more: part(make(seed, **more))


def several(number: int, make: Make) -> Make:
    """Return what makes the mean of models with other seeds."""
    return lambda seed, **more: Ensemble(
        [make(1000 * place + seed, **more) for place in range(number)]
    )


def behind(kind: type[RAEOversampler], seed: int, **changes: Any) -> Any:
    """Return gradient boosting behind a sampler with other settings than its default preset's."""

    class Changed(kind):  # type: ignore[misc, valid-type]
        _presets: ClassVar[Presets[RAESettings]] = {
            **PRESETS_TO_RESAMPLE,
            "default": {"tables": replace(_SETTINGS_TO_RESAMPLE, **changes)},
        }

    cell = Cell(
        data="yours", method="rae-sampler+gradient-boosting", seed=seed, fold=0, folds=_FOLDS
    )
    return make_model(cell).set_params(sampler=Changed())


LEVERS: dict[str, Make] = {
    "base": rae(),
    "quantiles of numbers": inside(Quantiles, rae()),
    "piecewise linear embedding": inside(PiecewiseLinear, rae()),
    **{name: rae(name) for name in ENCODERS},
    "latent dimension 32": rae(latent_dim=32),
    "no rows held out": rae(held=0.0),
    "last weights": rae(last=True),
    "half as long": rae(epochs=20, least_steps=300),
    "twice as long": rae(epochs=80, least_steps=1200),
    "weight decay 0.5": rae(weight_decay=0.5, classifier_weight_decay=0.5),
    "weight decay 0": rae(weight_decay=0.0, classifier_weight_decay=0.0),
    "learning rate 3e-3": rae(learning_rate=3e-3),
    "averages over 0.98": rae(weight_averaging=0.98),
    "classes drawn alike": rae(class_sampling="balanced"),
    "classes drawn alike at the end": rae(class_sampling="deferred"),
    "mixup across classes": rae(mixup="mixup", schedule=_ACROSS),
    "mixtures of 3": rae(mixture_size=3),
    "mixer": rae(mixing="mixer"),
    "ensemble of 4": several(4, rae()),
    "2 encoders side by side": rae(ensemble_size=2),
    "3 encoders side by side": rae(ensemble_size=3),
    "4 encoders side by side": rae(ensemble_size=4),
    "8 encoders side by side": rae(ensemble_size=8),
    "4 encoders side by side, at least 300 steps": rae(ensemble_size=4, least_steps=300),
    "4 encoders side by side, at least 450 steps": rae(ensemble_size=4, least_steps=450),
    "4 encoders side by side, half as wide": rae("half as wide", ensemble_size=4),
    "8 encoders side by side, half as wide": rae("half as wide", ensemble_size=8),
    "8 encoders side by side, a quarter as wide": rae("a quarter as wide", ensemble_size=8),
    "4 encoders side by side, no rows held out": rae(ensemble_size=4, held=0.0),
    "no rows held out, ensemble of 4": several(4, rae(held=0.0)),
    "no rows held out, quantiles of numbers": inside(Quantiles, rae(held=0.0)),
    "no rows held out, twice as long": rae(held=0.0, epochs=80, least_steps=1200),
    "no rows held out, half as long": rae(held=0.0, epochs=20, least_steps=300),
    "no rows held out, mixup across classes": rae(held=0.0, mixup="mixup", schedule=_ACROSS),
    "no rows held out, latent dimension 32": rae(held=0.0, latent_dim=32),
}

#: RAE's sampler before gradient boosting.
SAMPLERS: dict[str, Callable[[int], Any]] = {
    name: partial(behind, kind, **changes)
    for name, (kind, changes) in {
        "sampler": (RAEOversampler, {}),
        "sampler, details lost": (RAEOversampler, {"keep_details": False}),
        "rows mixed as they are": (MixesRows, {"epochs": 0.0, "least_steps": 8}),
        "sampler, Beta(0.3, 0.3)": (RAEOversampler, {"mixing": 0.3}),
        "sampler, four times as long": (RAEOversampler, {"epochs": 160, "least_steps": 2400}),
        "sampler, no critic": (RAEOversampler, {"schedule": ("reconstruct",)}),
        "sampler, reconstruction moves the encoder": (
            RAEOversampler,
            {"reconstruction_weight": 1.0},
        ),
    }.items()
}


def models(levers: list[str]) -> Iterator[tuple[str, bool, Callable[[int], Any]]]:
    """Yield names, whether classes are mixed inside, and what makes a model for a seed."""
    for name in levers:
        if name in LEVERS:
            make = LEVERS[name]
            yield name, True, make
            yield name, False, lambda seed, make=make: make(seed, oversampling=False)
        elif name in SAMPLERS:
            yield name, False, SAMPLERS[name]
        else:
            method, settings = NETWORKS.get(name, (name, {}))
            cell = {"data": "yours", "method": method, "settings": settings, "fold": 0}
            yield (
                name,
                False,
                lambda seed, cell=cell: make_model(Cell(seed=seed, folds=_FOLDS, **cell)),
            )


def measure(out: Path, levers: list[str], tables: list[str]) -> None:
    """Measure what the file does not hold yet, and append it.

    The log loss is of what each states, RAE for equally common classes: it compares levers of one
    method only.
    """
    known = {(r["name"], r["mixed"], r["table"], r["fold"]) for r in read(out)}
    for name, mixed, make in models(levers):
        for table in tables:
            for fold in range(_SHOWN):
                if (name, mixed, table, fold) in known:
                    continue
                data = {"data": f"keel/{table}", "fold": fold, "folds": _FOLDS}
                parts = load_parts(Cell(method="rae", **data))
                X, y = parts.tests["test"]
                started = time.process_time()
                model = make(fold).fit(parts.X, parts.y)
                seconds = time.process_time() - started
                told = model.predict_proba(X)
                own = told[np.arange(len(y)), np.searchsorted(model.classes_, y)]
                line = {
                    "name": name, "mixed": mixed, "table": table, "fold": fold,
                    "acsa": summary(y, model.predict(X))["acsa"],
                    "log loss": float(-np.log(np.clip(own, 1e-6, 1)).mean()),
                    "seconds": round(seconds, 2),
                }  # fmt: skip
                with out.open("a") as file:
                    file.write(json.dumps(line) + "\n")
        print(name, "with mixtures" if mixed else "", flush=True)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def show(lines: list[dict[str, Any]], beside: str, mixed_beside: bool) -> str:
    """Lay out means over tables, and differences to one line with their standard errors."""
    frame = pd.DataFrame(lines)
    means = frame.groupby(["table", "name", "mixed"])["acsa"].mean().unstack([1, 2]) * 100
    means = means.dropna(axis=1)
    if (beside, mixed_beside) not in means:
        raise SystemExit(f"{beside!r} is not measured on all of these tables.")
    folds = frame.groupby(["name", "mixed"]).size()
    seconds = frame.groupby(["name", "mixed"])["seconds"].mean()
    ranks = means.rank(axis=1, ascending=False).mean()
    losses = frame.groupby(["name", "mixed"])["log loss"].mean()
    rows = [f"| | mixtures | ACSA | beside {beside} | rank | log loss | s | folds |"]
    rows.append("| --- " * 8 + "|")
    for name, mixed in ranks.sort_values().index:
        behind = means[name, mixed] - means[beside, mixed_beside]
        error = behind.std(ddof=1) / np.sqrt(len(behind))
        rows.append(
            f"| {name} | {'yes' if mixed else ''} | {means[name, mixed].mean():.1f} | "
            f"{behind.mean():+.1f} ± {error:.1f} | {ranks[name, mixed]:.1f} | "
            f"{losses[name, mixed]:.3f} | "
            f"{seconds[name, mixed]:.1f} | {folds[name, mixed]} |"
        )
    return "\n".join(rows)


def main() -> None:
    known = [*OTHERS, *SAMPLERS, *NETWORKS, *LEVERS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--levers", nargs="+", default=known, choices=known)
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=TABLES)
    parser.add_argument("--out", type=Path, default=Path("results/table_levers.json"))
    parser.add_argument("--table", type=Path, help="only show what this file holds")
    parser.add_argument("--beside", default="base", choices=known, help="what to compare with")
    parser.add_argument("--unmixed", action="store_true", help="without mixtures of a class")
    options = parser.parse_args()
    if options.table is None:
        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        measure(options.out, options.levers, options.tables)
    lines = read(options.table or options.out)
    mixed = options.beside in LEVERS and not options.unmixed
    print(show([r for r in lines if r["table"] in options.tables], options.beside, mixed))


if __name__ == "__main__":
    main()
