"""Re-run the accuracy figures: the paper's data and class distributions, balanced test set.

    python benchmarks/accuracy.py --data mnist fashion-mnist cifar10 optdigits --seeds 0
    python benchmarks/accuracy.py --data fashion-mnist --ablation --max-steps 2000

One JSON line per run goes to ``results/accuracy.jsonl``; a table goes to standard output. Nothing
but the training part decides anything: the test part is used once, after training.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import time
from pathlib import Path

from osrae import RAEClassifier
from osrae.datasets import load_split
from osrae.evaluation.classification import summary

#: ACSA in %, Table 1 and Table 13.
PUBLISHED = {"mnist": 96.79, "fashion-mnist": 84.79, "cifar10": 57.94, "optdigits": 98.01}

#: The rows of Table 4, by its switches.
ABLATION = {
    "no linear classifier, no mixer": {"linear_classifier": False, "mixing": "uniform"},
    "no oversampling, no mixer": {"oversampling": False, "priors": "train"},
    "the same, corrected for class frequencies": {"oversampling": False},
    "no decoder": {"decoder": False, "mixing": "mixer"},
    "no mixer": {"mixing": "uniform"},
    "everything": {"mixing": "mixer"},
}


def run(data: str, seed: int, folder: Path | None, settings: dict) -> dict:
    """Train once and score once; network seed and sub-sampling seed are both ``seed``."""
    split = load_split(data, folder, seed)
    started, cpu = time.perf_counter(), time.process_time()
    model = RAEClassifier(random_state=seed, verbose=1, **settings)
    model.fit(split.X_train, split.y_train)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    model.temperature_ = 1.0  # where priors="train", the plain network's own predictions
    scores = summary(split.y_test_balanced, model.predict(split.X_test_balanced))
    return {
        "data": data,
        "seed": seed,
        "settings": settings,
        **scores,
        "published_acsa": PUBLISHED[data] / 100,
        "validation_acsa": max((row["validation_acsa"] or 0 for row in model.history_), default=0),
        "steps": model.n_steps_,
        "fit_seconds": seconds,
        "fit_cpu_seconds": cpu_seconds,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=list(PUBLISHED), choices=list(PUBLISHED))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--preset", default="default")
    parser.add_argument("--max-steps", type=int)
    parser.add_argument("--ablation", action="store_true", help="all rows of Table 4")
    parser.add_argument("--folder", type=Path, help="where the data lie")
    parser.add_argument("--out", type=Path, default=Path("results/accuracy.jsonl"))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    rows = ABLATION if options.ablation else {"": {}}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for data in options.data:
        for name, switches in rows.items():
            for seed in options.seeds:
                settings = {"preset": options.preset, "max_steps": options.max_steps, **switches}
                result = {"row": name, **run(data, seed, options.folder, settings)}
                with options.out.open("a") as file:
                    file.write(json.dumps(result) + "\n")
                print(
                    f"{data:14} {name:42} seed {seed}  ACSA {100 * result['acsa']:6.2f} "
                    f"(published {PUBLISHED[data]})  GM {100 * result['gm']:6.2f}  "
                    f"F1 {100 * result['f1']:6.2f}  {result['steps']} steps  "
                    f"{result['fit_seconds']:.0f} s  {result['peak_memory_mib']:.0f} MiB",
                    flush=True,
                )


if __name__ == "__main__":
    main()
