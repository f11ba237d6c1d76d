"""Measure time and peak memory of the scores of generated samples, each in a process of its own.

    OMP_NUM_THREADS=2 python benchmarks/generation_metrics.py
    python benchmarks/generation_metrics.py --samples 10000 --features 64

Features are random float32 numbers, seeded. Peak memory is that of the whole process: interpreter,
libraries, both feature arrays, and what the score adds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np

from osrae.evaluation.generation import frechet_distance, kernel_distance, prdc

SCORES: dict[str, Callable[[np.ndarray, np.ndarray], object]] = {
    "precision, recall, density, coverage": prdc,
    "FID": frechet_distance,
    "KID": lambda real, generated: kernel_distance(real, generated, random_state=0),
}


def peak_mib() -> float:
    # Linux counts in KiB, macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        2**20 if sys.platform == "darwin" else 2**10
    )


def measure(name: str, n: int, d: int, answer: Connection) -> None:
    sides = [
        np.random.default_rng(seed).standard_normal((n, d), dtype=np.float32) for seed in (0, 1)
    ]
    before = peak_mib()
    started = time.perf_counter()
    value = SCORES[name](*sides)
    answer.send((value, time.perf_counter() - started, before, peak_mib()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=50_000, help="on each side")
    parser.add_argument("--features", type=int, default=2048)
    parser.add_argument("--scores", nargs="+", default=list(SCORES), choices=list(SCORES))
    options = parser.parse_args()
    # A fresh process: a forked one would start with its parent's memory.
    fresh = multiprocessing.get_context("spawn")
    for name in options.scores:
        answer, question = fresh.Pipe(duplex=False)
        process = fresh.Process(
            target=measure, args=(name, options.samples, options.features, question)
        )
        process.start()
        # Only the process may hold the writing end: if it dies, reading ends with an error.
        question.close()
        value, seconds, before, peak = answer.recv()
        process.join()
        print(
            f"{name}: {seconds:.1f} s, peak {peak:.0f} MiB ({before:.0f} MiB before)  {value}",
            flush=True,
        )


if __name__ == "__main__":
    main()
