"""What each lever of training does for the classifier, on rows outside training and test parts.

    python benchmarks/levers.py --part encoders
    python benchmarks/levers.py --part mixtures augmentation --seeds 0 1
    python benchmarks/levers.py --table benchmarks/results/levers.json

An encoder and a linear classifier alone, on pairs of one class and their mixtures in latent space,
as the steps "latent" and "across" of the default preset, and every lever by itself beside the same
base. One lever is one line of `PARTS`; results/levers.json gets a line for every run. On a GPU
every run is one CUDA graph, and several share the card if NVIDIA's MPS runs; 240 runs took a
quarter of an hour of an H200. On a processor one takes about as long as training the default.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from levers_training import Data, Run, Trainer, load

_BEST = {"encoder": "whitening, SiLU, maximum", "steps": 4670}
_PLAIN = {"mixing": "none"}
_GREY = {**_BEST, **_PLAIN, "steps": 3200, "weight_decay": 0.1}
_LARGE = {"steps": 12000, "mixing": "none"}

#: Runs by part; each is what differs from `Run()`.
PARTS: dict[str, list[dict[str, Any]]] = {
    "encoders": [
        {"encoder": name, "steps": steps}
        for name, steps in {
            "plain": 3600, "plain, maximum": 4100, "plain, 64-256-256": 2400,
            "plain, 64-128-256-512": 3020, "plain, shortcuts": 3050, "whitening": 4860,
            "whitening, SiLU": 4670, "whitening, GELU": 4550, "whitening, shortcuts": 3600,
            "whitening, shortcut in the last": 4550, "whitening, shortcuts in two": 4190,
            "large, ReLU": 1570, "wide residual, 16 layers": 2850,
        }.items()
    ],
    "sampling": [
        {**mixing, **change}
        for mixing in ({}, _PLAIN)
        for change in ({}, {"sampling": "deferred"}, {"sampling": "balanced"},
                       {"sampling": "square_root"}, {"adjusts": True})
    ],
    "mixtures": [
        {"tuple_size": 3, "tuples": 43}, {"tuple_size": 4, "tuples": 32},
        {"tuple_size": 4, "tuples": 32, "mixing": "nearest"},
        {"concentration": 0.0}, {"concentration": 0.3}, {"concentration": 3.0},
        {"extrapolation": 0.25}, {"extrapolation": 0.5},
        {"mixture_weight": 0.5}, {"mixture_weight": 2.0},
        *({"layer": layer, "mixing": "none"} for layer in range(4)),
    ],
    "augmentation": [
        {"augmentation": "flip-shift"}, {"augmentation": "colours"}, {"augmentation": "wide"},
        {"augmentation": "wide", "augmented": 0.5}, {"augmentation": "wide, small cutout"},
        {"augmentation": "reference", "augmented": 0.5},
    ],
    "across classes": [
        {**_PLAIN, "mixup": 0.2}, {**_PLAIN, "mixup": 1.0}, {**_PLAIN, "cutmix": 0.5},
        {**_PLAIN, "cutmix": 1.0}, {**_PLAIN, "smoothing": 0.1}, {"smoothing": 0.1},
    ],
    "training": [
        {"learning_rate": 1e-3}, {"learning_rate": 4e-3}, {"weight_decay": 0.02},
        {"weight_decay": 0.1}, {"weight_decay": 0.2}, {"tuples": 32, "steps": 7200},
        {"tuples": 128, "steps": 1800}, {"averaging": 0.99}, {"averaging": 0.999},
        {"sharpness": 0.05, "steps": 1800}, {"dropout": 0.2}, {"rotations": 0.15},
        {"margin": 0.3}, {"margin": 0.6}, {**_PLAIN, "tuple_size": 1, "tuples": 128},
    ],
    "together": [
        *({**_BEST, "encoder": "whitening, SiLU", **change} for change in (
            {}, _PLAIN, {"extrapolation": 0.5}, {"augmentation": "colours"},
            {"tuple_size": 4, "tuples": 32, "mixing": "nearest"},
            {**_PLAIN, "mixup": 0.2}, {**_PLAIN, "mixup": 0.4}, {**_PLAIN, "weight_decay": 0.1},
            {**_PLAIN, "mixup": 0.2, "weight_decay": 0.1}, {**_PLAIN, "augmentation": "colours"},
            {**_PLAIN, "mixup": 0.2, "augmentation": "colours"})),
        *({**_BEST, "weight_decay": 0.1, **change} for change in (
            {**_PLAIN, "weight_decay": 0.05}, _PLAIN, {**_PLAIN, "mixup": 0.2},
            {**_PLAIN, "mixup": 0.2, "weight_decay": 0.2}, {**_PLAIN, "cutmix": 0.5},
            {**_PLAIN, "mixup": 0.2, "augmentation": "colours"},
            {**_PLAIN, "cutmix": 0.25, "augmentation": "colours"},
            {"mixup": 0.2, "mixture_weight": 0.5}, {"mixup": 0.2, "extrapolation": 0.5},
            {"extrapolation": 0.5}, {"extrapolation": 1.0})),
        {**_PLAIN, "encoder": "whitening, SiLU, maximum, shortcuts in two", "steps": 4190,
         "mixup": 0.2, "weight_decay": 0.1},
    ],
    "long": [
        *({"encoder": "whitening, SiLU", "steps": 20000, **change} for change in (
            {"augmentation": "wide"}, {**_PLAIN, "augmentation": "wide"},
            {**_PLAIN, "cutmix": 0.5}, {**_PLAIN, "mixup": 0.2},
            {**_PLAIN, "mixup": 0.2, "augmentation": "wide"},
            {**_PLAIN, "mixup": 0.2, "augmentation": "colours", "weight_decay": 0.1})),
        {**_LARGE, "encoder": "large, SiLU", "cutmix": 0.5},
        {**_LARGE, "encoder": "large, SiLU", "mixup": 0.2, "augmentation": "wide"},
        {**_LARGE, "encoder": "large, SiLU", "mixing": "uniform", "extrapolation": 0.5,
         "augmentation": "wide"},
        {**_LARGE, "encoder": "large, SiLU, maximum", "cutmix": 0.5, "weight_decay": 0.1},
        {**_LARGE, "encoder": "large, SiLU, maximum", "cutmix": 0.5, "weight_decay": 0.1,
         "mixing": "uniform", "mixture_weight": 0.5, "extrapolation": 0.5},
        {**_LARGE, "encoder": "larger, ReLU", "cutmix": 0.5, "augmentation": "wide"},
    ],
    "grey": [
        {**_GREY, "data": data, **change}
        for data in ("fashion-mnist", "mnist")
        for change in ({}, {"mixup": 0.2}, {"cutmix": 0.5}, {"mixup": 0.2, "augmentation": "crop"},
                       {"mixup": 0.2, "augmentation": "digits, cut"},
                       {"mixup": 0.2, "mixing": "uniform", "extrapolation": 0.5},
                       {"encoder": "large, SiLU, maximum", "steps": 5000, "cutmix": 0.5})
    ],
}  # fmt: skip


def work(runs: list[Run], start: int, stride: int, out: Path) -> None:
    """Run every ``stride``-th of the runs, and append each result to the file."""
    torch.set_num_threads(1)
    torch.backends.cudnn.benchmark = True
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    data: dict[tuple[str, int], Data] = {}
    for run in runs[start::stride]:
        if (run.data, run.seed) not in data:
            data[run.data, run.seed] = load(run.data, run.seed, device)
        result = Trainer(run, data[run.data, run.seed])()
        line = {**run.changes(), "seed": run.seed, "repeat": run.repeat, **result, "gpu": card}
        with out.open("a") as file:
            file.write(json.dumps(line) + "\n")


def table(lines: list[dict[str, Any]]) -> Iterator[str]:
    """Lay out the mean and every run, the best first."""
    measured = ("seed", "repeat", "acsa", "acsa at 3/4", "loss", "seconds", "gpu")
    groups = defaultdict(list)
    for line in lines:
        changes = {name: value for name, value in line.items() if name not in measured}
        groups[json.dumps(changes, sort_keys=True)].append(line)
    yield "| what differs from the base | ACSA | at 3/4 of the run | seeds |"
    yield "| --- " * 4 + "|"
    rows = []
    for changes, found in groups.items():
        said = ", ".join(f"{name} {value}" for name, value in json.loads(changes).items())
        mean, early = (np.mean([line[name] for line in found]) for name in ("acsa", "acsa at 3/4"))
        each = ", ".join(f"{line['acsa']:.1f}" for line in found)
        rows.append((mean, f"| {said or 'the base'} | {mean:.1f} | {early:.1f} | {each} |"))
    yield from (row for _, row in sorted(rows, reverse=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--repeats", type=int, default=1, help="runs of every seed")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--out", type=Path, default=Path("results/levers.json"))
    parser.add_argument("--table", type=Path, help="only show what this file holds")
    options = parser.parse_args()
    if options.table is None:
        if options.out.exists():
            parser.error(f"{options.out} is there: move it, or name another file with --out.")
        runs = [
            Run(**{**change, "seed": seed, "repeat": repeat})
            for part in options.part
            for change in PARTS[part]
            for seed in options.seeds
            for repeat in range(options.repeats)
        ]
        options.out.parent.mkdir(parents=True, exist_ok=True)
        spawned = multiprocessing.get_context("spawn")
        workers = [
            spawned.Process(target=work, args=(runs, start, options.jobs, options.out))
            for start in range(options.jobs)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if any(worker.exitcode for worker in workers):
            raise SystemExit(f"A worker failed, as it says above; {options.out} is not whole.")
    lines = (options.table or options.out).read_text().splitlines()
    print("\n".join(table([json.loads(line) for line in lines])))


if __name__ == "__main__":
    main()
