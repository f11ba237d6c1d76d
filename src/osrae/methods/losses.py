"""Losses for data with rare classes: what is set against over-sampling.

Notation: ``f`` (n, C) logits, ``y`` (n,) class numbers, ``n_c`` training samples of class c,
``π_c = n_c / n`` their frequencies. Losses are for single samples, ``(n,)``: what a step minimises
is made of them by `weighted_mean`, with the weights of the classes and, where samples are
mixtures, the share of either label.

References
----------
Lin, Goyal, Girshick, He, Dollár. Focal Loss for Dense Object Detection. ICCV 2017.
Cui, Jia, Lin, Song, Belongie. Class-Balanced Loss Based on Effective Number of Samples. CVPR 2019.
Cao, Wei, Gaidon, Arechiga, Ma. Learning Imbalanced Datasets with Label-Distribution-Aware Margin
Loss. NeurIPS 2019.
Menon, Jayasumana, Rawat, Jain, Veit, Kumar. Long-tail Learning via Logit Adjustment. ICLR 2021.
Ren, Yu, Sheng, Ma, Zhao, Yi, Li. Balanced Meta-Softmax for Long-Tailed Visual Recognition.
NeurIPS 2020.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.networks.layers import widened

__all__ = [
    "DEFERRAL",
    "LOSSES",
    "CosineClassifier",
    "Loss",
    "balanced_softmax",
    "cross_entropy",
    "effective_number_weights",
    "focal",
    "inverse_frequency_weights",
    "ldam",
    "ldam_margins",
    "logit_adjustment",
    "weighted_mean",
]

#: Share of a run after which deferred weights and deferred sampling set in (Cao et al. 2019: 160
#: of 200 epochs).
DEFERRAL = 0.8
#: s of LDAM: what the cosines are multiplied by.
_LDAM_SCALE = 30.0


# ---------------------------------------------------------------- losses of single samples


def cross_entropy(logits: Tensor, y: Tensor, counts: Tensor) -> Tensor:
    """``-log softmax(f)_y``.

    Parameters
    ----------
    logits : Tensor of shape (n, C)
    y : Tensor of shape (n,)
        Class numbers.
    counts : Tensor of shape (C,)
        Training samples of each class; every loss is told, this one does not ask.

    Returns
    -------
    Tensor of shape (n,)
    """
    return F.cross_entropy(logits, y, reduction="none")


def focal(logits: Tensor, y: Tensor, counts: Tensor, gamma: float = 2.0) -> Tensor:
    """``-(1 - p_y)^γ log p_y`` with ``p = softmax(f)`` (Lin et al. 2017, Eq. 4).

    The article's p is a sigmoid, as a detector has it; for exclusive classes it is the softmax, as
    in the code of Cao et al.

    Parameters
    ----------
    logits, y, counts
        As for `cross_entropy`.
    gamma : float, default=2
        γ ≥ 0; 0 is the cross-entropy.

    Returns
    -------
    Tensor of shape (n,)
    """
    loss = F.cross_entropy(logits, y, reduction="none")
    # 1 - p as -expm1(log p), which keeps its digits where p is near 1.
    return (-torch.expm1(-loss)) ** gamma * loss


def ldam_margins(counts: Tensor, largest: float = 0.5) -> Tensor:
    """Margins ``Δ_c ∝ n_c^(-1/4)`` (C,), the largest of them 0.5 (Cao et al. 2019, section 3.2).

    ``counts`` (C,) are floating-point numbers here.
    """
    margins = counts**-0.25
    return margins * (largest / margins.max())


def ldam(logits: Tensor, y: Tensor, counts: Tensor) -> Tensor:
    """Cross-entropy of ``s · (cos θ_c - Δ_c [c = y])`` (Cao et al. 2019, section 3.2).

    Parameters
    ----------
    logits : Tensor of shape (n, C)
        ``s · cos θ``, those of a `CosineClassifier`.
    y, counts
        As for `cross_entropy`.

    Returns
    -------
    Tensor of shape (n,)
    """
    margins = _LDAM_SCALE * ldam_margins(counts.to(logits.dtype))
    is_class = y[:, None] == torch.arange(len(counts), device=y.device)
    return F.cross_entropy(logits - margins * is_class, y, reduction="none")


def logit_adjustment(logits: Tensor, y: Tensor, counts: Tensor, tau: float = 1.0) -> Tensor:
    """Cross-entropy of ``f + τ log π`` (Menon et al. 2021, Eq. 10).

    Parameters
    ----------
    logits, y, counts
        As for `cross_entropy`.
    tau : float, default=1
        τ.

    Returns
    -------
    Tensor of shape (n,)
    """
    frequencies = counts.to(logits.dtype) / counts.sum()
    return F.cross_entropy(logits + tau * frequencies.log(), y, reduction="none")


def balanced_softmax(logits: Tensor, y: Tensor, counts: Tensor) -> Tensor:
    """``-log (n_y exp f_y / Σ_c n_c exp f_c)`` (Ren et al. 2020, section 3.1).

    The sum of the counts cancels, so this is `logit_adjustment` with τ = 1: two articles found
    the same loss, and it has both names here.

    Parameters
    ----------
    logits, y, counts
        As for `cross_entropy`.

    Returns
    -------
    Tensor of shape (n,)
    """
    return F.cross_entropy(logits + counts.to(logits.dtype).log(), y, reduction="none")


# ---------------------------------------------------------------- weights of classes


def equal_weights(counts: Tensor) -> Tensor:
    """1 for every class, (C,)."""
    return torch.ones_like(counts, dtype=torch.float64)


def inverse_frequency_weights(counts: Tensor) -> Tensor:
    """``n / (C n_c)``, whose mean over the training data is 1, (C,)."""
    return counts.sum() / (len(counts) * counts.double())


def effective_number_weights(counts: Tensor, beta: float = 0.9999) -> Tensor:
    """``(1 - β) / (1 - β^n_c)``, scaled to the sum C (Cui et al. 2019, section 4), (C,).

    The inverse of the effective number of samples, which grows with n_c up to ``1 / (1 - β)``.
    """
    # 1 - β^n as -expm1(n log β), which keeps its digits where β^n is near 1.
    weights = -1 / torch.expm1(counts.double() * math.log(beta))
    return weights * (len(counts) / weights.sum())


def weighted_mean(losses: Tensor, weights: Tensor, shares: Tensor, normalised: bool) -> Tensor:
    """Mean of ``Σ_k shares_k · weights_k · losses_k`` over the batch.

    Parameters
    ----------
    losses : Tensor of shape (k, n)
        Of n samples under each of their k labels.
    weights : Tensor of shape (k, n)
        Of the labels' classes.
    shares : Tensor of shape (k, n)
        How far each label is the sample's; sum to 1 over k.
    normalised : bool
        Divide by the sum of weights in the batch instead of n.

    Returns
    -------
    Tensor of shape ()
    """
    weights = weights * shares
    total = (weights * losses).sum()
    return total / (weights.sum() if normalised else losses.shape[1])


@dataclass(frozen=True)
class Loss:
    """One loss of the literature, with all that belongs to it.

    Parameters
    ----------
    of_samples : callable
        ``(logits, y, counts)`` to the losses (n,).
    class_weights : callable
        ``counts`` to weights (C,).
    deferred : bool
        Whether the weights are 1 before `DEFERRAL`.
    normalised : bool
        Whether the mean over a batch divides by the sum of its weights (Cao et al. 2019,
        Algorithm 1) instead of its size (Cui et al. 2019).
    adjusts : bool
        Whether class frequencies are part of the loss, and so are not learned.
    cosine : bool
        Whether logits come from normalised features and weights (`CosineClassifier`).
    """

    of_samples: Callable[[Tensor, Tensor, Tensor], Tensor] = cross_entropy
    class_weights: Callable[[Tensor], Tensor] = equal_weights
    deferred: bool = False
    normalised: bool = False
    adjusts: bool = False
    cosine: bool = False

    def weights_at(self, progress: float, counts: Tensor) -> Tensor:
        """Weights of the classes (C,) when a share ``progress`` of the run is done."""
        waits = self.deferred and progress < DEFERRAL
        return equal_weights(counts) if waits else self.class_weights(counts)

    def learned_priors(self, drawn: Tensor, counts: Tensor, progress: float = 1.0) -> Tensor:
        """Class frequencies that ``softmax(f)`` answers to.

        The minimiser of a cross-entropy weighted by ``w``, on classes drawn with probabilities
        ``q``, is the posterior for priors ``∝ q w``; an adjustment by ``log π`` divides them by π.
        The focal loss, LDAM's margins and mixtures change the minimiser in ways that no priors
        express: what is returned is then without their share. What is deferred counts whole from
        its first step on, though the network follows only by and by.

        Parameters
        ----------
        drawn : Tensor of shape (C,)
            How often classes are drawn; need not sum to 1.
        counts : Tensor of shape (C,)
            Training samples of each class.
        progress : float
            The share of the run that is over.

        Returns
        -------
        Tensor of float64, shape (C,)
            Sums to 1.
        """
        priors = drawn.double() * self.weights_at(progress, counts)
        if self.adjusts:
            priors = priors / counts
        return priors / priors.sum()


#: Losses by name.
LOSSES: Mapping[str, Loss] = {
    "cross_entropy": Loss(),
    "weighted": Loss(class_weights=inverse_frequency_weights),
    "focal": Loss(focal),
    "class_balanced": Loss(class_weights=effective_number_weights),
    "ldam": Loss(ldam, effective_number_weights, deferred=True, normalised=True, cosine=True),
    "logit_adjustment": Loss(logit_adjustment, adjusts=True),
    "balanced_softmax": Loss(balanced_softmax, adjusts=True),
}


class CosineClassifier(nn.Module):
    """Linear classifier with normalised features and weights (Cao et al. 2019, section 3.2).

    Parameters
    ----------
    n_features, n_classes : int
    scale : float, default=30
        s: the logits are ``s · cos θ``.
    """

    def __init__(self, n_features: int, n_classes: int, scale: float = _LDAM_SCALE) -> None:
        super().__init__()
        self.scale = scale
        weight = torch.empty(n_classes, n_features).uniform_(-1, 1)
        self.weight = nn.Parameter(F.normalize(weight))

    def forward(self, x: Tensor) -> Tensor:
        """Classify ``(n, n_features)`` to ``(n, n_classes)``."""
        # Cosines close to one another are what half precision cannot tell apart.
        with torch.autocast(x.device.type, enabled=False):
            return self.scale * F.linear(F.normalize(widened(x)), F.normalize(self.weight))
