"""The paper's propositions, as diagnostics of a fitted classifier and of arrays."""

from __future__ import annotations

from osrae.evaluation.theory.bernstein import bernstein_terms
from osrae.evaluation.theory.diagnosis import diagnose
from osrae.evaluation.theory.lipschitz import interpolation
from osrae.evaluation.theory.mixtures import Mixtures, draw_mixtures
from osrae.evaluation.theory.oversampling import oversampled_margins
from osrae.evaluation.theory.permutations import within_class_permutation
from osrae.evaluation.theory.preservation import label_preservation
from osrae.evaluation.theory.risk import risk_variance

__all__ = [
    "Mixtures",
    "bernstein_terms",
    "diagnose",
    "draw_mixtures",
    "interpolation",
    "label_preservation",
    "oversampled_margins",
    "risk_variance",
    "within_class_permutation",
]
