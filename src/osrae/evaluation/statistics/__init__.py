"""Which method is better over many data sets: rank tests, post-hoc tests, Bayesian tests, plots.

The plots are loaded on first use, so that the tests do not import matplotlib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrae._lazy import lazy_names
from osrae.evaluation.statistics.adjust import (
    adjust_bergmann_hommel,
    adjust_bonferroni,
    adjust_holm,
    adjust_shaffer,
)
from osrae.evaluation.statistics.bayesian import (
    CorrelatedTPosterior,
    SignedRankPosterior,
    bayesian_correlated_t,
    bayesian_signed_rank,
)
from osrae.evaluation.statistics.effects import EffectSizes, effect_sizes
from osrae.evaluation.statistics.friedman import FriedmanResult, average_ranks, friedman_test
from osrae.evaluation.statistics.paired import AcsaDifference, acsa_difference
from osrae.evaluation.statistics.posthoc import (
    all_pairs,
    bonferroni_dunn_cd,
    nemenyi_cd,
    one_against_all,
)
from osrae.evaluation.statistics.reading import score_table
from osrae.evaluation.statistics.tables import ScoreTable

if TYPE_CHECKING:
    from osrae.evaluation.statistics.diagrams import critical_difference_diagram
    from osrae.evaluation.statistics.posterior_plots import posterior_density, posterior_simplex

__all__ = [
    "AcsaDifference",
    "CorrelatedTPosterior",
    "EffectSizes",
    "FriedmanResult",
    "ScoreTable",
    "SignedRankPosterior",
    "acsa_difference",
    "adjust_bergmann_hommel",
    "adjust_bonferroni",
    "adjust_holm",
    "adjust_shaffer",
    "all_pairs",
    "average_ranks",
    "bayesian_correlated_t",
    "bayesian_signed_rank",
    "bonferroni_dunn_cd",
    "critical_difference_diagram",
    "effect_sizes",
    "friedman_test",
    "nemenyi_cd",
    "one_against_all",
    "posterior_density",
    "posterior_simplex",
    "score_table",
]

_PLOTS = {
    "critical_difference_diagram": "osrae.evaluation.statistics.diagrams",
    "posterior_density": "osrae.evaluation.statistics.posterior_plots",
    "posterior_simplex": "osrae.evaluation.statistics.posterior_plots",
}

__getattr__, __dir__ = lazy_names(__name__, _PLOTS, __all__)
