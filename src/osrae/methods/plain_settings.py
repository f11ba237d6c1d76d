"""Settings of the plain classifier, and its presets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from osrae.methods.settings import EncoderSettings, Presets

__all__ = ["PRESETS", "PlainSettings"]


@dataclass(frozen=True, kw_only=True)
class PlainSettings(EncoderSettings):
    """Everything that defines one plain classifier, beside what `EncoderSettings` has.

    Parameters
    ----------
    loss : str
        A key of `osrae.methods.losses.LOSSES`.
    sampling : {"instance", "balanced", "square_root", "deferred"}
        Classes as often as they occur (every row once in an epoch), all alike, by the root of
        their counts, or all alike from `DEFERRAL` on and before that as they occur.
    mixup : {"mixup", "remix", "cutmix"} or None
        Mixtures of the samples of a batch to train on in their place.
    mixup_alpha : float
        α of the Beta distribution of the shares.
    latent_dim : int, "paper" or "trunk"
        Size of the encoder's last layer, which the linear head follows; that of the paper; or no
        such layer, so that the head is the only one after the encoder's trunk.
    weight_decay : float
    decoupled_decay : bool
        Whether the decay is AdamW's, or the gradient of a penalty on squared weights (Adam).
    warmup : float
        Share of the run in which the learning rate rises, before it falls as a cosine to 0.
    weight_averaging : float
        Decay of the moving averages by which results are computed; 0 is none.
    """

    loss: str = "cross_entropy"
    sampling: str = "instance"
    mixup: Literal["mixup", "remix", "cutmix"] | None = None
    mixup_alpha: float = 1.0
    latent_dim: int | Literal["paper", "trunk"] = "paper"
    weight_decay: float = 0.05
    decoupled_decay: bool = True
    warmup: float = 0.05
    weight_averaging: float = 0.995
    batch_size: int = 128


#: ResNet-18 as the over-sampling methods of the literature end in.
_TWO_STAGE = PlainSettings(
    encoder="resnet18",
    latent_dim="trunk",
    learning_rate=1e-3,
    weight_decay=5e-4,
    decoupled_decay=False,
    warmup=0.0,
    weight_averaging=0.0,
    epochs=50,
)

_PICTURES = PlainSettings(
    encoder="pooled",
    augmentation="auto",
    classify_mirrored=True,
    learning_rate=2e-3,
    weight_decay=0.1,
    epochs=45,
    least_steps=1500,
)

#: Settings by preset name and kind of data. Default and strong have the encoder (for tables the one
#: of Table 18), the samples in a step and the length of `RAEClassifier`'s.
PRESETS: Presets[PlainSettings] = {
    "default": {
        "pictures": _PICTURES,
        "tables": PlainSettings(learning_rate=1e-3, epochs=40, least_steps=600),
    },
    "strong": {"pictures": replace(_PICTURES, encoder="pooled-large", epochs=160)},
    "two-stage": {"pictures": _TWO_STAGE, "tables": replace(_TWO_STAGE, encoder="mlp")},
}
