"""Time a classical method beside other code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from two_samples import Row

_REPEATS = 3


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return seconds of the clock, and of the processors."""
    wall, processors = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processors


def beside(
    method: str, case: str, ours: Callable[[], object], others: Mapping[str, Callable[[], object]]
) -> Iterator[Row]:
    """Time ours, first and repeated, and each other code once: it is long."""
    runs = [timed(ours) for _ in range(1 + _REPEATS)]
    wall, processors = np.median(runs[1:], axis=0).tolist()
    base = {"method": method, "case": case}
    yield {**base, "code": "ours", "first_s": runs[0][0], "s": wall, "cpu_s": processors}
    for code, work in others.items():
        seconds, of_processors = timed(work)
        yield {
            **base,
            "code": code,
            "s": seconds,
            "cpu_s": of_processors,
            "times_ours": seconds / wall,
            "times_our_cpu": of_processors / processors,
        }
