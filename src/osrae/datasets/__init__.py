"""The benchmark's data: where it lies, how it is read, the class distributions.

The public names are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrae._lazy import lazy_names

if TYPE_CHECKING:
    from osrae.datasets.catalogue import (
        available,
        describe,
        download_dataset,
        load_original,
        load_split,
    )
    from osrae.datasets.original import Original
    from osrae.datasets.profiles import Distribution, exponential_counts, step_counts
    from osrae.datasets.splits import Split, imbalanced_split, subsample

__all__ = [
    "Distribution",
    "Original",
    "Split",
    "available",
    "describe",
    "download_dataset",
    "exponential_counts",
    "imbalanced_split",
    "load_original",
    "load_split",
    "step_counts",
    "subsample",
]

_HOMES = {
    **dict.fromkeys(
        ("available", "describe", "download_dataset", "load_original", "load_split"),
        "osrae.datasets.catalogue",
    ),
    "Original": "osrae.datasets.original",
    **dict.fromkeys(
        ("Distribution", "exponential_counts", "step_counts"), "osrae.datasets.profiles"
    ),
    **dict.fromkeys(("Split", "imbalanced_split", "subsample"), "osrae.datasets.splits"),
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES, __all__)
