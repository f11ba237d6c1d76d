"""Mixtures of samples of any two classes, with labels that are mixed in the same shares.

Each draws one share λ for a whole batch, as in their authors' code, and a partner for each sample.

References
----------
Zhang, Cisse, Dauphin, Lopez-Paz. mixup: Beyond Empirical Risk Minimization. ICLR 2018.
Yun, Han, Oh, Chun, Choe, Yoo. CutMix: Regularization Strategy to Train Strong Classifiers with
Localizable Features. ICCV 2019.
Chou, Chang, Pan, Wei, Juan. Remix: Rebalanced Mixup. ECCV Workshops 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from osrae.errors import InputError

__all__ = ["Mixtures", "beta_share", "check_mixup", "cutmix", "mix", "mix_across", "remix_share"]


@dataclass(frozen=True)
class Mixtures:
    """Samples and their two labels.

    Parameters
    ----------
    x : Tensor of shape (n, ...)
    labels : Tensor of shape (2, n)
        Class numbers: a sample's own, and its partner's.
    shares : Tensor of shape (2, n)
        How far each label is the sample's; sum to 1.
    """

    x: Tensor
    labels: Tensor
    shares: Tensor


def check_mixup(mixup: str | None, shape: tuple[int, ...]) -> None:
    """Raise an `InputError` if samples of this shape cannot be mixed in this way."""
    if mixup == "cutmix" and len(shape) != 3:
        raise InputError(
            "mixup='cutmix' puts a piece of one picture into another, and this is a table; "
            "leave mixup out, or use DeepClassifier(mixup='mixup')."
        )


def mix_across(
    x: Tensor,
    y: Tensor,
    mixup: str,
    alpha: float,
    generator: torch.Generator,
    probability: float = 1.0,
) -> Mixtures:
    """Mix every sample of a batch with another one of it.

    Parameters
    ----------
    x : Tensor of shape (n, ...)
    y : Tensor of shape (n,)
        Class numbers.
    mixup : {"mixup", "cutmix"}
        Add two samples, or put a rectangle of one picture into another.
    alpha : float
        λ, the own share, is of Beta(α, α).
    generator : torch.Generator
    probability : float, default=1
        That a batch is mixed at all.
    """
    share = beta_share(alpha, generator)
    partner = torch.randperm(len(y), generator=generator, device=y.device)
    if probability < 1:
        draw = torch.rand((), generator=generator, device=share.device)
        share = torch.where(draw < probability, share, 1.0)
    if mixup == "cutmix":
        x, share = cutmix(x, partner, share, torch.rand(2, generator=generator, device=x.device))
    else:
        x = mix(x, partner, share)
    shares = torch.stack([share, 1 - share])[:, None].expand(2, len(y))
    return Mixtures(x, torch.stack([y, y[partner]]), shares)


def beta_share(alpha: float, generator: torch.Generator) -> Tensor:
    """Draw λ of Beta(α, α), a scalar on the generator's device."""
    gamma = torch._standard_gamma(
        torch.full((2,), alpha, device=generator.device), generator=generator
    )
    gamma = gamma.clamp_min(torch.finfo(gamma.dtype).tiny)  # both may be 0 for a small α
    return gamma[0] / gamma.sum()


def mix(x: Tensor, partner: Tensor, share: Tensor) -> Tensor:
    """``λ x + (1 - λ) x_partner``; ``x`` (n, …), row numbers ``partner`` (n,), λ a scalar."""
    return torch.lerp(x[partner], x, share.to(x.dtype))


def cutmix(x: Tensor, partner: Tensor, share: Tensor, centre: Tensor) -> tuple[Tensor, Tensor]:
    """Put a rectangle of each picture's partner into it (Yun et al. 2019, Eq. 1 and 2).

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
    partner : Tensor of shape (n,)
        Row numbers.
    share : Tensor of shape ()
        λ: the sides of the rectangle are √(1 - λ) of the picture's.
    centre : Tensor of shape (2,)
        Of the rectangle, as shares of height and width; it may reach beyond the border.

    Returns
    -------
    x : Tensor of shape (n, channels, height, width)
    share : Tensor of shape ()
        Share of the pixels that are the picture's own.
    """
    half = (1 - share).sqrt() / 2
    rows, columns = (
        ((torch.arange(size, device=x.device) + 0.5) / size - middle).abs() < half
        for size, middle in zip(x.shape[2:], centre, strict=True)
    )
    cut = rows[:, None] & columns
    return torch.where(cut, x[partner], x), 1 - cut.float().mean()


def remix_share(
    share: Tensor, n_own: Tensor, n_partner: Tensor, kappa: float = 3.0, tau: float = 0.5
) -> Tensor:
    """Share of the own label in a mixture: 0 or 1 in favour of a class that is much rarer.

    The definition of λ_y of Chou et al. 2020.

    Parameters
    ----------
    share : Tensor of shape ()
        λ, the own share of the mixture.
    n_own, n_partner : Tensor of shape (n,)
        Training samples of the own and of the partner's class.
    kappa : float, default=3
        κ ≥ 1: how many times more frequent the one class must be than the other.
    tau : float, default=0.5
        τ: below which share of the mixture the frequent class loses its share of the label.

    Returns
    -------
    Tensor of shape (n,)
    """
    to_partner = (n_own >= kappa * n_partner) & (share < tau)
    to_own = (kappa * n_own <= n_partner) & (1 - share < tau)
    shares = share.expand(len(n_own))
    return shares.masked_fill(to_partner, 0.0).masked_fill(to_own, 1.0)
