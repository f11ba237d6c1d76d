"""Settings of DeepSMOTE and its presets; the notation is that of `osrae.methods.deepsmote`.

What the two presets differ in ("original" is the authors' code):

=================  =============================  ================================================
option             "default"                      "original"
=================  =============================  ================================================
architecture       Tables 16 and 18               the authors' networks; pictures are in [-1, 1]
                                                  inside
latent_dim         64 (grey), 256 (colour)        300 (grey), 600 (colour)
sample_statistics  a sample of one class is       it is normalised by its own statistics, which
                   seen as after training         move the running ones
keep               the last weights               those of the epoch with the lowest training loss
least_steps        1,500                          0
=================  =============================  ================================================

After training, latent vectors are normalised by statistics of all classes. A decoder that has seen
rare classes under their own alone does not reconstruct them then, above all in small tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from osrae.data.description import DataDescription, ImageDescription
from osrae.methods.settings import Presets, Settings, paper_latent_dim
from osrae.networks.deepsmote import WIDTH

__all__ = ["PRESETS", "DeepSMOTESettings"]


@dataclass(frozen=True, kw_only=True)
class DeepSMOTESettings(Settings):
    """Everything that defines one variant of the method.

    Parameters
    ----------
    architecture : {"equal", "original"}
        Networks of Tables 16 and 18, or those of the authors, who have none for tables.
    width : int
        Channels of the first convolution of the authors' networks.
    latent_dim : int or None
        m; None is 64 for grey, 256 for colour pictures and 8 for tables, with the authors' networks
        300 for grey and 600 for colour ones.
    penalty : {"reference", "published"}
        What the authors' code or what the article has for L_P.
    penalty_weight : float
        Of L_P beside L_R.
    class_sample_size : int
        Most samples in S.
    sample_statistics : {"running", "own"}
        What S is normalised by: the running statistics of all classes (S passes the networks as
        after training), or its own, which then move the running ones.
    k_neighbors : int
        k.
    keep : {"last", "lowest_loss"}
        Which weights of a run are kept.
    """

    epochs: float = 200
    architecture: Literal["equal", "original"] = "equal"
    width: int = WIDTH
    latent_dim: int | None = None
    penalty: Literal["reference", "published"] = "reference"
    penalty_weight: float = 1.0
    class_sample_size: int = 100
    sample_statistics: Literal["running", "own"] = "running"
    k_neighbors: int = 5
    keep: Literal["last", "lowest_loss"] = "last"

    def resolve_latent_dim(self, description: DataDescription) -> int:
        """Return m for data of this kind."""
        if self.latent_dim is not None:
            return self.latent_dim
        if self.architecture == "original" and isinstance(description, ImageDescription):
            return 300 if description.channels == 1 else 600
        return paper_latent_dim(description)


_DEFAULT = DeepSMOTESettings(least_steps=1500)
_ORIGINAL = DeepSMOTESettings(architecture="original", sample_statistics="own", keep="lowest_loss")

PRESETS: Presets[DeepSMOTESettings] = {
    "default": {"pictures": _DEFAULT, "tables": _DEFAULT},
    "original": {"pictures": _ORIGINAL, "tables": _ORIGINAL},
}
