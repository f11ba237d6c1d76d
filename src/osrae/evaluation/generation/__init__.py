"""How close generated samples come to real ones, in any space of features."""

from __future__ import annotations

from osrae.evaluation.generation.comparison import SampleComparison, compare_samples
from osrae.evaluation.generation.frechet import (
    feature_moments,
    frechet_distance,
    frechet_distance_infinity,
    frechet_from_moments,
)
from osrae.evaluation.generation.kernel import kernel_distance, squared_mmd
from osrae.evaluation.generation.neighbours import kth_neighbour_distances, prdc, prdc_per_class

__all__ = [
    "SampleComparison",
    "compare_samples",
    "feature_moments",
    "frechet_distance",
    "frechet_distance_infinity",
    "frechet_from_moments",
    "kernel_distance",
    "kth_neighbour_distances",
    "prdc",
    "prdc_per_class",
    "squared_mmd",
]
