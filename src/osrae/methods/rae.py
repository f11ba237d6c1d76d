"""Class-preserving oversampling with a regularised auto-encoder.

Notation: ``x`` (t, B, …) holds B tuples of t samples of one class, ``z`` (t, B, m) their latent
vectors, ``alpha`` (N, t) mixing coefficients, ``label`` one-hot classes. E encoder, D decoder,
L linear classifier, M mixer, K critic. Equation, table and algorithm numbers are the paper's.

References
----------
Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling for Imbalanced Data via
Class-Preserving Regularized Auto-Encoders. AISTATS 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.data.description import DataDescription
from osrae.methods.cross_fitting import cross_entropy, kept_labels, kept_weights
from osrae.methods.embedding import Embeds
from osrae.methods.mixtures import mix_across
from osrae.methods.presets import DECODED, DEFERRAL, MIXUP, RAESettings
from osrae.methods.rae_losses import (
    classification_loss,
    critic_loss,
    decoder_loss,
    encoder_loss,
    gradient_penalty,
    mix,
    mixer_loss,
)
from osrae.networks import build_critic, build_decoder, build_encoder, build_mixer
from osrae.networks.ensemble import logits_of_each
from osrae.networks.layers import one_hot
from osrae.networks.statistics import frozen_statistics
from osrae.training.augmentation import AdaptiveProbability
from osrae.training.averaging import update_average
from osrae.training.batches import Batch, Source, TrainingData
from osrae.training.device import autocast, full
from osrae.training.optimisation import AdamW, cosine_factor, move, set_rate_factor

__all__ = ["RAE"]


@dataclass(frozen=True)
class _Pass:
    """One forward pass; a field is None where the step has no use for it."""

    z: Tensor  # (t, B, m)
    logits: Tensor  # (K, t, B, C), of each encoder alone
    logits_mixed: Tensor | None  # (K, R, B, C)
    seen: Tensor  # (t·B, …): the samples that E and K see
    decoded: Tensor | None  # (t·B + R·B, …): D(z), then D(z')
    label: Tensor  # (t·B + R·B, C), of the decoded samples
    reconstruction: Tensor | None  # scalar: L_mae
    augments: bool  # whether networks see augmented samples


class RAE(Embeds):
    """The five networks, Algorithm 1, and how new samples are made.

    Parameters
    ----------
    description : DataDescription
    class_counts : Tensor of shape (C,)
        Training samples of each class.
    settings : RAESettings

    Attributes
    ----------
    past_deferral : Tensor of bool
        Whether the weights come of what is deferred, too.
    class_weights : Tensor of shape (2, K, C)
        Of the classes for each encoder, since it may hold rows back: in losses without mixtures
        of one class, and with them.
    """

    settings: RAESettings
    past_deferral: Tensor
    class_weights: Tensor
    not_kept = ("critic",)

    def __init__(
        self, description: DataDescription, class_counts: Tensor, settings: RAESettings
    ) -> None:
        super().__init__(description, class_counts, settings)
        own, n_members = settings.resolve_latent_dim(description), settings.ensemble_size
        self.latent_dim = m = n_members * own
        name, t, style = settings.encoder, settings.mixture_size, settings.style
        n_classes = self.n_classes
        self.networks = nn.ModuleDict(
            {
                "encoder": build_encoder(name, description, own, style, n_members),
                "classifier": nn.Linear(m, n_classes),
            }
        )
        if settings.decoder:
            self.networks["decoder"] = build_decoder(description, m, n_classes, style)
            classes = n_classes if settings.conditional_critic else None
            self.networks["critic"] = build_critic(description, classes, style)
        if settings.oversampling and settings.mixing == "mixer":
            self.networks["mixer"] = build_mixer(description, m, t, n_classes, style)
        if settings.weight_averaging:
            names = ("encoder", "classifier", "decoder")
            self.keep_averages(*(name for name in names if name in self.networks))
        self.adaptive = AdaptiveProbability()
        self.register_buffer("past_deferral", torch.zeros((), dtype=torch.bool))
        # Every run computes them anew.
        weights = torch.ones(2, n_members, n_classes)
        self.register_buffer("class_weights", weights, persistent=False)

    def prepare(self, data: TrainingData) -> None:
        """Make fresh optimizers; a run begins with it, on the networks' final device."""
        self.whiten(data)
        if data.held_by is not None:
            s, counted = self.settings, (self.settings.ensemble_size, self.n_classes)
            for mixed, turns in enumerate((0, s.mixture_size if s.rotate else 1)):
                weights = kept_weights(data.y, data.held_by, *counted, s.mixture_size, turns)
                self.class_weights[mixed] = weights
        self.optimizers = _optimizers(self.networks, self.settings)

    @property
    def tuple_size(self) -> int:
        """t, the number of samples in a mixture."""
        return self.settings.mixture_size

    def class_probabilities(self, counts: Tensor, progress: float) -> Tensor:
        """Draw classes as often as they occur ("instance"), uniformly, or first so, then so."""
        s = self.settings
        deferred = s.class_sampling == "deferred" and progress < DEFERRAL
        if s.class_sampling == "instance" or deferred or not s.oversampling:
            return counts.double()
        return torch.ones(len(counts), dtype=torch.float64)

    # ------------------------------------------------------------------ Algorithm 1

    def training_step(self, source: Source) -> dict[str, Tensor]:
        """One iteration of Algorithm 1: all losses at the same weights, then all networks move."""
        s, batch = self.settings, self._draw(source)
        self.past_deferral.fill_(source.progress >= DEFERRAL)
        if s.rate_schedule == "cosine":
            set_rate_factor(self.optimizers.values(), cosine_factor(batch.progress))
        if s.mixes_across(batch.step):
            return self._step_across(batch)
        terms = s.terms(batch.step)
        with autocast(self.device, self.precision):
            run = self._forward(batch, terms)
            losses: dict[str, Tensor] = {}
            if "classifier" in terms:
                clf = self._classification_loss(run, batch)
                losses["classifier"] = clf
                losses |= self._encoder_losses(clf, run.reconstruction)
            if "mixer" in terms and run.logits_mixed is not None:
                y_wrong = self._wrong_labels(batch, run.logits_mixed.shape[1])
                losses["mixer"] = mixer_loss(run.logits_mixed.mean(0).flatten(0, 1), y_wrong)
            if "decoder" in terms:
                losses["decoder"] = self._decoder_loss(run, terms, batch.generator)
            if "decoder_class" in terms:
                losses["decoder_class"] = self._decoder_class_loss(run, batch.generator)
            if "critic" in terms:
                losses["critic"] = self._critic_loss(run, batch.generator)
        move(self.optimizers, losses)
        if "critic" in terms:
            for _ in range(s.critic_steps - 1):
                losses["critic"] = self._further_critic_step(self._draw(source))
        self._update_averages(batch.step, losses)
        return losses

    def _classification_loss(self, run: _Pass, batch: Batch) -> Tensor:
        """Return the mean of the encoders' losses, each on what it does not hold back."""
        turns = 0 if run.logits_mixed is None else run.logits_mixed.shape[1]
        mixed = [None] * len(run.logits) if run.logits_mixed is None else run.logits_mixed
        weights = self.class_weights[int(turns > 0)]
        each = zip(run.logits, mixed, self._labels(batch, turns), weights, strict=True)
        return torch.stack([classification_loss(*own) for own in each]).mean()

    def _labels(self, batch: Batch, turns: int) -> Tensor:
        """Labels (K, t + R, B) that each encoder learns from."""
        return kept_labels(batch.y, batch.held_by, self.settings.ensemble_size, len(batch.x), turns)

    def _step_across(self, batch: Batch) -> dict[str, Tensor]:
        """Move encoder and classifier by samples that are mixed across classes."""
        s, generator = self.settings, batch.generator
        x, y = self._augmented(batch.x.flatten(0, 1), generator), batch.y.repeat(self.tuple_size)
        alpha, probability = MIXUP[s.mixup]
        rows = torch.arange(len(y), device=y.device)
        mixed = mix_across(x, rows, s.mixup, alpha, generator, probability)
        labels = self._labels(batch, 0).flatten(1)
        with autocast(self.device, self.precision):
            z = full(self.networks["encoder"](mixed.x))
            # What is mixed with a row that is held back counts by its own label alone.
            each = zip(self._logits_of_each(z), labels, self.class_weights[0], strict=True)
            terms = [
                torch.stack([cross_entropy(logits, own[places], weight, "none")
                             for places in mixed.labels])
                for logits, own, weight in each
            ]  # fmt: skip
            clf = (mixed.shares * torch.stack(terms).mean(0)).sum() / len(batch.y)
            losses = {"classifier": clf, **self._encoder_losses(clf, None)}
        move(self.optimizers, losses)
        self._update_averages(batch.step, losses)
        return losses

    def _draw(self, source: Source) -> Batch:
        probabilities = self.class_probabilities(source.counts, source.progress)
        return source.tuples(self.settings.batch_size, self.tuple_size, probabilities)

    def _forward(self, batch: Batch, terms: frozenset[str]) -> _Pass:
        t, n = batch.x.shape[:2]
        x = batch.x.flatten(0, 1)
        augments = self.settings.augment_decoded or not terms & DECODED
        seen = self._augmented(x, batch.generator) if augments else x
        z = full(self.networks["encoder"](seen)).unflatten(0, (t, n))
        label = one_hot(batch.y, self.n_classes, z.dtype)
        logits, logits_mixed = self._logits_of_each(z), None
        latents = z.flatten(0, 1)
        if self.settings.oversampling:
            parents = self._encode_clean(x, t) if self.settings.mix_clean else z
            z_mixed = self._mixtures(parents, label, batch.generator)
            logits_mixed = self._logits_of_each(z_mixed).unflatten(1, (-1, n))
            latents = torch.cat([latents, z_mixed])
        if not terms & {"decoder_class", "critic"}:
            latents = latents[: t * n]  # nothing looks at decoded mixtures
        labels = label.repeat(len(latents) // n, 1)
        decoded = reconstruction = None
        if terms & DECODED:
            decoded = full(self.networks["decoder"](latents, labels))
            reconstruction = (decoded[: t * n] - x).abs().mean()
        return _Pass(z, logits, logits_mixed, seen, decoded, labels, reconstruction, augments)

    def _logits_of_each(self, z: Tensor) -> Tensor:
        """Logits (K, …, C) by each encoder's part of latent vectors (…, K m) alone."""
        classifier = cast(nn.Linear, self.networks["classifier"])
        return full(logits_of_each(classifier, z, self.settings.ensemble_size))

    def _encode_clean(self, x: Tensor, t: int) -> Tensor:
        return full(self.networks["encoder"](x)).unflatten(0, (t, -1))

    def _mixtures(self, z: Tensor, label: Tensor, generator: torch.Generator) -> Tensor:
        """Mix every tuple, or every rotation of it: (t, B, m) → (R·B, m)."""
        turns = range(len(z)) if self.settings.rotate else range(1)
        z = torch.cat([z.roll(-turn, dims=0) for turn in turns], dim=1)
        alpha = self.mixing_coefficients(z, label.repeat(len(turns), 1), generator)
        return mix(z, alpha)

    def mixing_coefficients(self, z: Tensor, label: Tensor, generator: torch.Generator) -> Tensor:
        """Draw or compute ``alpha`` (N, t) for tuples of latent vectors ``z`` (t, N, m)."""
        t, n, m = z.shape
        mixing = self.settings.mixing
        if "mixer" in self.networks:
            if self.settings.ensemble_size > 1:
                # The coefficients are of all parts of z: through them, an encoder would learn
                # from rows that it holds back.
                z = z.detach()
            noise = torch.randn(n, m, generator=generator, device=z.device, dtype=z.dtype)
            return self.networks["mixer"](z.transpose(0, 1), label, noise).to(z.dtype)
        if isinstance(mixing, str | float | int):
            concentration = 1.0 if isinstance(mixing, str) else float(mixing)
            gamma = torch._standard_gamma(z.new_full((n, t), concentration), generator=generator)
            gamma = gamma.clamp_min(torch.finfo(gamma.dtype).tiny)
            return gamma / gamma.sum(1, keepdim=True)
        return torch.tensor(mixing, dtype=z.dtype, device=z.device).expand(n, t)

    def _encoder_losses(
        self, classification: Tensor, reconstruction: Tensor | None
    ) -> dict[str, Tensor]:
        """Eq. 7, without the terms that the switches of Table 4 take away."""
        s = self.settings
        zero = classification.new_zeros(())
        clf = classification if s.linear_classifier else zero
        mae = zero if reconstruction is None else reconstruction
        if not (s.linear_classifier or reconstruction is not None):
            return {}
        weights = s.classification_weight, s.reconstruction_weight
        return {"encoder": encoder_loss(clf, mae, *weights)}

    def _wrong_labels(self, batch: Batch, turns: int) -> Tensor:
        y = batch.y.repeat(turns)
        if self.settings.wrong_labels == "shuffled":
            return y[torch.randperm(len(y), generator=batch.generator, device=y.device)]
        step = torch.randint(1, self.n_classes, y.shape, generator=batch.generator, device=y.device)
        return (y + step) % self.n_classes

    def _decoder_loss(
        self, run: _Pass, terms: frozenset[str], generator: torch.Generator
    ) -> Tensor:
        s = self.settings
        assert run.decoded is not None
        assert run.reconstruction is not None
        loss = s.decoder_reconstruction_weight * run.reconstruction
        if "critic" in terms:
            scores = self._score(self._as_seen(run, run.decoded, generator), run.label)
            loss = loss + s.decoder_adversarial_weight * decoder_loss(scores)
        return loss

    def _decoder_class_loss(self, run: _Pass, generator: torch.Generator) -> Tensor:
        assert run.decoded is not None
        decoded = self._as_seen(run, run.decoded, generator)
        # Decoded samples must not move the statistics by which real ones are normalised.
        with frozen_statistics(self.networks["encoder"]):
            logits = full(self.networks["classifier"](self.networks["encoder"](decoded)))
        return self.settings.decoder_class_weight * F.cross_entropy(logits, run.label.argmax(1))

    def _critic_loss(self, run: _Pass, generator: torch.Generator) -> Tensor:
        s = self.settings
        assert run.decoded is not None
        real, n = run.seen, len(run.seen)
        decoded = self._as_seen(run, run.decoded.detach(), generator)
        partner = real.repeat(-(-len(decoded) // n), *[1] * (real.dim() - 1))[: len(decoded)]
        scores_real = self._score(real, run.label[:n])
        scores_decoded = self._score(decoded, run.label)
        draw = torch.rand if s.penalty_points == "uniform" else torch.randn
        position = draw(
            len(decoded), generator=generator, device=decoded.device, dtype=decoded.dtype
        )
        penalty = gradient_penalty(lambda x: self._score(x, run.label), partner, decoded, position)
        if s.augmentation_probability == "adaptive":
            self.adaptive.update(scores_real.detach())
        return critic_loss(scores_decoded, scores_real, penalty, s.gradient_penalty_weight)

    def _further_critic_step(self, batch: Batch) -> Tensor:
        with autocast(self.device, self.precision):
            with torch.no_grad():
                run = self._forward(batch, frozenset({"critic"}))
            loss = self._critic_loss(run, batch.generator)
        move(self.optimizers, {"critic": loss})
        return loss

    def _score(self, x: Tensor, label: Tensor) -> Tensor:
        condition = label if self.settings.conditional_critic else None
        return full(self.networks["critic"](x, condition))

    def _as_seen(self, run: _Pass, decoded: Tensor, generator: torch.Generator) -> Tensor:
        """Show decoded samples as the real ones of the same step are shown."""
        return self._augmented(decoded, generator) if run.augments else decoded

    def _augmented(self, x: Tensor, generator: torch.Generator) -> Tensor:
        probability = self.settings.augmentation_probability
        if probability == "adaptive":
            probability = float(self.adaptive.probability)
        return self.augment(x, generator, probability)

    def _update_averages(self, step: int, losses: dict[str, Tensor]) -> None:
        moved = {name.removesuffix("_class") for name in losses}
        for name, average in self.averaged.items():
            if name in moved:
                update_average(average, self.networks[name], self.settings.weight_averaging, step)

    # ------------------------------------------------------------------ what comes of it

    def classify(self, z: Tensor) -> Tensor:
        """Logits of latent vectors for equally common classes: ``(n, m)`` to ``(n, C)``.

        A classifier that saw classes as often as they occur has learned their frequencies, too;
        these are taken off, by Bayes' rule.
        """
        return self._classify_each(z).mean(0)

    def _classify_each(self, z: Tensor) -> Tensor:
        classifier = cast(nn.Linear, self.final("classifier"))
        logits = full(logits_of_each(classifier, z.to(self.dtype), self.settings.ensemble_size))
        drawn = self.class_probabilities(self.class_counts.cpu(), float(self.past_deferral))
        return logits - (drawn / drawn.sum()).log().to(logits)

    def logits(self, x: Tensor) -> Tensor:
        """Logits of samples for equally common classes: ``(n, …)`` to ``(n, C)``."""
        return self.classify(self.embed(x))

    def logits_of_each(self, x: Tensor) -> Tensor:
        """Logits (K, n, C) of samples by each encoder alone."""
        return self._classify_each(self.embed(x))

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """Samples from latent vectors and class numbers."""
        z = z.to(self.dtype)
        return full(self.final("decoder")(z, one_hot(y, self.n_classes, z.dtype)))


def _optimizers(networks: nn.ModuleDict, settings: RAESettings) -> dict[str, AdamW]:
    """AdamW for the encoder, Adam for the others (paper, section A.6)."""
    s = settings
    rate = s.learning_rate
    generator_rate = s.generator_learning_rate or rate
    plans = {
        "encoder": ("encoder", rate, (0.9, 0.999), s.weight_decay),
        "classifier": ("classifier", rate, s.latent_betas, s.classifier_weight_decay),
        "mixer": ("mixer", generator_rate, s.latent_betas, 0.0),
        "decoder": ("decoder", generator_rate, (0.5, 0.9), 0.0),
        # A second optimizer on the same weights, as in the authors' code.
        "decoder_class": ("decoder", generator_rate, (0.9, 0.999), 0.0),
        "critic": ("critic", generator_rate, (0.5, 0.9), 0.0),
    }
    return {
        name: AdamW(networks[owner].parameters(), step_size, betas, decay)
        for name, (owner, step_size, betas, decay) in plans.items()
        if owner in networks
    }
