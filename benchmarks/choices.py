"""Re-run the comparisons that the default preset was chosen by, on validation data.

    python benchmarks/choices.py --data fashion-mnist --max-steps 900

The validation part is what the class distribution leaves over of the public training split; no
test row is read. The decoder is switched off, which leaves the classifier as it is.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from osrae import RAEClassifier
from osrae.datasets.protocol import CLASS_COUNTS, load_protocol
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
    parser.add_argument("--data", nargs="+", default=["fashion-mnist"], choices=list(CLASS_COUNTS))
    parser.add_argument("--choices", nargs="+", default=list(CHOICES), choices=list(CHOICES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--max-steps", type=int)
    parser.add_argument("--folder", type=Path, help="where the data lie")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    for data in options.data:
        for seed in options.seeds:
            split = load_protocol(data, options.folder, seed)
            for name in options.choices:
                started = time.perf_counter()
                model = RAEClassifier(
                    max_steps=options.max_steps, random_state=seed, decoder=False, **CHOICES[name]
                ).fit(split.X_train, split.y_train)
                model.temperature_ = 1.0
                seconds = time.perf_counter() - started
                for priors in ("balanced", "train"):
                    predicted = model.set_params(priors=priors).predict(split.X_validation)
                    acsa = summary(split.y_validation, predicted)["acsa"]
                    print(
                        f"{data:14} {name:20} seed {seed}  priors {priors:9} validation ACSA "
                        f"{100 * acsa:6.2f}  {seconds:.0f} s",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
