"""The network of the plain classifier, and its training.

References
----------
Kang, Xie, Rohrbach, Yan, Gordo, Feng, Kalantidis. Decoupling Representation and Classifier for
Long-Tailed Recognition. ICLR 2020 (kinds of sampling).
Cao, Wei, Gaidon, Arechiga, Ma. Learning Imbalanced Datasets with Label-Distribution-Aware Margin
Loss. NeurIPS 2019 (deferral).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from osrae.data.description import DataDescription
from osrae.methods.embedding import Embeds
from osrae.methods.losses import DEFERRAL, LOSSES, CosineClassifier, weighted_mean
from osrae.methods.mixtures import mix_across, remix_share
from osrae.methods.plain_settings import PlainSettings
from osrae.methods.settings import paper_latent_dim
from osrae.networks import build_encoder
from osrae.training.averaging import update_average
from osrae.training.batches import Source, TrainingData
from osrae.training.device import autocast, full
from osrae.training.optimisation import AdamW, cosine_factor, move, set_rate_factor

__all__ = ["SAMPLING", "PlainClassifier"]


#: How often classes of these counts (C,) are drawn; numbers need not sum to 1.
_DRAWN: Mapping[str, Callable[[Tensor], Tensor]] = {
    "instance": lambda counts: counts.double(),
    "balanced": lambda counts: torch.ones_like(counts, dtype=torch.float64),
    "square_root": lambda counts: counts.double().sqrt(),
}


#: Every kind of sampling: these, and one that is first the one and then the other.
SAMPLING = (*_DRAWN, "deferred")


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
