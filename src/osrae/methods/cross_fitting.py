"""What each of several encoders learns from: all rows but those that it holds back."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["cross_entropy", "kept_labels", "kept_weights"]

#: The label of what an encoder is not to learn from.
_IGNORED = -100


def cross_entropy(logits: Tensor, y: Tensor, weights: Tensor | None, reduction: str) -> Tensor:
    """Cross-entropy, in which what has no label (see `kept_labels`) does not count.

    Parameters
    ----------
    logits : Tensor of shape (n, C)
    y : Tensor of shape (n,)
    weights : Tensor of shape (C,) or None
        Of the classes.
    reduction : {"none", "sum"}
    """
    weights = None if weights is None else weights.to(logits.dtype)
    return F.cross_entropy(logits, y, weights, reduction=reduction, ignore_index=_IGNORED)


def kept_labels(
    y: Tensor, held_by: Tensor | None, n_encoders: int, tuple_size: int, n_mixtures: int
) -> Tensor:
    """Return the labels of the members and of the mixtures of tuples, for each encoder.

    Rows that it holds back have none, nor have mixtures that one of them is in.

    Parameters
    ----------
    y : Tensor of shape (B,)
        Class numbers of tuples.
    held_by : Tensor of shape (t, B) or None
        The encoder that holds a member back; -1 where none does.
    n_encoders, tuple_size, n_mixtures : int
        K, t, R.

    Returns
    -------
    Tensor of shape (K, t + R, B)
    """
    labels = y.expand(n_encoders, tuple_size + n_mixtures, len(y))
    if held_by is None:
        return labels
    encoders = torch.arange(n_encoders, device=y.device)
    held = held_by == encoders[:, None, None]
    in_mixture = held.any(1, keepdim=True).expand(-1, n_mixtures, -1)
    return labels.masked_fill(torch.cat([held, in_mixture], dim=1), _IGNORED)


def kept_weights(
    y: Tensor, held_by: Tensor, n_encoders: int, n_classes: int, tuple_size: int, n_mixtures: int
) -> Tensor:
    """Return by how much each class is to weigh more, for all that an encoder does not learn from.

    A class that it holds more back of than of others would else come to look rarer to it than it
    is. Of a tuple, ``t (1 - h / n) + R P`` terms are expected to count: members that are not held
    back, and mixtures that have no such member, with probability P. (They are drawn without
    replacement where a class has t members.)

    Parameters
    ----------
    y : Tensor of shape (n,)
        Class numbers of the training data.
    held_by : Tensor of shape (n,)
        The encoder that holds a row back; -1 where none does. None holds back a whole class.
    n_encoders, n_classes : int
        K, C.
    tuple_size, n_mixtures : int
        t, R.

    Returns
    -------
    Tensor of shape (K, C), float64
        ``(t + R) / (t (1 - h / n) + R P)``.
    """
    counts = torch.bincount(y, minlength=n_classes).double()
    cells = (held_by.long() * n_classes + y.long())[held_by >= 0]
    held = torch.bincount(cells, minlength=n_encoders * n_classes).view(n_encoders, n_classes)
    kept = counts - held
    before = torch.arange(tuple_size).double()
    before = torch.where(counts[:, None] >= tuple_size, before, 0.0)  # (C, t): drawn already
    left = (kept[..., None] - before).clamp_min(0) / (counts[:, None] - before)
    expected = tuple_size * kept / counts + n_mixtures * left.prod(-1)
    return (tuple_size + n_mixtures) / expected
