"""What a user waits for outside the training step, and what a large table takes in memory.

    python benchmarks/everyday.py
    python benchmarks/everyday.py --rows 100000

The import, the command line's help, `predict` against the bare forward pass of the same networks,
a small table from the start of the process to the end of `fit`, and a large table (``--rows`` rows)
through the classifier and the oversampler. Each is measured in a process of its own; times are
medians where a measurement is repeated. Data are random: none of the times depends on what they
show. Writes results/everyday.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from measuring import in_child, synchronise, write
from torch import Tensor

from osrae import RAEClassifier, RAEOversampler
from osrae.benchmark.machine import peak_memory
from osrae.data.samples import Samples
from osrae.methods.rae import RAE
from osrae.training.device import autocast
from osrae.training.engine import EVALUATION_ROWS

_STARTS, _FITS, _PASSES = 7, 3, 5
_CLASSES = 10
_COLUMNS = 100
#: Shapes of the data that `predict` is timed on: float tables, uint8 pictures.
SHAPES = ((200_000, 100), (20_000, 28, 28), (5_000, 32, 32, 3))
_IMPORT = """
import json, sys, time
started = time.perf_counter()
import osrae
print(json.dumps([time.perf_counter() - started, "torch" in sys.modules]))
"""


def import_alone() -> dict[str, Any]:
    """Time ``import osrae`` inside fresh processes."""
    answers = [json.loads(_output([sys.executable, "-c", _IMPORT])) for _ in range(_STARTS)]
    seconds = median(seconds for seconds, _ in answers)
    with_torch = any(loaded for _, loaded in answers)
    torch_is = "imported, too" if with_torch else "not imported"
    return {
        "what": "`import osrae`",
        "measured": f"{seconds:.3f} s (median of {_STARTS}); torch is {torch_is}",
        "asked": "< 0.3 s, without torch",
        "seconds": seconds,
        "repeats": _STARTS,
        "imports_torch": with_torch,
    }


def command_help() -> dict[str, Any]:
    """Time ``osrae --help`` from the start of the process to its end."""
    command = shutil.which("osrae", path=str(Path(sys.executable).parent))
    if command is None:
        raise RuntimeError("There is no command osrae beside this Python; install the package.")
    times = []
    for _ in range(_STARTS):
        started = time.perf_counter()
        _output([command, "--help"])
        times.append(time.perf_counter() - started)
    return {
        "what": "`osrae --help`, whole process",
        "measured": f"{median(times):.2f} s (median of {_STARTS})",
        "asked": "< 0.5 s",
        "seconds": median(times),
        "repeats": _STARTS,
    }


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def predict(options: dict[str, Any]) -> dict[str, Any]:
    """Time `predict`, and by turns the bare forward pass of the same networks."""
    X = samples(tuple(options["shape"]))
    model = RAEClassifier(max_steps=60, random_state=0).fit(X, np.arange(len(X)) % _CLASSES)
    method = model.method_
    blocks = encoded_blocks(model, X)
    logits = torch.cat(forward(method, blocks)).cpu().numpy()
    if not np.array_equal(model.classes_[logits.argmax(axis=1)], model.predict(X)):
        raise RuntimeError("The bare forward pass and predict do not say the same.")
    whole, bare = [], []
    for _ in range(_PASSES):
        whole.append(seconds_of(lambda: model.predict(X)))
        bare.append(seconds_of(lambda: forward(method, blocks)))
    rate, limit = len(X) / median(whole), len(X) / median(bare)
    return {
        "what": f"`predict`, {' × '.join(f'{size:,}' for size in X.shape)}, {X.dtype}",
        "measured": f"{rate:,.0f} rows/s, {100 * rate / limit:.0f} % of the bare forward pass's "
        f"{limit:,.0f} (medians of {_PASSES})",
        "asked": "≥ 80 %",
        "rows_per_second": rate,
        "rows_per_second_forward": limit,
        "fraction_of_forward": rate / limit,
        "seconds": whole,
        "seconds_forward": bare,
        "repeats": _PASSES,
    }


def samples(shape: tuple[int, ...]) -> np.ndarray:
    """Make a float table of two dimensions, or uint8 pictures of more."""
    rng = np.random.default_rng(0)
    if len(shape) == 2:
        return rng.standard_normal(shape)
    return rng.integers(256, size=shape, dtype=np.uint8)


def encoded_blocks(model: RAEClassifier, X: np.ndarray) -> list[Tensor]:
    """Return what the networks are given during `predict`, block by block."""
    rows = Samples(model.codec_.rows(X))
    return list(rows.blocks(EVALUATION_ROWS, model.method_.device))


def forward(method: RAE, blocks: list[Tensor]) -> list[Tensor]:
    """Pass blocks through the networks, as `predict` does, and do nothing else."""
    with torch.inference_mode(), autocast(method.device, method.precision):
        logits = [method.logits(block) for block in blocks]
    synchronise(method.device.type)
    return logits


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def first_fit(options: dict[str, Any]) -> dict[str, Any]:
    """Time the first `fit` of a process on a small table."""
    y = np.repeat([0, 1, 2], [400, 80, 20])
    X = np.random.default_rng(0).standard_normal((len(y), 20)) + y[:, None]
    alone = seconds_of(lambda: RAEClassifier(random_state=0).fit(X, y))
    # The clock of the calendar is the one that two processes are sure to share.
    return {"alone": alone, "from_start": time.time() - options["started"]}


def first_fits() -> Iterator[dict[str, Any]]:
    """Repeat `first_fit` in fresh processes."""
    times = [
        in_child(__file__, {"work": "first fit", "started": time.time()}) for _ in range(_FITS)
    ]
    spans = {"from_start": "process start to the end of `fit`", "alone": "`fit` alone"}
    for name, span in spans.items():
        seconds = median(row[name] for row in times)
        yield {
            "what": f"500 rows × 20 (400, 80, 20), {span}",
            "measured": f"{seconds:.1f} s (median of {_FITS})",
            "asked": "< 10 s",
            "seconds": seconds,
            "repeats": _FITS,
        }


def resample(options: dict[str, Any]) -> dict[str, Any]:
    """Time `fit_resample` on a large table, and take the process's peak memory."""
    libraries = peak_memory()
    X, y = large_table(options["rows"], options["dtype"])
    started = time.perf_counter()
    X_new, y_new = RAEOversampler(max_steps=300, random_state=0).fit_resample(X, y)
    seconds = {"fit_resample": time.perf_counter() - started}
    return large_row("`RAEOversampler`", seconds, libraries, X, [y, X_new, y_new])


def classify(options: dict[str, Any]) -> dict[str, Any]:
    """Time `fit` and `predict` on a large table, and take the process's peak memory."""
    libraries = peak_memory()
    X, y = large_table(options["rows"], options["dtype"])
    model = RAEClassifier(max_steps=300, random_state=0)
    seconds = {"fit": seconds_of(lambda: model.fit(X, y))}
    started = time.perf_counter()
    predicted = model.predict(X)
    seconds["predict"] = time.perf_counter() - started
    return large_row("`RAEClassifier`", seconds, libraries, X, [y, predicted])


def large_table(rows: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Make two classes, 10 : 1, with shifted means; in place, so that no copy counts as peak."""
    X = np.empty((rows, _COLUMNS), dtype=dtype)
    np.random.default_rng(0).standard_normal(out=X, dtype=X.dtype)
    y = np.zeros(rows, dtype=np.int64)
    X[::11] += 1
    y[::11] = 1
    return X, y


def large_row(
    what: str, seconds: dict[str, float], libraries: int, X: np.ndarray, others: list[np.ndarray]
) -> dict[str, Any]:
    """Set the peak memory against what goes in and what comes out: ``X`` and ``others``."""
    peak, data = peak_memory(), X.nbytes + sum(other.nbytes for other in others)
    times = ", ".join(f"`{call}` {value:.1f} s" for call, value in seconds.items())
    return {
        "what": f"{what}, {len(X):,} × {X.shape[1]}, {X.dtype}",
        "measured": f"{times}; peak {peak / 1e9:.2f} GB, {peak / data:.2f} × the data's "
        f"{data / 1e9:.2f} GB; {(peak - libraries) / data:.2f} × without the imported libraries' "
        f"{libraries / 1e9:.2f} GB",
        "asked": "≤ 2 × the data",
        "seconds": seconds,
        "peak_memory": peak,
        "libraries": libraries,
        "data": data,
        "peak_to_data": peak / data,
        "peak_to_data_without_libraries": (peak - libraries) / data,
    }


#: What runs in a process of its own, by the name that the process is given.
WORK = {"predict": predict, "first fit": first_fit, "resample": resample, "classify": classify}


def measurements(rows: int) -> Iterator[dict[str, Any]]:
    """Measure one thing after the other."""
    yield import_alone()
    yield command_help()
    for shape in SHAPES:
        yield in_child(__file__, {"work": "predict", "shape": shape})
    yield from first_fits()
    for dtype in ("float64", "float32"):
        for work in ("resample", "classify"):
            yield in_child(__file__, {"work": work, "rows": rows, "dtype": dtype})


def table(rows: list[dict[str, Any]]) -> str:
    """Lay the results out as Markdown."""
    lines = ["| what | measured | asked |", "| --- " * 3 + "|"]
    lines += [f"| {row['what']} | {row['measured']} | {row['asked']} |" for row in rows]
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the large table")
    parser.add_argument("--out", type=Path, default=Path("results/everyday.json"))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.child:
        chosen = json.loads(options.child)
        print(json.dumps(WORK[chosen["work"]](chosen)))
        return
    rows = []
    for row in measurements(options.rows):
        rows.append(row)
        print(table([row]).splitlines()[-1], flush=True)
    write(options.out, {"rows": rows})
    print(table(rows))


if __name__ == "__main__":
    main()
