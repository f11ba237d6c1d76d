"""Encoders side by side.

References
----------
Lakshminarayanan, Pritzel, Blundell. Simple and Scalable Predictive Uncertainty Estimation using
Deep Ensembles. NeurIPS 2017.
Gorishniy, Kotelnikov, Babenko. TabM: Advancing Tabular Deep Learning with Parameter-Efficient
Ensembling. ICLR 2025 (members that are trained together, on the same batches).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["EncoderEnsemble", "logits_of_each"]


class EncoderEnsemble(nn.Module):
    """K encoders, each with a part of the latent space: ``z = (e_1, …, e_K) / K``.

    Parameters
    ----------
    members : sequence of Module
        Encoders of one latent dimension m.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, x: Tensor) -> Tensor:
        """Encode samples ``(n, …)`` to ``(n, K m)``."""
        return torch.cat([member(x) for member in self.members], dim=1) / len(self.members)


def logits_of_each(classifier: nn.Linear, z: Tensor, n_members: int) -> Tensor:
    """Classify by each part of the latent space alone; the mean over them is ``classifier(z)``.

    Parameters
    ----------
    classifier : Linear
        From K m to C.
    z : Tensor of shape (..., K m)
        Latent vectors of an `EncoderEnsemble`, or mixtures of them.
    n_members : int
        K.

    Returns
    -------
    Tensor of shape (K, ..., C)
    """
    if n_members == 1:
        return classifier(z)[None]
    parts = (n_members * z).unflatten(-1, (n_members, -1)).unbind(-2)
    weights = classifier.weight.unflatten(1, (n_members, -1)).unbind(1)
    return torch.stack(
        [F.linear(part, own, classifier.bias) for part, own in zip(parts, weights, strict=True)]
    )
