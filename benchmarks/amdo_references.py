"""What AMDO is compared with: a transcription of its article, and public code of MDO."""

from __future__ import annotations

import importlib
import logging
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np

Table = tuple[np.ndarray, np.ndarray]


class Transcription:
    """Algorithms 2 and 3 of the article for continuous columns, row by row and number by number.

    Neither blocks nor array operations over rows: it is to be read beside the article. Classes with
    fewer than two seeds do with K1 = 1, or else take all rows, as in `choose_seeds`.
    """

    def __init__(self, X: np.ndarray, codes: np.ndarray, k1: int = 5, k2: int = 10) -> None:
        self.X, self.codes, self.k1, self.k2 = X, codes, k1, k2
        self.counts = np.bincount(codes).tolist()
        deviation = X.std(axis=0)
        self.scaled = X / np.where(deviation > 0, 4 * deviation, np.inf)

    def partially_balanced(self) -> list[int]:
        """Algorithm 3: the sizes of classes."""
        sizes, n_classes = dict(enumerate(self.counts)), len(self.counts)
        for _ in range(math.ceil(max(self.counts) * (n_classes - 1) / min(self.counts))):
            smallest = min(sizes, key=lambda code: sizes[code])
            if sizes[smallest] / sum(sizes.values()) <= 2 / (3 * n_classes - 1):
                sizes[smallest] += self.counts[smallest]
        return [sizes[code] for code in range(n_classes)]

    def same_class(self, code: int) -> list[int]:
        """Count the neighbours of the own class, for every row of a class."""
        found = []
        for i in np.flatnonzero(self.codes == code):
            distance = np.sqrt(((self.scaled - self.scaled[i]) ** 2).sum(axis=1))
            distance[i] = np.inf
            nearest = np.argsort(distance, kind="stable")[: self.k2]
            found.append(int((self.codes[nearest] == code).sum()))
        return found

    def seeds(self, code: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows that new ones are drawn from, and their probabilities."""
        members, same = np.flatnonzero(self.codes == code), self.same_class(code)
        for least in (self.k1, 1):
            kept = [place for place, number in enumerate(same) if number >= least]
            if len(kept) >= 2:
                weights = np.array([same[place] / self.k2 for place in kept])
                return members[kept], weights / weights.sum()
        return members, np.full(len(members), 1 / len(members))

    def space(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """Centre, deviations, principal directions, scores of rows, and variances of scores."""
        n = len(rows)
        centre, deviation = rows.mean(axis=0), rows.std(axis=0)
        deviation = np.where(deviation > 0, deviation, 1)
        Z = (rows - centre) / deviation / math.sqrt(n)
        _, _, directions = np.linalg.svd(Z, full_matrices=False)
        scores = Z @ directions.T
        variances = scores.var(axis=0, ddof=1)
        kept = variances > 1e-10 * variances.max()
        return centre, deviation, directions[kept], scores[:, kept], variances[kept]

    def resample(self, seed: int) -> Table:
        """Balance all classes; returns new rows and their class numbers."""
        rng = np.random.default_rng(seed)
        new, new_codes = [], []
        for code, count in enumerate(self.counts):
            extra = max(self.counts) - count
            if not extra:
                continue
            rows, probabilities = self.seeds(code)
            centre, deviation, directions, scores, variances = self.space(self.X[rows])
            samples = np.empty((extra, len(variances)))
            for sample in samples:
                chosen = scores[rng.choice(len(rows), p=probabilities)]
                alpha = 0.0
                for k in range(len(variances)):
                    alpha += chosen[k] ** 2 / variances[k]
                u = rng.uniform(-1, 1, len(variances))
                share = np.abs(u) / np.abs(u).sum()
                for k in range(len(variances)):
                    length = math.sqrt(alpha * variances[k] * share[k])
                    sample[k] = math.copysign(length, u[k])
            new.append(centre + deviation * (math.sqrt(len(rows)) * samples @ directions))
            new_codes.append(np.full(extra, code))
        return np.concatenate(new), np.concatenate(new_codes)


def stand_in(name: str, folder: Path) -> None:
    """Let modules in ``folder`` be imported without their package's own imports."""
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package


def multi_imbalance_mdo(clone: Path, rows: np.ndarray, codes: np.ndarray) -> Callable[[], object]:
    """MDO of multi-imbalance; its public method does not run under imbalanced-learn 0.14."""
    home = clone / "multi_imbalance"
    for name in ("", ".resampling", ".utils"):
        stand_in(f"multi_imbalance{name}", home / name[1:])
    MDO = importlib.import_module("multi_imbalance.resampling.mdo").MDO
    kinds = {"maj": [0], "int": [], "min": list(range(1, codes.max() + 1))}
    return lambda: MDO(k=5, k1_frac=0.4, maj_int_min=kinds)._fit_resample(rows, codes)


def smote_variants_mdo(clone: Path, rows: np.ndarray, codes: np.ndarray) -> Callable[[], object]:
    """MDO of smote_variants, which knows two classes: each rarer class against all others."""
    for name in ("", ".oversampling"):
        stand_in(f"smote_variants{name}", clone / "smote_variants" / name[1:])
    # It imports this package, and MDO does not use it.
    unused = dict.fromkeys(("ITML_Supervised", "LSML_Supervised", "NCA"))
    sys.modules["metric_learn"] = ModuleType("metric_learn")
    vars(sys.modules["metric_learn"]).update(unused)
    MDO = importlib.import_module("smote_variants.oversampling._mdo").MDO
    logging.getLogger("smote_variants").setLevel(logging.CRITICAL)
    counts = np.bincount(codes)

    def work() -> None:
        for code in range(1, len(counts)):
            proportion = (counts[0] - counts[code]) / (len(codes) - 2 * counts[code])
            sampler = MDO(proportion=proportion, random_state=0)
            sampler.sample(rows, (codes == code).astype(int))

    return work
