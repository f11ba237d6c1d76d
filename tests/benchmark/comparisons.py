"""Comparisons with given scores, to test what is said of them."""

from __future__ import annotations

import numpy as np

from osrae.benchmark.candidates import candidates
from osrae.benchmark.comparison import Comparison, FoldScores, MethodResult

COUNTS = np.array([60, 30, 10])
CODES = np.repeat([0, 1, 2], COUNTS)


def comparison(scores: dict[str, list[float]], *, rope=0.01, counts=COUNTS, **changes):
    """Return a comparison of tables' methods with these ACSA on five folds.

    Every class has its method's ACSA as its recall.
    """
    codes = np.repeat(np.arange(len(counts)), counts)
    chosen = {c.name: c for c in candidates("tables", list(scores))}
    results = [MethodResult(chosen[name], _folds(codes, values)) for name, values in scores.items()]
    values = {
        "classes": np.array(["a", "b", "c"])[: len(counts)],
        "counts": counts,
        "codes": codes,
        "data": "tables",
        "n_folds": 5,
        "n_repeats": 1,
        "rope": rope,
        "results": tuple(results),
        "seconds": 1.0,
        "random_state": 0,
    }
    return Comparison(**{**values, **changes})


def _folds(codes: np.ndarray, scores: list[float]) -> list[FoldScores]:
    return [
        FoldScores(
            acsa=score, f1=score, gm=score, recalls=np.full(codes.max() + 1, score), seconds=1.0,
            test=(test := np.arange(number, len(codes), 5)), predicted=codes[test],
            probabilities=np.eye(codes.max() + 1)[codes[test]],
        )
        for number, score in enumerate(scores)
    ]  # fmt: skip
