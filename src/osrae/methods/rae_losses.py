"""The equations of class-preserving oversampling, as functions of tensors.

Equation numbers are the paper's: Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling
for Imbalanced Data via Class-Preserving Regularized Auto-Encoders. AISTATS 2023.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from osrae.methods.cross_fitting import cross_entropy

__all__ = [
    "classification_loss",
    "critic_loss",
    "decoder_loss",
    "encoder_loss",
    "gradient_penalty",
    "mix",
    "mixer_loss",
]


def mix(z: Tensor, alpha: Tensor) -> Tensor:
    """Mix latent vectors of one class: ``z' = Σ_j α_j z_j`` (Eq. 1); (t, N, m), (N, t) → (N, m).

    Or samples: further axes stay as they are.
    """
    return torch.einsum("tn...,nt->n...", z, alpha.to(z.dtype))


def mixer_loss(logits_mixed: Tensor, y_wrong: Tensor) -> Tensor:
    """Cross-entropy of mixtures against a class that is not theirs (Eq. 3)."""
    return F.cross_entropy(logits_mixed, y_wrong)


def decoder_loss(scores_decoded: Tensor) -> Tensor:
    """Minus the critic's mean score of decoded samples (Eq. 4)."""
    return -scores_decoded.mean()


def critic_loss(
    scores_decoded: Tensor, scores_real: Tensor, penalty: Tensor, weight: float
) -> Tensor:
    """Wasserstein critic with gradient penalty (Eq. 5)."""
    return scores_decoded.mean() - scores_real.mean() + weight * penalty


def classification_loss(
    logits: Tensor, logits_mixed: Tensor | None, y: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Cross-entropy of the t members and of their mixtures (Eq. 6), mean over the batch.

    Parameters
    ----------
    logits : Tensor of shape (t, B, C)
    logits_mixed : Tensor of shape (R, B, C) or None
        R mixtures of each tuple; None without oversampling.
    y : Tensor of shape (B,) or (t + R, B)
        Class numbers, of tuples or of each row, see `kept_labels`.
    weights : Tensor of shape (C,) or None
        Of the classes.
    """
    rows = logits if logits_mixed is None else torch.cat([logits, logits_mixed])
    labels = y.expand(*rows.shape[:2]).flatten()
    return cross_entropy(rows.flatten(0, 1), labels, weights, "sum") / rows.shape[1]


def encoder_loss(
    classification: Tensor, reconstruction: Tensor, clf_weight: float, mae_weight: float
) -> Tensor:
    """``λ_clf · L_clf + λ_mae · L_mae`` (Eq. 7)."""
    return clf_weight * classification + mae_weight * reconstruction


def gradient_penalty(
    score: Callable[[Tensor], Tensor], real: Tensor, decoded: Tensor, position: Tensor
) -> Tensor:
    """Mean of ``(‖∇ K(x̂)‖₂ - 1)²`` at ``x̂`` on the line from real to decoded (Eq. 5).

    The root has an epsilon: its derivative at 0 is infinite.
    """
    position = position.view(-1, *[1] * (real.dim() - 1))
    between = torch.lerp(real, decoded, position).requires_grad_()
    (slope,) = torch.autograd.grad(score(between).sum(), between, create_graph=True)
    norm = (slope.flatten(1).square().sum(1) + 1e-12).sqrt()
    return (norm - 1).square().mean()
