"""What levers do for the pictures that RAE's sampler makes, on validation pictures.

    python benchmarks/generation_levers.py --data fashion-mnist --core-minutes 7 --out g.json
    python benchmarks/generation_levers.py --table benchmarks/results/generation_levers.json

A lever is what differs from the sampler's default preset; all train for as long, on one core. Of
every class 300 new pictures are compared with as many real ones that the training part leaves over,
in the features of an untrained VGG-16. "Nearer", and the ratio of the distances to the nearest
training picture and the next, as in `copies.py`. A file that is there is gone on with.

With ``--classifier-minutes`` a ResNet-18 of its own is trained for as long on what each sampler
resampled, and "behind" is its ACSA on the validation pictures.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from copies import beside
from torch import Tensor
from torch.nn import functional as F

from osrae import RAEClassifier, RAEOversampler
from osrae.benchmark.budget import fit_to_budget
from osrae.datasets import load_split
from osrae.evaluation.classification import summary
from osrae.evaluation.features import RandomVGG16
from osrae.evaluation.generation import compare_samples
from osrae.methods.presets import PRESETS, PRESETS_TO_RESAMPLE, RAESettings
from osrae.methods.rae import RAE
from osrae.methods.settings import Presets
from osrae.methods.two_stage import default_classifier
from osrae.networks.statistics import frozen_statistics
from osrae.training.batches import Batch
from osrae.training.device import full

_COMPARED = 300  # of a class
#: What levers are changes of: the default, with the paper's weight of reconstruction for its own.
_SETTINGS = replace(PRESETS_TO_RESAMPLE["default"]["pictures"], reconstruction_weight=0.01)
_SETTINGS_TO_CLASSIFY = PRESETS["default"]["pictures"]
_NAMES = ("data", "name", "seed", "steps")
_SCORES = ("precision", "recall", "density", "coverage", "frechet", "nearer", "ratio", "acsa",
           "behind")  # fmt: skip


class FeaturesToo(RAE):
    """RAE whose decoder is also judged by features of what it reconstructs."""

    weight: ClassVar[float]

    def _forward(self, batch: Batch, terms: frozenset[str]) -> Any:
        self.clean = batch.x.flatten(0, 1)
        return super()._forward(batch, terms)

    def _decoder_loss(self, run: Any, terms: frozenset[str], generator: torch.Generator) -> Tensor:
        own = super()._decoder_loss(run, terms, generator)
        return own + self.weight * self.apart(run.decoded[: len(self.clean)], run.z)

    def apart(self, decoded: Tensor, z: Tensor) -> Tensor:
        """Return how far features of reconstructions are from those of the pictures."""
        raise NotImplementedError


class CriticFeatures(FeaturesToo):
    """By the critic's convolutions (Larsen et al., ICML 2016, do so with a discriminator)."""

    def apart(self, decoded: Tensor, z: Tensor) -> Tensor:
        features = self.networks["critic"].convolutions
        return F.l1_loss(full(features(decoded)), full(features(self.clean)).detach())


class LatentAgain(FeaturesToo):
    """By the encoder: reconstructions are to have the latent vectors that they are made from."""

    def apart(self, decoded: Tensor, z: Tensor) -> Tensor:
        with frozen_statistics(self.networks["encoder"]):
            again = full(self.networks["encoder"](decoded))
        return F.l1_loss(again, z.flatten(0, 1).detach())


class AsSeen(RAE):
    """RAE that reconstructs pictures as its encoder sees them: moved, mirrored, in part hidden."""

    def _forward(self, batch: Batch, terms: frozenset[str]) -> Any:
        run = super()._forward(batch, terms)
        if run.decoded is None:
            return run
        apart = (run.decoded[: len(run.seen)] - run.seen).abs().mean()
        return replace(run, reconstruction=apart)


def sampler(
    kind: type[RAE] = RAE, weight: float = 1.0, **changes: Any
) -> Callable[[int], RAEOversampler]:
    """Return what makes the sampler with other settings.

    Parameters
    ----------
    kind : type of RAE
    weight : float
        Of what `FeaturesToo` adds to the decoder's loss.
    **changes
        Of the default preset.
    """
    method = type("Kind", (kind,), {"weight": weight})

    class Changed(RAEOversampler):
        _method = method
        _presets: ClassVar[Presets[RAESettings]] = {
            **PRESETS_TO_RESAMPLE,
            "default": {"pictures": replace(_SETTINGS, **changes)},
        }

    return lambda seed: Changed(random_state=seed)


def classifier(**changes: Any) -> Callable[[int], RAEClassifier]:
    """Return what makes the classifier, whose decoder learns in some steps only."""

    class Changed(RAEClassifier):
        _presets: ClassVar[Presets[RAESettings]] = {
            **PRESETS,
            "default": {"pictures": replace(_SETTINGS_TO_CLASSIFY, **changes)},
        }

    return lambda seed: Changed(random_state=seed, validation_fraction=0.0)


LEVERS = {
    "base": sampler(),
    "augmented": sampler(augmentation="auto"),
    "augmented, reconstructed as the encoder sees it": sampler(AsSeen, augmentation="auto"),
    "encoder of Table 16": sampler(encoder="conv"),
    "encoder of Table 16, its rate 2e-4": sampler(encoder="conv", learning_rate=2e-4),
    "encoder of Table 16, reconstruction moves it, weight 1": sampler(
        encoder="conv", reconstruction_weight=1.0
    ),
    "encoder of Table 16, reconstruction moves it, weight 10": sampler(
        encoder="conv", reconstruction_weight=10.0
    ),
    "encoder of Table 16, reconstruction moves it, weight 100": sampler(
        encoder="conv", reconstruction_weight=100.0
    ),
    "residual encoder": sampler(encoder="residual"),
    "no averages": sampler(weight_averaging=0.0),
    "critic in every second step": sampler(schedule=("joint", "reconstruct")),
    "critic in every step": sampler(schedule=("joint",)),
    "no critic": sampler(schedule=("reconstruct",)),
    "adversarial weight 0.1": sampler(decoder_adversarial_weight=0.1),
    "adversarial weight 0.1, critic in every second step": sampler(
        decoder_adversarial_weight=0.1, schedule=("joint", "reconstruct")
    ),
    "reconstruction moves the encoder, weight 1": sampler(reconstruction_weight=1.0),
    "reconstruction moves the encoder, weight 10": sampler(reconstruction_weight=10.0),
    "reconstruction moves the encoder, weight 100": sampler(reconstruction_weight=100.0),
    "details kept": sampler(keep_details=True),
    "details kept, reconstruction moves the encoder, weight 100": sampler(
        keep_details=True, reconstruction_weight=100.0
    ),
    "decoded samples keep their class": sampler(decoder_class_weight=0.1),
    "critic's features": sampler(CriticFeatures),
    "critic's features, weight 0.1": sampler(CriticFeatures, 0.1),
    "latent vectors again, weight 0.1": sampler(LatentAgain, 0.1),
    "latent vectors again, weight 0.01": sampler(LatentAgain, 0.01),
    "learning rate of the decoder 2e-3": sampler(generator_learning_rate=2e-3),
    "mixtures of Beta(0.3, 0.3)": sampler(mixing=0.3),
    "classifier, augmented where nothing is decoded": classifier(augment_decoded=False),
    "classifier, augmented in every step": classifier(augment_decoded=True),
}


def measure(
    data: str, name: str, seed: int, minutes: float, folder: Path | None, of_classifier: float
) -> dict[str, Any]:
    """Train one sampler, and score what it makes."""
    split = load_split(data, folder, seed)
    assert split.X_validation is not None
    assert split.y_validation is not None
    model = fit_to_budget(LEVERS[name](seed), split.X_train, split.y_train, 60 * minutes)
    started = time.process_time()
    fit = getattr(model, "fit_resample", model.fit)
    resampled = fit(split.X_train, split.y_train)
    seconds = round(time.process_time() - started)
    labels = np.unique(split.y_train)
    real = [split.X_validation[split.y_validation == label][:_COMPARED] for label in labels]
    made = [
        np.asarray(model.sample(len(own), label, seed))
        for label, own in zip(labels, real, strict=True)
    ]
    kinds = np.repeat(labels, list(map(len, real)))
    found = compare_samples(np.concatenate(real), np.concatenate(made), kinds, kinds,
                            extractor=RandomVGG16(), random_state=seed)  # fmt: skip
    places = [
        beside(_bytes(own), other, split.X_train[split.y_train == label])
        for label, own, other in zip(labels, made, real, strict=True)
    ]
    near = np.mean(places, axis=0)
    classifies = hasattr(model, "predict")
    told = model.predict(split.X_validation) if classifies else None
    behind = None
    if of_classifier and not classifies:
        network = default_classifier(random_state=seed)
        fit_to_budget(network, *resampled, 60 * of_classifier).fit(*resampled)
        behind = network.predict(split.X_validation)
    return {
        "data": data, "name": name, "seed": seed, "core_minutes": minutes,
        "classifier_minutes": of_classifier,
        "steps": model.n_steps_, "seconds": seconds,
        **found.class_means, "frechet": found.frechet, "nearer": near[0], "ratio": near[1],
        "real ratio": near[2],
        "acsa": None if told is None else summary(split.y_validation, told)["acsa"],
        "behind": None if behind is None else summary(split.y_validation, behind)["acsa"],
    }  # fmt: skip


def _bytes(pictures: np.ndarray) -> np.ndarray:
    if pictures.dtype == np.uint8:
        return pictures
    return np.rint(255 * np.clip(pictures, 0, 1)).astype(np.uint8)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def show(lines: list[dict[str, Any]]) -> str:
    """Lay out means over the seeds."""
    frame = pd.DataFrame(lines, columns=[*_NAMES, *_SCORES]).astype(dict.fromkeys(_SCORES, float))
    told = ["| data | lever | seeds | steps | " + " | ".join(_SCORES) + " |"]
    told.append("| --- " * (4 + len(_SCORES)) + "|")
    for (data, name), runs in frame.groupby(["data", "name"], sort=False):
        scores = " | ".join(f"{runs[score].mean():.3g}" for score in _SCORES)
        told.append(f"| {data} | {name} | {len(runs)} | {runs.steps.mean():.0f} | {scores} |")
    return "\n".join(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["fashion-mnist"])
    parser.add_argument("--levers", nargs="+", default=list(LEVERS), choices=list(LEVERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--core-minutes", type=float, default=7.0)
    parser.add_argument("--classifier-minutes", type=float, default=0.0)
    parser.add_argument("--folder", type=Path, help="where the data lie")
    parser.add_argument("--out", type=Path, default=Path("results/generation_levers.json"))
    parser.add_argument("--table", type=Path, help="only show what this file holds")
    options = parser.parse_args()
    if options.table is None:
        torch.set_num_threads(1)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        budgets = (options.core_minutes, options.classifier_minutes)
        done = {
            (r["data"], r["name"], r["seed"], r["core_minutes"], r.get("classifier_minutes", 0.0))
            for r in read(options.out)
        }
        for data in options.data:
            for seed in options.seeds:
                for name in options.levers:
                    if (data, name, seed, *budgets) in done:
                        continue
                    line = measure(data, name, seed, budgets[0], options.folder, budgets[1])
                    with options.out.open("a") as file:
                        file.write(json.dumps(line) + "\n")
                    print(show([line]).splitlines()[-1], flush=True)
    print(show(read(options.table or options.out)))


if __name__ == "__main__":
    main()
