"""GAMO2PIX: pictures of the features that GAMO makes.

The first stage is GAMO; the second trains, for every class, a variational auto-encoder from the
features of its real pictures, which are left as they are, back to these pictures. A new picture is
the decoded feature of a generated point. The notation is that of `osrae.methods.gamo_method`; mu
and s come from the variational encoder, z is latent.

The authors train on minority classes alone. Here a class of the largest size has its decoder, too:
pictures of it are decoded features of its own training pictures. A table has no second stage: what
GAMO makes of it are rows already.

References
----------
Mullick, Datta, Das. Generative Adversarial Minority Oversampling. ICCV 2019. Code:
https://github.com/SankhaSubhra/GAMO.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from osrae.data.description import DataDescription, ImageDescription
from osrae.methods.gamo import GAME_CONSTRAINTS
from osrae.methods.gamo_method import BETAS, GAMO
from osrae.methods.gamo_settings import PRESETS as GAMO_PRESETS
from osrae.methods.gamo_settings import GAMOSettings, resolve_game
from osrae.methods.parameters import estimator, whole
from osrae.methods.resampling import DeepOversampler
from osrae.methods.settings import Presets
from osrae.networks.gamo import VariationalAutoEncoder
from osrae.networks.layers import one_hot
from osrae.training.batches import Source, TrainingData
from osrae.training.device import autocast, full
from osrae.training.optimisation import AdamW, move
from osrae.training.seeding import fresh_generator

__all__ = ["GAMO2PIX", "PRESETS", "GAMO2PIXSettings", "PictureGAMO", "divergence", "vae_loss"]


def divergence(mu: Tensor, s: Tensor) -> Tensor:
    """KL divergence of N(mu, exp(s)) from N(0, 1): ``-½ Σ (1 + s - mu² - exp(s))``, (n,)."""
    return -0.5 * (1 + s - mu.square() - s.exp()).sum(1)


def vae_loss(decoded: Tensor, x: Tensor, mu: Tensor, s: Tensor) -> Tensor:
    """``d · MSE(x', x)`` plus the divergence, mean over the batch.

    The article's pictures are in [-1, 1], which decides on the weight of its two terms; these are
    in [0, 1], where squares are a quarter.
    """
    error = (2 * (decoded - x)).square().flatten(1).sum(1)
    return (error + divergence(mu, s)).mean()


def draw_latent(mu: Tensor, s: Tensor, exponent: float, generator: torch.Generator) -> Tensor:
    """``z = mu + sigma · eps`` with ``sigma = exp(exponent · s)`` and standard normal ``eps``."""
    eps = torch.randn(mu.shape, generator=generator, device=mu.device, dtype=mu.dtype)
    return mu + (exponent * s).exp() * eps


@dataclass(frozen=True, kw_only=True)
class GAMO2PIXSettings(GAMOSettings):
    """Everything that defines one variant of the method.

    Parameters
    ----------
    steps_per_class : int
        Steps of each variational auto-encoder; the authors' 25,000 go over a class of 40 pictures
        12,500 times.
    shared : bool
        One auto-encoder for all classes, whose decoder is told the label.
    sigma_exponent : float
        ``sigma = exp(sigma_exponent · s)``: 0.5, for exp(s) is a variance in the divergence; 1 in
        the authors' code.
    sample_z : bool
        Whether new pictures are decoded from a draw of z, or from mu.
    n_autoencoders : int
        Set by the method, which knows the classes: those of ``steps_per_class``.
    """

    steps_per_class: int = 5_000
    shared: bool = False
    sigma_exponent: float = 0.5
    sample_z: bool = True
    n_autoencoders: int = 0

    def stages(self, n_samples: int) -> tuple[int, int]:
        """Return the steps of the game and of the auto-encoders.

        ``max_steps`` are shared between them as the steps that there are without it.
        """
        game, whole = super().full_steps(n_samples), self.full_steps(n_samples)
        n_steps = self.resolve_steps(n_samples)
        first = -(-n_steps * game // whole)
        return first, n_steps - first

    def full_steps(self, n_samples: int) -> int:
        """Return the length of both stages together."""
        return super().full_steps(n_samples) + self.n_autoencoders * self.steps_per_class


def _with_second_stage(settings: GAMOSettings, **second: Any) -> GAMO2PIXSettings:
    first = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return GAMO2PIXSettings(**first, **second)


#: Settings by name and kind of data.
PRESETS: Presets[GAMO2PIXSettings] = {
    "default": {kind: _with_second_stage(s) for kind, s in GAMO_PRESETS["default"].items()},
    "original": {
        kind: _with_second_stage(s, steps_per_class=25_000, sigma_exponent=1.0)
        for kind, s in GAMO_PRESETS["original"].items()
    },
}


class PictureGAMO(GAMO):
    """GAMO, and then the auto-encoders, which take turns."""

    not_kept: ClassVar[tuple[str, ...]] = ("discriminator", "classifier")

    settings: GAMO2PIXSettings

    def __init__(
        self, description: DataDescription, class_counts: Tensor, settings: GAMO2PIXSettings
    ) -> None:
        n_classes, n, told = len(class_counts), 0, None
        if isinstance(description, ImageDescription):
            n, told = (1, n_classes) if settings.shared else (n_classes, None)
        super().__init__(description, class_counts, replace(settings, n_autoencoders=n))
        m = self.points.shape[1]
        for number in range(n):
            network = VariationalAutoEncoder(description, m, told, settings.architecture)
            self.networks[f"autoencoder_{number}"] = network

    def prepare(self, data: TrainingData) -> None:
        """Make fresh optimizers, and remember the rows of a table."""
        super().prepare(data)
        for number in range(self.settings.n_autoencoders):
            name = f"autoencoder_{number}"
            own = self.networks[name].parameters()
            self.optimizers[name] = AdamW(own, self.settings.learning_rate, BETAS)

    def training_step(self, source: Source) -> dict[str, Tensor]:
        """Do one step of the game, or one of an auto-encoder."""
        game, _ = self.settings.stages(len(source.data))
        if source.step < game:
            return super().training_step(source)
        turn, number = divmod(source.step - game, self.settings.n_autoencoders)
        x, y = source.take(self._rows(source, number, turn))
        name = f"autoencoder_{number}"
        with autocast(self.device, self.precision):
            decoded, mu, s = self._decoded(name, self._final_features(x), y, source.generator)
            loss = vae_loss(decoded, x, mu, s)
        move(self.optimizers, {name: loss})
        return {"autoencoder": loss.detach()}

    def _rows(self, source: Source, number: int, turn: int) -> Tensor:
        """Choose the rows of an auto-encoder's batch: of its class, or of all classes alike."""
        s, size = self.settings, self.settings.batch_size
        if s.shared:
            return source.random_rows(size, torch.ones(self.n_classes))
        if s.reshuffle:
            rows = source.members(number, size)
        else:  # the authors: shuffled once, a short last batch
            rows = source.index.rows(number)
            rows = rows[torch.randperm(len(rows), generator=fresh_generator(source.seed, "epochs"))]
            first = size * (turn % math.ceil(len(rows) / size))
            rows = rows[first : first + size]
        return rows if len(rows) > 1 else rows.repeat(2)  # batch normalisation needs two

    def _decoded(
        self, name: str, f: Tensor, y: Tensor, generator: torch.Generator, draw: bool = True
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Take features of classes ``y`` through an auto-encoder; return ``x'``, mu and s."""
        network, s = self.networks[name], self.settings
        assert isinstance(network, VariationalAutoEncoder)
        mu, spread = network.encoder(f)
        z = draw_latent(mu, spread, s.sigma_exponent, generator) if draw else mu
        label = one_hot(y, self.n_classes, z.dtype) if s.shared else None
        return full(network.decoder(z, label)), mu, spread

    def generate(self, codes: Tensor, generator: torch.Generator) -> Tensor:
        """Make one sample of each class in ``codes`` (n,): a picture, or a row of a table."""
        f = self.generate_features(codes, generator)
        s = self.settings
        if not s.n_autoencoders:
            return f
        if s.shared:
            return self._decoded("autoencoder_0", f, codes, generator, s.sample_z)[0]
        pictures = f.new_empty(len(codes), *self.description.shape)
        for code in self._groups(codes):
            of_class = codes == code
            name = f"autoencoder_{code}"
            x = self._decoded(name, f[of_class], codes[of_class], generator, s.sample_z)[0]
            pictures[of_class] = x
        return pictures


@estimator
class GAMO2PIX(DeepOversampler):
    """Over-sampler that decodes points near the border of their class.

    A game between a classifier, a discriminator and a convex generator (`GAMOClassifier`) makes
    features of the rarer classes; then variational auto-encoders, one for each class, learn to
    turn features into pictures. Rows of a table need no decoding.

    Parameters
    ----------
    preset : {"default", "original"}, default="default"
        ``"original"`` is that of `GAMOClassifier`, and its auto-encoders train for 25,000 steps
        each in place of 5,000, with ``sigma = exp(s)`` where the divergence means ``exp(s / 2)``.
        Every parameter that follows and is None takes the preset's value.
    architecture : {"equal", "original"} or None, default=None
        Networks of the same capacity as those of the other methods, or the authors'.
    latent_dim : int or None, default=None
        Features of a picture; no effect on tables.
    update : {"joint", "per_class"} or None, default=None
        As for `GAMOClassifier`.
    fakes_per_batch : {"balance", "batch"} or None, default=None
        As for `GAMOClassifier`.
    update_features : {"joint", "frozen_head"} or None, default=None
        As for `GAMOClassifier`.
    steps_per_class : int or None, default=None
        Training steps of each auto-encoder.
    shared : bool or None, default=None
        One auto-encoder for all classes, whose decoder is told the label: for many classes.
    sample_z : bool or None, default=None
        Whether a picture is decoded from a random latent vector, or from the mean that belongs to
        its features.
    max_steps : int or None, default=None
        Length of training in steps, shared between the game and the auto-encoders as the preset's
        own length is; None takes that.
    {shared}

    Attributes
    ----------
    {shared_attributes}

    See Also
    --------
    GAMOClassifier : The first stage by itself.

    Notes
    -----
    Classes of the largest size are not generated: pictures of them are decoded from features of
    their training pictures, and rows of them are rows of the training data.

    References
    ----------
    Mullick, Datta, Das. Generative Adversarial Minority Oversampling. ICCV 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae import GAMO2PIX
    >>> X, y = load_iris(return_X_y=True)
    >>> X_new, y_new = GAMO2PIX(max_steps=50, random_state=0).fit_resample(X[:110], y[:110])
    >>> X_new.shape
    (150, 4)
    """

    preset: str = "default"
    architecture: Literal["equal", "original"] | None = None
    latent_dim: int | None = None
    update: Literal["joint", "per_class"] | None = None
    fakes_per_batch: Literal["balance", "batch"] | None = None
    update_features: Literal["joint", "frozen_head"] | None = None
    steps_per_class: int | None = None
    shared: bool | None = None
    sample_z: bool | None = None

    _method = PictureGAMO
    _presets: ClassVar[Presets[GAMO2PIXSettings]] = PRESETS
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **DeepOversampler._parameter_constraints,
        **GAME_CONSTRAINTS,
        "steps_per_class": [whole(1), None],
        "shared": ["boolean", None],
        "sample_z": ["boolean", None],
    }

    def _settings(self, description: DataDescription) -> GAMO2PIXSettings:
        return resolve_game(self._presets, self.preset, description, self._overrides())
