"""The plain classifier: one network, trained on the samples there are.

What every over-sampling method has to beat: the encoder that it has itself, a linear head, and
one of the losses, ways of sampling or mixtures that were published for data with rare classes.

References
----------
Kang, Xie, Rohrbach, Yan, Gordo, Feng, Kalantidis. Decoupling Representation and Classifier for
Long-Tailed Recognition. ICLR 2020 (kinds of sampling).
Cao, Wei, Gaidon, Arechiga, Ma. Learning Imbalanced Datasets with Label-Distribution-Aware Margin
Loss. NeurIPS 2019 (deferral).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn

from osrae.data.description import DataDescription
from osrae.methods.classifying import ClassifyingEstimator
from osrae.methods.embedding import EmbeddingClassifier, Embeds
from osrae.methods.losses import DEFERRAL, LOSSES, CosineClassifier, weighted_mean
from osrae.methods.mixtures import mix_across, remix_share
from osrae.methods.parameters import estimator, positive, whole
from osrae.methods.settings import (
    EncoderSettings,
    Presets,
    paper_latent_dim,
    resolve_encoder_settings,
)
from osrae.networks import build_encoder
from osrae.training.averaging import update_average
from osrae.training.batches import Source, TrainingData
from osrae.training.device import autocast, full
from osrae.training.optimisation import AdamW, cosine_factor, move, set_rate_factor

__all__ = ["DeepClassifier", "PlainClassifier", "PlainSettings"]


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


#: How often classes of these counts (C,) are drawn; numbers need not sum to 1.
_DRAWN: Mapping[str, Callable[[Tensor], Tensor]] = {
    "instance": lambda counts: counts.double(),
    "balanced": lambda counts: torch.ones_like(counts, dtype=torch.float64),
    "square_root": lambda counts: counts.double().sqrt(),
}


def sampling_at(progress: float, sampling: str) -> str:
    """Resolve "deferred": "instance" before a share `DEFERRAL` of the run, then "balanced"."""
    if sampling != "deferred":
        return sampling
    return "instance" if progress < DEFERRAL else "balanced"


class PlainClassifier(Embeds):
    """Encoder and head, moved by one loss.

    Parameters
    ----------
    description : DataDescription
    class_counts : Tensor of shape (C,)
        Training samples of each class.
    settings : PlainSettings
        Its augmentation is the name of a policy.

    Attributes
    ----------
    past_deferral : Tensor of bool
        Whether the weights come of what is deferred, too.
    """

    settings: PlainSettings
    past_deferral: Tensor

    def __init__(
        self, description: DataDescription, class_counts: Tensor, settings: PlainSettings
    ) -> None:
        super().__init__(description, class_counts, settings)
        self.loss = LOSSES[settings.loss]
        encoder, self.latent_dim = _encoder(description, settings)
        head = CosineClassifier if self.loss.cosine else nn.Linear
        self.networks = nn.ModuleDict(
            {"encoder": encoder, "classifier": head(self.latent_dim, self.n_classes)}
        )
        self.register_buffer("past_deferral", torch.zeros((), dtype=torch.bool))
        if settings.weight_averaging:
            self.keep_averages("encoder", "classifier")

    def prepare(self, data: TrainingData) -> None:
        """Make a fresh optimizer, of all weights."""
        self.whiten(data)
        s = self.settings
        decay = s.weight_decay if s.decoupled_decay else 0.0
        weights = self.networks.parameters()
        self.optimizers = {"classifier": AdamW(weights, s.learning_rate, weight_decay=decay)}

    def training_step(self, source: Source) -> dict[str, Tensor]:
        """Draw a batch, mix it if asked to, and move encoder and head by its loss."""
        s = self.settings
        set_rate_factor(self.optimizers.values(), cosine_factor(source.progress, s.warmup))
        self.past_deferral.fill_(source.progress >= DEFERRAL)
        x, y = source.take(self._rows(source))
        x = self.augment(x, source.generator)
        x, labels, shares = self._mixed(x, y, source.generator)
        with autocast(self.device, self.precision):
            logits = full(self.networks["classifier"](full(self.networks["encoder"](x))))
        weights = self.loss.weights_at(source.progress, source.counts).to(logits)
        losses = [self.loss.of_samples(logits, label, self.class_counts) for label in labels]
        loss = weighted_mean(
            torch.stack(losses), weights[labels], shares, normalised=self.loss.normalised
        )
        move(self.optimizers, {"classifier": loss + self._penalty()})
        for name, average in self.averaged.items():
            update_average(average, self.networks[name], s.weight_averaging, source.step)
        return {"classifier": loss}

    def _rows(self, source: Source) -> Tensor:
        """Return rows of the next batch; as they occur means every one once in an epoch."""
        size = self.settings.batch_size
        sampling = sampling_at(source.progress, self.settings.sampling)
        if sampling == "instance":
            return source.epoch_rows(size, source.step * size)
        return source.random_rows(size, _DRAWN[sampling](source.counts))

    def _mixed(
        self, x: Tensor, y: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return samples ``(n, …)``, their labels ``(k, n)`` and the labels' shares ``(k, n)``."""
        s = self.settings
        if s.mixup is None:
            return x, y[None], torch.ones_like(y, dtype=x.dtype)[None]
        kind = "mixup" if s.mixup == "remix" else s.mixup
        mixed = mix_across(x, y, kind, s.mixup_alpha, generator)
        shares = mixed.shares
        if s.mixup == "remix":
            own = remix_share(shares[0, 0], *self.class_counts[mixed.labels])
            shares = torch.stack([own, 1 - own])
        return mixed.x, mixed.labels, shares

    def _penalty(self) -> Tensor | float:
        """Half the weight decay times all squared weights, whose gradient is Adam's decay."""
        if self.settings.decoupled_decay:
            return 0.0
        squares = [weight.square().sum() for weight in self.networks.parameters()]
        return 0.5 * self.settings.weight_decay * torch.stack(squares).sum()

    # ------------------------------------------------------------------ what comes of it

    def learned_priors(self) -> Tensor:
        """Class frequencies that training implied, (C,): the network's own logits are for them."""
        counts, progress = self.class_counts.cpu(), float(self.past_deferral)
        drawn = _DRAWN[sampling_at(progress, self.settings.sampling)](counts)
        return self.loss.learned_priors(drawn, counts, progress)

    def logits(self, x: Tensor) -> Tensor:
        """Logits for equally common classes: ``(n, …)`` to ``(n, C)``."""
        own = full(self.final("classifier")(self.embed(x)))
        return own - self.learned_priors().log().to(own)


def _encoder(description: DataDescription, settings: PlainSettings) -> tuple[nn.Module, int]:
    """Build the encoder and return the size m of what it computes, too."""
    m = settings.latent_dim
    if m != "trunk":
        m = paper_latent_dim(description) if m == "paper" else m
        return build_encoder(settings.encoder, description, m), m
    encoder = build_encoder(settings.encoder, description, 1)
    assert isinstance(encoder.output, nn.Linear)
    m, encoder.output = encoder.output.in_features, nn.Identity()
    return encoder, m


@estimator
class DeepClassifier(EmbeddingClassifier):
    """Plain network with the losses, sampling and mixtures of the literature on rare classes.

    Parameters
    ----------
    loss : str, default="cross_entropy"
        ``"cross_entropy"``; ``"weighted"``, with class weights n / (C n_c); ``"focal"`` (γ = 2);
        ``"class_balanced"``, weighted by effective numbers of samples (β = 0.9999); ``"ldam"``,
        margins that are larger for rarer classes on normalised features, and weights by effective
        numbers in the last fifth of the run (LDAM-DRW); ``"logit_adjustment"`` (τ = 1);
        ``"balanced_softmax"``, which is the same loss by other authors.
    sampling : {"instance", "balanced", "square_root", "deferred"}, default="instance"
        Classes are drawn as often as they occur, all alike, by the square root of their counts,
        or all alike in the last fifth of the run only.
    mixup : {"mixup", "remix", "cutmix"} or None, default=None
        Train on mixtures of two samples, whose labels are mixed in the same shares, or in favour
        of a class that is at least 3 times rarer; or (pictures) on pictures in which a rectangle
        is of another one.
    mixup_alpha : float, default=1.0
        The shares are Beta(α, α) distributed.
    preset : {"default", "strong", "two-stage"}, default="default"
        ``"default"`` and, for pictures, ``"strong"`` have the encoder (for tables the one of Table
        18) and the length of run of `RAEClassifier`'s presets of these names. ``"two-stage"`` is
        the classifier that published over-sampling methods are judged by: ResNet-18 (for tables
        the network of Table 18), 50 epochs, nothing else; with ``validation_fraction=0`` for its
        last weights. Every parameter that follows and is None takes the preset's value.
    encoder : str or None, default=None
        The encoder network: ``"conv"``, ``"pooled"``, ``"pooled-large"``, ``"residual"``,
        ``"resnet18"``, ``"resnet18-imagenet"`` or ``"densenet201"`` for pictures, ``"mlp"`` for
        tables; see `osrae.networks.build_encoder`.
    latent_dim : int or None, default=None
        m, the size of the latent vectors, which the linear head sees.
    weight_averaging : float or None, default=None
        Decay of the moving averages by which results are computed, in [0, 1); 0 is none.
    augmentation : str or None, default=None
        Policy for pictures, a key of ``osrae.training.augmentation.POLICIES``, or ``"auto"``:
        pictures are moved and in part hidden; those in colour are mirrored, too.
    weight_decay : float or None, default=None
        Of AdamW, as torch counts it (multiplied by the learning rate).
    priors : {"learned", "balanced", "train"} or array-like of shape (C,), default="learned"
        The class frequencies that predictions are for. ``"learned"`` takes the network's own
        scores, as the articles do; the others correct these, by Bayes' rule, for the frequencies
        that training implied: for the cross-entropy those of the data, for balanced sampling,
        class weights n / (C n_c) and adjusted logits all alike. The focal loss, LDAM's margins and
        mixtures change scores in ways that are not corrected for. Read at prediction, so it may be
        changed after `fit`. Which weights are kept is decided by predictions for equally common
        classes, whatever is stated; ``temperature_`` is for the network's own scores where `fit`
        finds ``"learned"``.
    {shared}

    Attributes
    ----------
    {shared_attributes}

    See Also
    --------
    RAEClassifier : Trains on mixtures of latent vectors of one class, too.

    Notes
    -----
    Tables, pictures and labels may come in every form that `RAEClassifier` takes.

    References
    ----------
    See `osrae.methods.losses`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae.methods.deep_classifier import DeepClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DeepClassifier(loss="logit_adjustment", max_steps=100, random_state=0)
    >>> model.fit(X[:110], y[:110]).predict_proba(X[:2]).shape
    (2, 3)
    """

    loss: str = "cross_entropy"
    sampling: str = "instance"
    mixup: str | None = None
    mixup_alpha: float = 1.0
    preset: str = "default"
    encoder: str | None = None
    latent_dim: int | None = None
    weight_averaging: float | None = None
    augmentation: str | None = None
    weight_decay: float | None = None
    priors: str | Sequence[float] = "learned"

    _method = PlainClassifier
    _presets = PRESETS
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ClassifyingEstimator._parameter_constraints,
        "loss": [StrOptions(set(LOSSES))],
        "sampling": [StrOptions({*_DRAWN, "deferred"})],
        "mixup": [StrOptions({"mixup", "remix", "cutmix"}), None],
        "mixup_alpha": [positive()],
        "preset": [StrOptions(set(PRESETS))],
        "encoder": [str, None],
        "latent_dim": [whole(1), None],
        "weight_averaging": [positive("left", 1), None],
        "augmentation": [str, None],
        "weight_decay": [positive("left"), None],
        "priors": [StrOptions({"learned", "balanced", "train"}), "array-like"],
    }

    def _settings(self, description: DataDescription, n_samples: int) -> PlainSettings:
        overrides = self._overrides()
        return resolve_encoder_settings(self._presets, self.preset, description, overrides)

    def _check_priors(self, counts: np.ndarray) -> None:
        if not self._keeps_own_scores():
            super()._check_priors(counts)

    @property
    def _trained(self) -> PlainClassifier:
        assert isinstance(self.method_, PlainClassifier)
        return self.method_

    def _calibrated_priors(self) -> np.ndarray:
        own = self._keeps_own_scores()
        return self._trained.learned_priors().numpy() if own else super()._calibrated_priors()

    def _keeps_own_scores(self) -> bool:
        return isinstance(self.priors, str) and self.priors == "learned"

    def _stated(self, logits: np.ndarray) -> np.ndarray:
        if not self._keeps_own_scores():
            return super()._stated(logits)
        # All of the own logits is divided: the class that they favour stays the same.
        return (logits + self._trained.learned_priors().log().numpy()) / self.temperature_
