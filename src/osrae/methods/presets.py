"""Settings of the class-preserving regularised auto-encoder, and its presets.

This is the one place where the presets are written down. A parameter of the estimators overrides
the field of `RAESettings` that has its name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, Literal

from osrae.data.description import DataDescription
from osrae.errors import InputError
from osrae.methods.settings import (
    EncoderSettings,
    Presets,
    paper_latent_dim,
    resolve_encoder_settings,
)

__all__ = [
    "DECODED",
    "DEFERRAL",
    "MIXUP",
    "PHASES",
    "PRESETS",
    "PRESETS_TO_RESAMPLE",
    "RAESettings",
    "preset_settings",
]

#: Share of a run after which deferred sampling turns to uniform classes. With it docs/levers.md was
#: measured; the plain classifier's is that of the article (`osrae.methods.losses.DEFERRAL`).
DEFERRAL = 0.7

#: α of the shares, and share of the batches that are mixed at all, in steps "across"; what each was
#: found to need (docs/levers.md).
MIXUP: Mapping[str, tuple[float, float]] = {"mixup": (0.2, 1.0), "cutmix": (1.0, 0.5)}

#: Which losses a training step computes, by the name of what each one moves
#: (``decoder_class`` moves the decoder, too; ``reconstruction`` is the encoder's second term).
#: In steps "across", samples are mixed across classes, as ``mixup`` says, instead of inside them.
PHASES: Mapping[str, frozenset[str]] = {
    "joint": frozenset(
        {"encoder", "classifier", "mixer", "reconstruction", "decoder", "decoder_class", "critic"}
    ),
    "classify": frozenset({"encoder", "classifier", "mixer", "reconstruction", "decoder_class"}),
    "generate": frozenset({"decoder", "critic"}),
    "reconstruct": frozenset({"encoder", "classifier", "mixer", "reconstruction", "decoder"}),
    "latent": frozenset({"encoder", "classifier", "mixer"}),
    "across": frozenset({"encoder", "classifier"}),
}

#: Losses of what the decoder makes.
DECODED = frozenset({"reconstruction", "decoder", "decoder_class", "critic"})


@dataclass(frozen=True, kw_only=True)
class RAESettings(EncoderSettings):
    """Everything that defines one variant of the method, beside what `EncoderSettings` has.

    Defaults are the paper's text.

    Parameters
    ----------
    ensemble_size : int
        K, encoders side by side, each with a latent space of its own. Each classifies alone while
        it is trained, and holds back other rows; together they classify by the mean of their
        logits.
    latent_dim : int or None
        m, of each of them; None is 8 for tables, 64 for grey and 256 for colour pictures.
    mixture_size : int
        t, the samples in a mixture; at least 2.
    mixing : "mixer", "uniform", float or sequence of float
        Where mixing coefficients come from: the mixer network, the uniform distribution on the
        simplex, a symmetric Dirichlet(a) (Beta(a, a) at t = 2), or fixed coefficients.
    rotate : bool
        Mix every tuple t times, each member in turn as the first, instead of once.
    mix_clean : bool
        Mix latent vectors of samples that are not augmented (a second pass of the encoder).
    mixup : {"none", "mixup", "cutmix"}
        How samples of any two classes are mixed in steps "across"; with "none", or without
        over-sampling, these are steps "latent".
    class_sampling : {"balanced", "instance", "deferred"}
        Classes drawn uniformly, as often as they occur, or first the latter and, from `DEFERRAL`
        on, the former.
    linear_classifier, oversampling, decoder : bool
        The switches of Table 4 (the fourth is ``mixing="uniform"``). Without the linear
        classifier it does not shape the latent space and only reads it; without oversampling
        there are no mixtures and classes are drawn as often as they occur; without the decoder
        there is no reconstruction, no critic, and no step for them alone.
    schedule : tuple of str
        Phases (keys of `PHASES`) that the steps go through in turn.
    critic_steps : int
        Steps of the critic for each step of the decoder.
    conditional_critic : bool
        Whether the critic sees the label.
    gradient_penalty_weight : float
        λ of Eq. 5.
    penalty_points : {"uniform", "normal"}
        Where on the line between a real and a decoded sample the penalty is taken: uniformly
        between them (paper), or at normally distributed multiples (authors' code).
    classification_weight, reconstruction_weight : float
        λ_clf and λ_mae of Eq. 7.
    decoder_reconstruction_weight : float
        Weight of the reconstruction error in the decoder's own loss (0 in the paper).
    decoder_adversarial_weight : float
        Weight of Eq. 4 in the decoder's loss.
    decoder_class_weight : float
        Weight of the cross-entropy of decoded samples under encoder and classifier, which moves
        the decoder (authors' code).
    wrong_labels : {"other", "shuffled"}
        The mixer's targets: another class at random (Eq. 3), or the batch's labels shuffled.
    learning_rate : float
        Of every optimizer; the encoder's alone where ``generator_learning_rate`` is given.
    generator_learning_rate : float or None
        Of mixer, decoder and critic.
    weight_decay : float
        Of the encoder's AdamW.
    classifier_weight_decay : float
        Of the classifier's.
    latent_betas : tuple of float
        Adam's β for classifier and mixer; decoder and critic have (0.5, 0.9).
    rate_schedule : {"constant", "cosine"}
        Course of the learning rates.
    weight_averaging : float
        Decay of the moving averages of encoder, decoder and classifier; 0 is none.
    augmentation_probability : float or "adaptive"
        Share of samples that are augmented; steered by the critic if adaptive.
    augment_decoded : bool
        Augment in steps that decode, too. There, the decoder learns to give back what was there
        before, of which the latent vector of a moved picture does not know the place.
    keep_details : bool
        Add to new samples what the reconstructions of their parents lose, so that a mixture that
        is one parent alone is that parent (rows of tables only; not of the paper).
    style : {"paper", "reference"}
        Details of the networks on which paper and authors' code differ.
    batch_size : int
        Tuples in a batch.
    max_steps : int or None
        Length of the run; None is ``epochs`` passes over the data.
    epochs : float
        Passes over the data, where ``max_steps`` is None.
    """

    ensemble_size: int = 1
    latent_dim: int | None = None
    mixture_size: int = 2
    mixing: str | float | Sequence[float] = "mixer"
    rotate: bool = False
    mix_clean: bool = False
    mixup: Literal["none", "mixup", "cutmix"] = "none"
    class_sampling: Literal["balanced", "instance", "deferred"] = "instance"
    linear_classifier: bool = True
    oversampling: bool = True
    decoder: bool = True
    schedule: tuple[str, ...] = ("joint",)
    critic_steps: int = 1
    conditional_critic: bool = False
    gradient_penalty_weight: float = 10.0
    penalty_points: Literal["uniform", "normal"] = "uniform"
    classification_weight: float = 5.0
    reconstruction_weight: float = 0.01
    decoder_reconstruction_weight: float = 0.0
    decoder_adversarial_weight: float = 1.0
    decoder_class_weight: float = 0.0
    wrong_labels: Literal["other", "shuffled"] = "other"
    learning_rate: float = 2e-4
    generator_learning_rate: float | None = None
    weight_decay: float = 1e-3
    classifier_weight_decay: float = 0.0
    latent_betas: tuple[float, float] = (0.5, 0.9)
    rate_schedule: Literal["constant", "cosine"] = "constant"
    weight_averaging: float = 0.0
    augmentation_probability: float | Literal["adaptive"] = 1.0
    augment_decoded: bool = True
    keep_details: bool = False
    style: Literal["paper", "reference"] = "paper"
    batch_size: int = 64
    max_steps: int | None = 100_001
    epochs: float = 0.0

    @property
    def n_encoders(self) -> int:
        """K: each encoder holds back rows of its own."""
        return self.ensemble_size

    def resolve_latent_dim(self, description: DataDescription) -> int:
        """Return m: the one asked for, or the paper's for data of this kind; of each encoder."""
        return self.latent_dim or paper_latent_dim(description)

    def steps_of(self, epochs: float, n_samples: int) -> int:
        """Return the steps of so many passes; every sample of a mixture counts."""
        return super().steps_of(epochs / self.mixture_size, n_samples)

    def mixes_across(self, step: int) -> bool:
        """Say whether ``step`` trains on samples that are mixed across classes."""
        return self._phase(step) == "across"

    @property
    def phases(self) -> tuple[str, ...]:
        """What steps go through in turn, under the schedule and the switches."""
        mixes = self.oversampling and self.mixup != "none"
        return tuple(
            "latent" if phase == "across" and not mixes else phase
            for phase in self.schedule
            if self.decoder or phase != "generate"  # of which nothing is left without the decoder
        )

    def _phase(self, step: int) -> str:
        phases = self.phases
        return phases[step % len(phases)]

    def terms(self, step: int) -> frozenset[str]:
        """Return the losses that ``step`` computes under the schedule and the switches."""
        terms = PHASES[self._phase(step)]
        if not self.decoder:
            terms -= DECODED
        if not (self.oversampling and self.mixing == "mixer"):
            terms -= {"mixer"}
        if self.decoder_class_weight == 0:
            terms -= {"decoder_class"}
        if self.decoder_adversarial_weight == 0:
            terms -= {"critic"}
        return terms


#: What the authors' public code does beyond, or other than, the text. Its AdamW subtracts
#: 1e-3 of the weights per step, whatever the learning rate; torch's multiplies the decay by
#: the learning rate, so the same step is a decay of 1e-3 / 2e-4 = 5. Its losses are means over
#: the 2t terms, so λ_clf = 5 weighs each of them 5 / 4.
_REFERENCE = RAESettings(
    rotate=True,
    mix_clean=True,
    class_sampling="balanced",
    schedule=("generate", "generate", "generate", "generate", "classify"),
    critic_steps=5,
    conditional_critic=True,
    penalty_points="normal",
    classification_weight=1.25,
    decoder_class_weight=1.0,
    wrong_labels="shuffled",
    weight_decay=5.0,
    classifier_weight_decay=5.0,
    latent_betas=(0.9, 0.999),
    weight_averaging=0.99,
    augmentation="reference",
    augmentation_probability="adaptive",
    style="reference",
)

_DEFAULT_PICTURES = RAESettings(
    encoder="pooled",
    mixing="uniform",
    rotate=True,
    mixup="mixup",
    schedule=("joint",) + ("across", "across", "across", "reconstruct") * 7 + ("across",) * 3,
    conditional_critic=True,
    decoder_reconstruction_weight=1.0,
    decoder_adversarial_weight=0.01,
    learning_rate=2e-3,
    generator_learning_rate=1e-3,
    weight_decay=0.1,
    classifier_weight_decay=0.1,
    latent_betas=(0.9, 0.999),
    rate_schedule="cosine",
    weight_averaging=0.995,
    augmentation="auto",
    augment_decoded=False,
    classify_mirrored=True,
    batch_size=64,
    max_steps=None,
    epochs=45,
    least_steps=1500,
)

#: A larger encoder and a longer run, in which pieces of pictures are exchanged.
_STRONG_PICTURES = replace(
    _DEFAULT_PICTURES,
    encoder="pooled-large",
    mixup="cutmix",
    epochs=160,
)

#: Who asks for samples wants the decoder trained in every step, whatever that costs, an encoder
#: that keeps what pictures are made of and not their class alone, and pictures that are not moved:
#: the decoder would have to guess from where.
_DEFAULT_PICTURES_TO_RESAMPLE = replace(
    _DEFAULT_PICTURES,
    mixup="none",
    schedule=("joint",) + ("reconstruct",) * 7,
    reconstruction_weight=100.0,
    augmentation="none",
    augment_decoded=True,
    epochs=30,
)

_DEFAULT_TABLES = replace(
    _DEFAULT_PICTURES,
    encoder=None,
    ensemble_size=4,
    classify_mirrored=False,
    mixup="none",
    weight_decay=0.05,
    classifier_weight_decay=0.05,
    schedule=("joint",) + ("latent",) * 3 + ("reconstruct",) + ("latent",) * 3,
    learning_rate=1e-3,
    augmentation="none",
    augment_decoded=True,
    epochs=40,
    least_steps=600,
)

_DEFAULT_TABLES_TO_RESAMPLE = replace(
    _DEFAULT_TABLES,
    ensemble_size=1,
    schedule=("joint",) + ("reconstruct",) * 3,
    keep_details=True,
)

#: The presets of the classifier.
PRESETS: Presets[RAESettings] = {
    "paper": {"pictures": RAESettings(), "tables": RAESettings()},
    "reference": {
        "pictures": _REFERENCE,
        "tables": replace(_REFERENCE, augmentation="none", augmentation_probability=1.0),
    },
    "default": {"pictures": _DEFAULT_PICTURES, "tables": _DEFAULT_TABLES},
    "strong": {"pictures": _STRONG_PICTURES, "tables": _DEFAULT_TABLES},
}

#: The presets of the over-sampler.
PRESETS_TO_RESAMPLE: Presets[RAESettings] = {
    "paper": PRESETS["paper"],
    "reference": PRESETS["reference"],
    "default": {"pictures": _DEFAULT_PICTURES_TO_RESAMPLE, "tables": _DEFAULT_TABLES_TO_RESAMPLE},
}


def preset_settings(
    presets: Presets[RAESettings],
    preset: str,
    description: DataDescription,
    overrides: Mapping[str, Any],
) -> RAESettings:
    """Return the settings of ``preset`` for this data, with the overrides that are not None.

    Parameters
    ----------
    presets : Presets
        `PRESETS` or `PRESETS_TO_RESAMPLE`.
    preset : str
        A key of them.
    description : DataDescription
    overrides : mapping of str to value
        Fields of `RAESettings`; None keeps the preset's value.

    Raises
    ------
    InputError
        For an unknown preset, or values that do not fit together or the data.
    """
    settings = resolve_encoder_settings(presets, preset, description, overrides)
    if overrides.get("mixup") in MIXUP and "across" not in settings.schedule:
        raise InputError(
            f"mixup={settings.mixup!r}: preset={preset!r} has no steps that mix across classes "
            f"for {description.kind}; leave mixup out, or use DeepClassifier(mixup='mixup')."
        )
    _check_mixing(settings)
    return settings


def _check_mixing(settings: RAESettings) -> None:
    mixing, t = settings.mixing, settings.mixture_size
    if isinstance(mixing, Sequence) and not isinstance(mixing, str):
        numbers = len(mixing) == t and all(isinstance(value, Real) for value in mixing)
        if not (numbers and min(mixing) >= 0 and math.isclose(sum(mixing), 1)):
            raise InputError(
                f"mixing={mixing!r}: fixed coefficients must be mixture_size={t} numbers, none "
                "negative, that sum to 1."
            )
