"""Settings of BAGAN and its presets; the notation is that of `osrae.methods.bagan_method`.

What the two presets differ in ("original" is the authors' code):

=============  ================================  ===============================================
option         "default"                         "original": the authors
=============  ================================  ===============================================
architecture   layers of Tables 16 to 19         theirs; pictures are in [-1, 1] inside
latent_dim     64 (grey), 256 (colour), 8        100 for pictures
               (tables)
shrinkage      0.01                              0
learning_rate  1e-3 (pictures), 5e-5 (tables)    5e-5
least_steps    1,500 in each stage               0
=============  ================================  ===============================================

The authors' rate is for 70,000 steps and more of each stage, as many as 150 passes over all of
MNIST. In the thousands that rare classes come with, the generator hardly learns to draw by it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from osrae.data.description import DataDescription, ImageDescription
from osrae.methods.settings import Presets, Settings, paper_latent_dim

__all__ = ["PRESETS", "BAGANSettings"]

_AUTHORS_LATENT_DIM = 100


@dataclass(frozen=True, kw_only=True)
class BAGANSettings(Settings):
    """Everything that defines one variant of the method.

    Parameters
    ----------
    epochs, least_steps : float, int
        Of each of the two stages.
    architecture : {"equal", "original"}
        Networks of the layers of Tables 16 to 19, or those of the authors, who have none for
        tables.
    latent_dim : int or None
        m; None is 64 for grey, 256 for colour pictures and 8 for tables, with the authors' networks
        100 for pictures.
    mode : {"uniform", "rebalance"}
        Classes of what is generated in training, see `class_probabilities`.
    shrinkage : float
        What is added to every covariance's diagonal, in parts of its mean.
    """

    learning_rate: float = 5e-5
    batch_size: int = 128
    epochs: float = 100
    architecture: Literal["equal", "original"] = "equal"
    latent_dim: int | None = None
    mode: Literal["uniform", "rebalance"] = "uniform"
    shrinkage: float = 0.01

    def full_steps(self, n_samples: int) -> int:
        """Return the length of both stages together on ``n_samples`` samples."""
        return 2 * super().full_steps(n_samples)

    def resolve_latent_dim(self, description: DataDescription) -> int:
        """Return m for data of this kind."""
        if self.latent_dim is not None:
            return self.latent_dim
        if self.architecture == "original" and isinstance(description, ImageDescription):
            return _AUTHORS_LATENT_DIM
        return paper_latent_dim(description)


_DEFAULT = BAGANSettings(least_steps=1500)
_ORIGINAL = BAGANSettings(architecture="original", shrinkage=0.0)

PRESETS: Presets[BAGANSettings] = {
    "default": {"pictures": replace(_DEFAULT, learning_rate=1e-3), "tables": _DEFAULT},
    "original": {"pictures": _ORIGINAL, "tables": _ORIGINAL},
}
