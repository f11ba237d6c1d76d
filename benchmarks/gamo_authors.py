"""GAMO as its authors wrote it beside GAMO as it is here, on one long-tailed Fashion-MNIST.

    git clone https://github.com/SankhaSubhra/GAMO theirs
    python3.11 -m venv tf && tf/bin/pip install tensorflow-cpu==2.15.1 scikit-learn
    python benchmarks/gamo_authors.py --code theirs --python tf/bin/python
    python benchmarks/gamo_authors.py

Both train on the article's class distribution and are scored on 200 rows of each class that are in
neither training nor test part; no validation part decides anything, the last weights count. Ours
runs with ``preset="original"``, which has the authors' networks and moves, with ``"default"``, and
with one of what the two differ in at a time, for ``--batches`` batches of the game each (ten
minutes of a core). Theirs, which needs a second for a batch, runs for ``--their-batches`` where
``--code`` is given. Their program runs as it is; what it imports and later versions of Keras have
elsewhere is put where it looks for it, and every loss gets an optimizer of its own, whose moments
Keras 2.2 kept apart.

Writes results/gamo_authors.json: ACSA in %, in all and of the two rarest classes, by
batches of the game.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from measuring import write
from scored_run import Part, scored_run

from osrae.data.codec import fit_codec
from osrae.datasets import load_split
from osrae.methods.gamo_method import GAMO
from osrae.methods.gamo_settings import PRESETS, resolve_game

_PER_CLASS = 200
_PROGRAM = "fashion_mnist_gamo_main.py"
_FILES = {"train": "fMnist_100_trainData.csv", "test": "fMnist_100_testData.csv"}
_REPORTED = re.compile(r"Test: Step:\s+(\d+) ACSA:\s+([\d.]+)")
#: Runs of ours: a preset and what is put in place of what it has.
_OURS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("original", {}),
    ("default", {}),
    ("default", {"architecture": "original", "latent_dim": 512}),
    ("default", {"update": "per_class"}),
)
#: Batches after which ours is scored.
_SCORED_AT = (1, 250, 500, 1_000, 2_000, 4_000, 6_000, 8_000, 10_000, 12_500, 25_000)
#: Runs their program under Keras 2.15, one thread; its counter goes up by 2 with every batch.
_RUNNER = """
import sys, types
import numpy as np, keras, tensorflow as tf
from keras.models import Model
code, program, batches = sys.argv[1], sys.argv[2], int(sys.argv[3])
np.int = int
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
def moved(name, **what):
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(what)
moved("keras.utils.np_utils", to_categorical=keras.utils.to_categorical)
moved("keras.layers.advanced_activations", LeakyReLU=keras.layers.LeakyReLU)
Adam = keras.optimizers.legacy.Adam
keras.optimizers.Adam = lambda rate, beta: Adam(learning_rate=rate, beta_1=beta)
compiled = Model.compile
Model.compile = lambda self, loss, optimizer: compiled(
    self, loss=loss, optimizer=Adam.from_config(optimizer.get_config()))
predicted = Model.predict
Model.predict = lambda self, x, batch_size=32: predicted(self, x, batch_size, verbose=0)
Model.save = lambda self, path: None
Model.summary = lambda self: None
keras.utils.set_random_seed(0)
sys.path.insert(0, code)
text = open(f"{code}/{program}").read()
length = "max_step=32, 50000"
assert length in text
program_text = text.replace(length, f"max_step=32, {2 * batches}")
exec(compile(program_text, program, "exec"), {"__name__": "__main__"})
"""


def parts() -> dict[str, Part]:
    """Return pictures and labels to train on and to score on."""
    split = load_split("fashion-mnist", None, 0)
    assert split.X_validation is not None
    assert split.y_validation is not None
    y = np.asarray(split.y_validation)
    shown = np.concatenate([np.flatnonzero(y == c)[:_PER_CLASS] for c in np.unique(y)])
    return {
        "train": (np.asarray(split.X_train), np.asarray(split.y_train)),
        "test": (np.asarray(split.X_validation)[shown], y[shown]),
    }


def theirs(code: Path, python: Path, batches: int) -> list[dict[str, Any]]:
    """Run the authors' program, and return the scores that it prints."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (X, y) in parts().items():
            rows = np.column_stack([X.reshape(len(X), -1), y.astype(int)])
            np.savetxt(Path(folder) / _FILES[name], rows, fmt="%d", delimiter=",")
        done = subprocess.run(
            [str(python), "-c", _RUNNER, str(code), _PROGRAM, str(batches)],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"The authors' program failed: {done.stderr.strip()[-2000:]}")
    found = [(int(step) // 2, 100 * float(acsa)) for step, acsa in _REPORTED.findall(done.stdout)]
    return [{"code": "theirs", "batches": max(1, n), "acsa": acsa} for n, acsa in found]


def ours(preset: str, changes: dict[str, Any], batches: int, seed: int) -> list[dict[str, Any]]:
    """Play with our code, and return its scores."""
    training, held = parts().values()
    description = fit_codec(training[0], None, None).description
    settings = resolve_game(PRESETS, preset, description, changes)
    n, steps = len(training[0]), settings.full_steps(len(training[0]))
    game = [step + 1 for step in range(steps) if settings.place(step, n).phase == "game"]
    scored = {game[count - 1]: count for count in _SCORED_AT if count <= batches}
    run = scored_run(GAMO, settings, training, held, steps=steps, at=scored, seed=seed)
    told = {"code": "ours", "preset": preset, **changes, "seed": seed}
    return [{**told, "batches": scored[row["step"]], **row} for row in run]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--code", type=Path, help=f"the folder of their {_PROGRAM}")
    parser.add_argument("--python", type=Path, help="an interpreter that has TensorFlow")
    parser.add_argument("--batches", type=int, default=12_500)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--their-batches", type=int, default=1_000)
    options = parser.parse_args()
    if (options.code is None) != (options.python is None):
        parser.error("--code and --python go together: the authors' program and what runs it.")
    rows: list[dict[str, Any]] = []
    if options.code:
        rows += theirs(options.code.absolute(), options.python.absolute(), options.their_batches)
        print(*rows, sep="\n", flush=True)
    for preset, changes in _OURS:
        for seed in range(options.seeds):
            rows += ours(preset, changes, options.batches, seed)
            print(*rows[-1:], sep="\n", flush=True)
            write(Path("results/gamo_authors.json"), {"rows": rows})


if __name__ == "__main__":
    main()
