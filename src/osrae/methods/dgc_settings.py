"""Settings and presets of the deep generative classifier.

References
----------
Wang, Lyu, Jing. Deep Generative Model for Robust Imbalance Classification. CVPR 2020, and the
authors' public code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from osrae.data.description import DataDescription, ImageDescription
from osrae.methods.settings import Presets, Settings
from osrae.networks.dgc import Architecture

__all__ = ["PRESETS", "DGCSettings", "RateSchedule", "presets_for", "rate_factor"]

RateSchedule = Literal["steps", "exponential", "steps as run", "exponential as run"]

_RATE_STEPS = {30: 1 / 2, 50: 1 / 5, 100: 1 / 10}


def rate_factor(schedule: RateSchedule, epoch: float, epochs: float) -> float:
    """Share of the full learning rate in the course of training.

    Parameters
    ----------
    schedule : {"steps", "exponential", "steps as run", "exponential as run"}
        ``"steps"``: 1/2 from epoch 30 on, 1/10 from 50, 1/100 from 100. ``"exponential"``: decay
        to 1/100. The authors' code means these two, but changes the rate within single epochs only
        (``"steps as run"``: 1/2 in epoch 30, 1/5 in 50, 1/10 in 100) or never (``"exponential as
        run"``: the first epoch's decay).
    epoch : float
        Epochs done.
    epochs : float
        Epochs of the whole run.
    """
    match schedule:
        case "steps":
            return math.prod(factor for start, factor in _RATE_STEPS.items() if epoch >= start)
        case "steps as run":
            return _RATE_STEPS.get(int(epoch), 1.0)
        case "exponential":
            return 100 ** (-epoch / epochs)
        case "exponential as run":
            return 100 ** (-1 / epochs)


@dataclass(frozen=True, kw_only=True)
class DGCSettings(Settings):
    """Everything that defines one variant of the method.

    Parameters
    ----------
    architecture : {"equal", "mnist", "celeba"}
        The networks: of the size of Tables 16 and 18, or the authors' (pictures only).
    n_filters : int
        Width of the authors' networks.
    latent_dim : int or None
        m; None is 8 for tables, 64 for grey and 256 for colour pictures.
    head : {"linear", "mlp"}
        p(y | z): one layer, or three.
    n_codes : int
        S, the codes drawn for each label when a sample is classified.
    mmd_weight : float
        λ. For pictures 0.01 by default: the authors' code has 1 beside a cross-entropy that is a
        sum over batches of 100, see ``cross_entropy``. With 1 beside its mean, codes soon tell the
        label that they were made with and less and less of the sample
        (benchmarks/method_choices.py, its part "dgc").
    recon_weight : float or None
        Factor of the squared error, in training and in the scores of labels: the inverse variance
        of p(x | z). None is 20 / d for pictures of d values, and 0.64 / d for tables of d encoded
        columns.
    cross_entropy : {"mean", "sum"}
        Over the batch: the mean, like the squared error (article, Eq. 8), or the sum, which weighs
        it B times as much (authors' code).
    oversampling_rate : float
        r of the repeated codes that the classifier is trained on.
    extra_encoder_step : bool
        Whether the recogniser takes a step of its own before each joint step.
    warm_up_steps : int
        Most steps in which the recogniser alone learns to match the moments of p(z), at most a
        quarter of the run.
    warm_up_size : int
        Samples in such a step.
    rate_schedule : {"steps", "exponential", "steps as run", "exponential as run"}
        Course of the learning rate, see `rate_factor`.
    reshuffle : bool
        Whether every epoch has an order of its own; the authors' code repeats the first.
    """

    architecture: Architecture = "equal"
    n_filters: int = 1024
    latent_dim: int | None = None
    head: Literal["linear", "mlp"] = "linear"
    n_codes: int = 10
    mmd_weight: float = 1.0
    recon_weight: float | None = None
    cross_entropy: Literal["mean", "sum"] = "mean"
    oversampling_rate: float = 0.6
    extra_encoder_step: bool = True
    warm_up_steps: int = 200
    warm_up_size: int = 1000
    rate_schedule: RateSchedule = "steps"
    reshuffle: bool = True
    epochs: float = 50

    def full_steps(self, n_samples: int) -> int:
        """Return the length of a run that is counted in epochs, warm-up included."""
        return self.warm_up_steps + super().full_steps(n_samples)

    def resolve_recon_weight(self, description: DataDescription) -> float:
        """Return the factor of the squared error for this data."""
        if self.recon_weight is not None:
            return self.recon_weight
        # More, and labels are told apart by how well values that say nothing of them are decoded
        # (benchmarks/method_choices.py).
        share = 20.0 if description.kind == "pictures" else 0.64
        return share / math.prod(description.shape)


#: In a long run at the full rate, codes of pictures come to tell the label that they were made with
#: and less of the sample (benchmarks/method_choices.py, its part "dgc-length").
_DEFAULT = DGCSettings(rate_schedule="exponential", least_steps=1500)
_ORIGINAL = DGCSettings(
    architecture="mnist",
    latent_dim=64,
    recon_weight=1.0,
    cross_entropy="sum",
    rate_schedule="steps as run",
    reshuffle=False,
    learning_rate=1e-5,
)

PRESETS: Presets[DGCSettings] = {
    "default": {
        "pictures": replace(_DEFAULT, mmd_weight=0.01),
        "tables": _DEFAULT,
    },
    # The authors have no networks for tables.
    "original": {
        "pictures": _ORIGINAL,
        "tables": replace(_ORIGINAL, architecture="equal", latent_dim=None, learning_rate=2e-4),
    },
}

#: What differs for pictures of 64 × 64 and larger.
_LARGE_PICTURES: Presets[DGCSettings] = {
    **PRESETS,
    "original": {
        **PRESETS["original"],
        "pictures": replace(
            _ORIGINAL,
            architecture="celeba",
            head="mlp",
            extra_encoder_step=False,
            warm_up_size=256,
            rate_schedule="exponential as run",
            learning_rate=5e-5,
            batch_size=25,
            epochs=30,
        ),
    },
}


def presets_for(description: DataDescription) -> Presets[DGCSettings]:
    """Return the presets; the authors have networks of their own for large pictures."""
    if isinstance(description, ImageDescription):
        large = min(description.height, description.width) >= 64
        return _LARGE_PICTURES if large else PRESETS
    return PRESETS
