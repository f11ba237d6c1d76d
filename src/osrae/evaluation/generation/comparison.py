"""All scores of generated samples in one call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from osrae.errors import InputError
from osrae.evaluation.features import (
    Columns,
    FeatureExtractor,
    InceptionFeatures,
    default_extractor,
)
from osrae.evaluation.generation.arrays import check_features, check_labels, classes_in_both
from osrae.evaluation.generation.frechet import frechet_distance
from osrae.evaluation.generation.kernel import N_SUBSETS, default_subset_size, kernel_distance
from osrae.evaluation.generation.neighbours import check_k, prdc, prdc_per_class
from osrae.randomness import numpy_generator

__all__ = ["SampleComparison", "compare_samples"]

_NEIGHBOUR_SCORES = ("precision", "recall", "density", "coverage")
#: Two subsets of two samples that differ, on each side: what the kernel distance needs.
_LEAST = 4


@dataclass(frozen=True)
class SampleComparison:
    """How close generated samples come to real ones, and in which features.

    Attributes
    ----------
    extractor : str
        Name of what made the features. Figures of two extractors cannot be compared.
    n_real, n_generated, n_features : int
    k : int
        Neighbours of `prdc`.
    precision, recall, density, coverage : float
        Over all samples at once, see `osrae.evaluation.generation.prdc`.
    frechet : float
        See `osrae.evaluation.generation.frechet_distance`.
    kernel, kernel_sd : float
        See `osrae.evaluation.generation.kernel_distance`.
    kernel_subset_size : int
        Samples in each of the 100 subsets of the kernel distance.
    standard : bool
        Whether the extractor is the Inception network, so that the distances may be called FID and
        KID.
    per_class : DataFrame or None
        Precision, recall, density and coverage within each class; None without labels.
    """

    extractor: str
    n_real: int
    n_generated: int
    n_features: int
    k: int
    precision: float
    recall: float
    density: float
    coverage: float
    frechet: float
    kernel: float
    kernel_sd: float
    kernel_subset_size: int
    standard: bool
    per_class: pd.DataFrame | None = field(default=None, compare=False)

    @property
    def frechet_name(self) -> str:
        """``"FID"`` with Inception, else ``"Fréchet distance (NAME)"``."""
        return "FID" if self.standard else f"Fréchet distance ({self.extractor})"

    @property
    def kernel_name(self) -> str:
        """``"KID"`` with Inception, else ``"kernel distance (NAME)"``."""
        return "KID" if self.standard else f"kernel distance ({self.extractor})"

    @property
    def class_means(self) -> dict[str, float] | None:
        """The means of `per_class` over the classes, as the paper reports them."""
        if self.per_class is None:
            return None
        return {name: float(self.per_class[name].mean()) for name in _NEIGHBOUR_SCORES}

    def __str__(self) -> str:
        scores = {name: getattr(self, name) for name in _NEIGHBOUR_SCORES}
        lines = [
            f"{self.n_generated} generated samples against {self.n_real} real ones",
            f"Features: {self.extractor} ({self.n_features} values); k = {self.k}",
            _line("All samples", scores),
        ]
        if self.per_class is not None and self.class_means is not None:
            lines.append(_line(f"Mean of {len(self.per_class)} classes", self.class_means))
        subsets = f"{N_SUBSETS} subsets of {self.kernel_subset_size}"
        lines.append(f"{self.frechet_name}: {self.frechet:.4g}")
        lines.append(
            f"{self.kernel_name}: {self.kernel:.4g} ± {self.kernel_sd:.2g} (sd of {subsets})"
        )
        return "\n".join(lines)


def _line(title: str, scores: dict[str, float]) -> str:
    return f"{title}: " + ", ".join(f"{name} {value:.3f}" for name, value in scores.items())


def _check_samples(real: np.ndarray, generated: np.ndarray, k: int) -> None:
    """Refuse samples that cannot be compared, before features are taken."""
    if real.shape[1:] != generated.shape[1:] or real.ndim < 2:
        raise InputError(
            f"Real samples have shape {real.shape} and generated ones {generated.shape}; pictures "
            "(n, h, w) or (n, h, w, c), or tables (n, d), that agree in all but n are needed."
        )
    if (real.dtype == np.uint8) != (generated.dtype == np.uint8) and real.ndim > 2:
        raise InputError(
            f"Real pictures are of type {real.dtype} and generated ones of type {generated.dtype}; "
            "bring both to uint8 (0 to 255) or both to float (0 to 1)."
        )
    least = max(k + 1, _LEAST)
    if min(len(real), len(generated)) < least:
        raise InputError(
            f"There are {len(real)} real and {len(generated)} generated samples; at least "
            f"{least} of each are needed: more than k={k}, and {_LEAST} for the kernel distance."
        )


def _check_both_labels(
    y_real: Any, y_generated: Any, n_real: int, n_generated: int, k: int
) -> tuple[np.ndarray, np.ndarray] | None:
    if y_real is None and y_generated is None:
        return None
    if y_real is None or y_generated is None:
        missing = "y_real" if y_real is None else "y_generated"
        raise InputError(f"{missing} is missing; give the labels of both sides, or of none.")
    labels = (
        check_labels(y_real, n_real, "real"),
        check_labels(y_generated, n_generated, "generated"),
    )
    classes_in_both(*labels, k + 1)
    return labels


def compare_samples(
    real: Any,
    generated: Any,
    y_real: Any = None,
    y_generated: Any = None,
    extractor: FeatureExtractor | None = None,
    k: int = 5,
    random_state: Any = None,
) -> SampleComparison:
    """Compare generated samples with real ones by all scores.

    Parameters
    ----------
    real : array of shape (n, h, w), (n, h, w, c) or (n, d)
        Pictures, uint8 or float from 0 to 1, or a table of numbers. Take samples that the generator
        was not trained on.
    generated : array of the same shape in all but the first axis
    y_real, y_generated : array-like of shape (n,) and (m,), or None
        Labels; with them, the scores within each class are added.
    extractor : FeatureExtractor or None, default None
        What makes the features, see `osrae.evaluation.features`. None means the columns as they are
        for tables, and for pictures the Inception network where its weights are, else an untrained
        VGG-16. The result names it.
    k : int, default 5
        Neighbours of precision, recall, density and coverage.
    random_state : int, RandomState, Generator or None
        Draws the subsets of the kernel distance.

    Returns
    -------
    SampleComparison
        Readable as text.

    Raises
    ------
    InputError
        If the two sides differ in shape, type or classes, there are too few samples (of a class)
        for k, labels are missing, features are NaN or infinite, or ``random_state`` is none of the
        above.

    Warns
    -----
    DataWarning
        If there are no more samples than features, so that the Fréchet distance is strongly biased.
    """
    k = check_k(k)
    real, generated = np.asarray(real), np.asarray(generated)
    _check_samples(real, generated, k)
    random = numpy_generator(random_state)
    labels = _check_both_labels(y_real, y_generated, len(real), len(generated), k)
    if extractor is None:
        extractor = Columns() if real.ndim == 2 else default_extractor()
    of_real = _features(extractor, real, "real")
    of_generated = _features(extractor, generated, "generated")
    kernel, kernel_sd = kernel_distance(of_real, of_generated, random_state=random)
    per_class = None
    if labels is not None:
        per_class = prdc_per_class(of_real, of_generated, *labels, k=k)
    return SampleComparison(
        extractor=extractor.name,
        n_real=len(real),
        n_generated=len(generated),
        n_features=of_real.shape[1],
        k=k,
        **prdc(of_real, of_generated, k),
        frechet=frechet_distance(of_real, of_generated),
        kernel=kernel,
        kernel_sd=kernel_sd,
        kernel_subset_size=default_subset_size(len(real), len(generated)),
        standard=isinstance(extractor, InceptionFeatures),
        per_class=per_class,
    )


def _features(extractor: FeatureExtractor, samples: np.ndarray, what: str) -> np.ndarray:
    features = check_features(extractor(samples), what)
    if len(features) != len(samples):
        raise InputError(
            f"The extractor {extractor.name!r} returned {len(features)} rows for {len(samples)} "
            f"{what} samples; one row for each is needed."
        )
    return features
