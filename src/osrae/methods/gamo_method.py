"""GAMO: a game of classifier, discriminator and convex generator.

Notation: ``f = F(x)`` (n, m) are the features of samples (of a table: its encoded rows), ``y``
their classes, ``n_c`` the training samples of class c, ``g_c = n_max - n_c``; the *minority* is
every class with g_c > 0. M classifies features, Dis tells real from generated ones, the generator
makes ``x~ = Σ_i a_i f_i``, a convex combination of the n_c real points of one class.

References
----------
Mullick, Datta, Das. Generative Adversarial Minority Oversampling. ICCV 2019. Code:
https://github.com/SankhaSubhra/GAMO.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.data.description import DataDescription
from osrae.errors import InputError
from osrae.methods.gamo_settings import GAMOSettings
from osrae.methods.settings import paper_latent_dim
from osrae.networks.gamo import (
    NOISE_DIM,
    ConvexGenerator,
    build_players,
    evaluating,
    group_codes,
)
from osrae.networks.layers import one_hot
from osrae.training.batches import ClassIndex, Source, TrainingData
from osrae.training.device import autocast, full
from osrae.training.engine import EVALUATION_ROWS
from osrae.training.method import Classifies, Generates
from osrae.training.optimisation import AdamW, move

__all__ = ["BETAS", "GAMO", "classification_loss", "discrimination_loss", "gaps", "n_fakes"]

#: Adam's β of every player.
BETAS = (0.5, 0.999)
#: Targets of Dis are moved by up to this much from 0 and 1.
_SOFTNESS = 0.1
#: Points that are kept of a class without head.
_KEPT_PER_CLASS = 1000


def classification_loss(probabilities: Tensor, target: Tensor) -> Tensor:
    """Mean over rows and classes of ``(p - target)²``; the target of M is 1_y."""
    return F.mse_loss(probabilities, target)


def discrimination_loss(score: Tensor, target: Tensor | float) -> Tensor:
    """Mean over rows of ``(Dis(f, y) - target)²``."""
    return (score - target).square().mean()


def gaps(class_counts: Tensor) -> Tensor:
    """``g_c = n_max - n_c`` (C,), to which the classes of generated points are proportional."""
    return (class_counts.max() - class_counts).double()


def n_fakes(batch_size: int, class_counts: Tensor, fakes_per_batch: str) -> int:
    """Return the generated points that M and Dis see beside ``batch_size`` real ones.

    "balance" is ``round(B Σ_c g_c / N)``, at least 1, which makes all classes equally common;
    "batch" is B.
    """
    if fakes_per_batch == "batch":
        return batch_size
    share = float(gaps(class_counts).sum()) / int(class_counts.sum())
    return max(1, round(batch_size * share))


class GAMO(Classifies, Generates):
    """The players and their moves.

    A class of the largest size has no head; where points of it are asked for, they are drawn from
    its own.

    Attributes
    ----------
    minority : tuple of int
        The classes that have a head.
    points : Tensor of shape (n_points, m)
        Features of training samples, class by class and in the order of the training data: all of
        a minority class, which is the hull's corners, and some of another.
    """

    not_kept: ClassVar[tuple[str, ...]] = ("discriminator",)

    settings: GAMOSettings
    points: Tensor

    def __init__(
        self, description: DataDescription, class_counts: Tensor, settings: GAMOSettings
    ) -> None:
        pictures = description.kind == "pictures"
        if not pictures:
            settings = replace(settings, update_features="joint")
        super().__init__(description, class_counts, settings)
        counts = class_counts.tolist()
        self.minority = tuple(code for code, n in enumerate(counts) if n < max(counts))
        self._n_points = [
            n if code in self.minority else min(n, _KEPT_PER_CLASS) for code, n in enumerate(counts)
        ]
        m = description.shape[0]
        if pictures:
            m = settings.latent_dim or paper_latent_dim(description)
        self.networks = build_players(description, self.n_classes, settings.architecture, m)
        if self.minority:
            sizes = {code: counts[code] for code in self.minority}
            self.networks["generator"] = ConvexGenerator(self.n_classes, sizes)
        self.register_buffer("points", torch.zeros(sum(self._n_points), m))

    def prepare(self, data: TrainingData) -> None:
        """Make fresh optimizers, and remember the rows of a table."""
        self.optimizers = {
            name: AdamW(parameters, self.settings.learning_rate, BETAS)
            for name, parameters in self._owned_parameters().items()
        }
        if "features" not in self.networks:
            self._remember(data, ClassIndex(data.y, self.n_classes))

    def _owned_parameters(self) -> dict[str, Iterable[nn.Parameter]]:
        """Return by loss what it moves."""
        networks, s = self.networks, self.settings
        owned: dict[str, Iterable[nn.Parameter]] = {
            "classifier": list(networks["classifier"].parameters())
        }
        if self._learns_features:
            owned["classifier"] = [*owned["classifier"], *networks["features"].parameters()]
        elif "features" in networks:
            owned["features"] = networks["features"].parameters()
        if not self.minority:
            return owned
        owned["discriminator"] = networks["discriminator"].parameters()
        generator = networks["generator"]
        assert isinstance(generator, ConvexGenerator)
        if s.update == "joint":
            return owned | {"generator": generator.parameters()}
        for code in self.minority:
            for player in ("classifier", "discriminator"):
                owned[f"generator_{player}_{code}"] = generator.parameters_of(code)
        return owned

    @property
    def _learns_features(self) -> bool:
        """Whether F learns with M."""
        return "features" in self.networks and self.settings.update_features == "joint"

    # ------------------------------------------------------------------ training

    def training_step(self, source: Source) -> dict[str, Tensor]:
        """Play one batch of the game, or let F learn alone from one."""
        s, n = self.settings, len(source.data)
        place = s.place(source.step, n)
        # A last batch of one row begins one earlier: it could not be normalised.
        first = min(place.batch * s.batch_size, n - 2)
        size = min(s.batch_size, n - first)
        if place.phase == "features":
            # The authors' F does see an order of its own in every epoch.
            rows = source.epoch_rows(size, n * place.epoch + first)
            return self._features_step(*source.take(rows))
        if place.renews_hull and "features" in self.networks:
            self._remember(source.data, source.index)
        if s.reshuffle:
            first, size = source.step * s.batch_size, s.batch_size
        x, y = source.take(source.epoch_rows(size, first))
        step = self._joint_step if s.update == "joint" else self._per_class_step
        return step(x, one_hot(y, self.n_classes, x.dtype), source.generator)

    def _features_step(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        label = one_hot(y, self.n_classes, x.dtype)
        loss = classification_loss(self._classify(self._features(x)), label)
        return self._moved({"features": loss})

    def _joint_step(
        self, x: Tensor, label: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Move M (with F) and Dis, then the generator against them."""
        f, final = self._both_features(x)
        if not self.minority:
            return self._moved({"classifier": classification_loss(self._classify(f), label)})
        fakes, fake_label = self._fakes(len(x), generator)
        # One mean over all rows: only so do classes count alike when fakes balance them.
        probabilities = self._classify(torch.cat([f, fakes]))
        real_loss = self._discriminator_loss(final, label, True, generator)
        fake_loss = self._discriminator_loss(fakes, fake_label, False, generator)
        losses = self._moved(
            {
                "classifier": classification_loss(probabilities, torch.cat([label, fake_label])),
                "discriminator": real_loss + fake_loss,
            }
        )
        groups = dict.fromkeys(self.minority, self._n_noises)
        made, label = self._made(groups, self._noise(groups, generator))
        loss = self._misclassified_loss(made, label) + self._taken_for_real_loss(made, label)
        return losses | self._moved({"generator": loss})

    def _per_class_step(
        self, x: Tensor, label: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Move in the authors' order, each time from the weights that the last move left."""
        f, final = self._both_features(x)
        loss = {"classifier": classification_loss(self._classify(f), label)}
        if not self.minority:
            return self._moved(loss)
        loss["discriminator"] = self._discriminator_loss(final, label, True, generator)
        real = self._moved(loss)
        fakes, label = self._fakes(len(x), generator)
        loss = {"classifier": classification_loss(self._classify(fakes), label)}
        loss["discriminator"] = self._discriminator_loss(fakes, label, False, generator)
        fake = self._moved(loss)
        heads = [self._move_head(code, generator) for code in self.minority]
        losses = {name: real[name] + fake[name] for name in real}
        return losses | {"generator": torch.stack(heads).mean()}

    def _move_head(self, code: int, generator: torch.Generator) -> Tensor:
        """Move the generator for one class through M and then, on the same noise, through Dis."""
        groups = {code: self._n_noises}
        z = self._noise(groups, generator)
        against = self._misclassified_loss(*self._made(groups, z))
        move(self.optimizers, {f"generator_classifier_{code}": against})
        real = self._taken_for_real_loss(*self._made(groups, z))
        move(self.optimizers, {f"generator_discriminator_{code}": real})
        return (against + real).detach()

    def _moved(self, losses: dict[str, Tensor]) -> dict[str, Tensor]:
        """Move on these losses, and return their values."""
        move(self.optimizers, losses)
        return {name: loss.detach() for name, loss in losses.items()}

    # ------------------------------------------------------------------ the players

    # Each opens its own half-precision context: a context keeps copies of the weights until its
    # end, and the next player of a step has to meet this one as it was moved.

    def _features(self, x: Tensor) -> Tensor:
        if "features" not in self.networks:
            return x
        with autocast(self.device, self.precision):
            return full(self.networks["features"](x))

    def _final_features(self, x: Tensor) -> Tensor:
        """Features as they are after training, and as the hull has them; no gradient."""
        if "features" not in self.networks:
            return x
        with torch.no_grad(), evaluating(self.networks["features"]):
            return self._features(x)

    def _both_features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features that M learns from, with F if F learns with it, and final ones for Dis."""
        final = self._final_features(x)
        return (self._features(x) if self._learns_features else final), final

    def _classify(self, f: Tensor) -> Tensor:
        with autocast(self.device, self.precision):
            return full(self.networks["classifier"](f)).softmax(1)

    def _discriminate(self, f: Tensor, label: Tensor) -> Tensor:
        with autocast(self.device, self.precision):
            return full(self.networks["discriminator"](f, label)).sigmoid()

    def _discriminator_loss(
        self, f: Tensor, label: Tensor, real: bool, generator: torch.Generator
    ) -> Tensor:
        """Dis' loss against 1 - u for real points and u for generated ones, u ~ U(0, 0.1)."""
        u = torch.rand(len(f), generator=generator, device=f.device, dtype=f.dtype) * _SOFTNESS
        return discrimination_loss(self._discriminate(f, label), 1 - u if real else u)

    def _misclassified_loss(self, made: Tensor, label: Tensor) -> Tensor:
        """The generator's first loss: M is to take its points for any other class."""
        return classification_loss(self._classify(made), 1 - label)

    def _taken_for_real_loss(self, made: Tensor, label: Tensor) -> Tensor:
        """The generator's second loss: Dis is to take its points for real ones."""
        return discrimination_loss(self._discriminate(made, label), 1.0)

    @property
    def _n_noises(self) -> int:
        """Noises of each class in a move of the generator; batch normalisation needs two."""
        return max(2, math.ceil(self.settings.batch_size / self.n_classes))

    def _noise(self, groups: Mapping[int, int], generator: torch.Generator) -> Tensor:
        size = sum(groups.values()), NOISE_DIM
        return torch.randn(size, generator=generator, device=self.device, dtype=self.dtype)

    def _made(self, groups: Mapping[int, int], z: Tensor) -> tuple[Tensor, Tensor]:
        """Make points of these classes, class by class, and their one-hot labels."""
        points = {code: self.points_of(code) for code in groups}
        label = one_hot(group_codes(groups, z.device), self.n_classes, z.dtype)
        return self.networks["generator"](z, groups, points), label

    def _fakes(self, batch_size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Make what M and Dis see of the generator: as it generates after training."""
        counts = self.class_counts
        size = n_fakes(batch_size, counts, self.settings.fakes_per_batch)
        shares = gaps(counts).to(self.dtype)
        codes = torch.multinomial(shares, size, replacement=True, generator=generator)
        groups = self._groups(codes)
        with torch.no_grad(), evaluating(self.networks["generator"]):
            return self._made(groups, self._noise(groups, generator))

    def _groups(self, codes: Tensor) -> dict[int, int]:
        """Count the classes that are among ``codes``."""
        counts = torch.bincount(codes, minlength=self.n_classes).tolist()
        return {code: n for code, n in enumerate(counts) if n}

    # ------------------------------------------------------------------ the hull

    def points_of(self, code: int) -> Tensor:
        """Return the class's part of ``points``."""
        start = sum(self._n_points[:code])
        return self.points[start : start + self._n_points[code]]

    def _remember(self, data: TrainingData, index: ClassIndex) -> None:
        """Fill ``points`` with what F makes of the training samples now."""
        rows = [_spread(index.rows(code), size) for code, size in enumerate(self._n_points)]
        start = 0
        for part in torch.cat(rows).split(EVALUATION_ROWS):
            x = data.x.take(part, self.device).to(self.dtype)
            self.points[start : start + len(part)] = self._final_features(x)
            start += len(part)

    # ------------------------------------------------------------------ results

    def conclude(self, data: TrainingData) -> None:
        """Bring the hull to the final features."""
        self._remember(data, ClassIndex(data.y, self.n_classes))

    def logits(self, x: Tensor) -> Tensor:
        """Classify ``(n, …)`` to ``(n, C)`` by M as it is: the game has balanced the classes.

        With as many fakes as real points it has done so in part; what is left is left in the
        authors' results, too.
        """
        return full(self.networks["classifier"](self._features(x.to(self.dtype))))

    def generate_features(self, codes: Tensor, generator: torch.Generator) -> Tensor:
        """Make one point of each class in ``codes`` (n,), in the space of the hull: ``(n, m)``."""
        parts = [self._new_points(*group, generator) for group in self._groups(codes).items()]
        points = torch.cat(parts)
        return torch.empty_like(points).index_copy_(0, codes.argsort(stable=True), points)

    def _new_points(self, code: int, n: int, generator: torch.Generator) -> Tensor:
        if code not in self.minority:
            own = self.points_of(code)
            return own[torch.randint(len(own), (n,), generator=generator, device=own.device)]
        with evaluating(self.networks["generator"]):
            return self._made({code: n}, self._noise({code: n}, generator))[0]

    def generate(self, codes: Tensor, generator: torch.Generator) -> Tensor:
        """Make one encoded row of each class in ``codes`` (n,), if the method learned a table.

        Raises
        ------
        InputError
            If it learned pictures.
        """
        if "features" in self.networks:
            raise InputError(
                "GAMO learned pictures, and what it makes of them are features: there are no new "
                "pictures to return. Use GAMO2PIX, which decodes them."
            )
        return self.generate_features(codes, generator)


def _spread(rows: Tensor, size: int) -> Tensor:
    """Choose ``size`` of the rows, evenly spread."""
    places = torch.linspace(0, len(rows) - 1, size, dtype=torch.float64)
    return rows if size == len(rows) else rows[places.round().long()]
