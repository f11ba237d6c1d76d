"""BAGAN: a GAN that begins as an auto-encoder, with a normal distribution of codes per class.

Notation: T trunk, E encoder (T and a linear layer), G generator, the auto-encoder's decoder, Dis
discriminator (a second T and a linear layer) with C + 1 outputs, the last of which is for generated
samples, ``z = E(x)`` (n, m) latent vectors, ``mu_c`` and ``S_c`` their mean and covariance in class
c, B the batch size.

A run has two stages of the same length. In the first E and G learn to reconstruct. Between them Dis
gets a copy of E's trunk, and ``mu_c`` and ``S_c`` are fitted, once. In the second Dis and G play.

References
----------
Mariani, Scheidegger, Istrate, Bekas, Malossi. BAGAN: Data Augmentation with Balancing GAN.
arXiv:1803.09655, 2018. Code: https://github.com/IBM/BAGAN.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.data.description import DataDescription, ImageDescription
from osrae.methods.bagan_settings import BAGANSettings
from osrae.networks import build_decoder
from osrae.networks.bagan import AuthorsGenerator, build_trunk, with_head
from osrae.training.batches import ClassIndex, Source, TrainingData
from osrae.training.device import autocast, full
from osrae.training.engine import EVALUATION_ROWS
from osrae.training.method import Generates
from osrae.training.optimisation import AdamW, move

__all__ = [
    "BETAS",
    "BAGANMethod",
    "autoencoder_loss",
    "class_probabilities",
    "discriminator_loss",
    "draw",
    "generator_loss",
    "n_fakes",
    "normal_distribution",
]

#: Adam's β of every network.
BETAS = (0.5, 0.999)
#: Latent vectors drawn at once: each takes a copy of its class's factor, m × m.
_DRAWN_AT_ONCE = 128


# ---------------------------------------------------------------- losses


def autoencoder_loss(decoded: Tensor, x: Tensor) -> Tensor:
    """``MSE(G(E(x)), x)``, the mean over samples and values."""
    return F.mse_loss(decoded, x)


def discriminator_loss(logits_real: Tensor, y: Tensor, logits_fake: Tensor) -> Tensor:
    """Cross-entropy over C + 1 classes, mean over real samples and generated ones, of class C.

    Parameters
    ----------
    logits_real : Tensor of shape (B, C + 1)
    y : Tensor of shape (B,)
        Class numbers.
    logits_fake : Tensor of shape (n, C + 1)
    """
    fake = y.new_full((len(logits_fake),), logits_fake.shape[1] - 1)
    return F.cross_entropy(torch.cat([logits_real, logits_fake]), torch.cat([y, fake]).long())


def generator_loss(logits_fake: Tensor, codes: Tensor) -> Tensor:
    """Cross-entropy of generated samples against the classes ``codes`` (n,) they are meant for."""
    return F.cross_entropy(logits_fake, codes)


# ---------------------------------------------------------------- classes of what is generated


def n_fakes(batch_size: int, n_classes: int) -> int:
    """Return the generated samples that Dis sees with ``batch_size`` real ones: ceil(B / C)."""
    return -(-batch_size // n_classes)


def class_probabilities(counts: Tensor, mode: str) -> Tensor:
    """How often each class is generated in training.

    Parameters
    ----------
    counts : Tensor of shape (C,)
        Training samples of each class, n_c.
    mode : {"uniform", "rebalance"}
        1 / C, or ``2 / C - n_c / N``, where that is not negative, in proportion.

    Returns
    -------
    Tensor of shape (C,)
        Sums to 1.
    """
    uniform = torch.full_like(counts, 1 / len(counts), dtype=torch.float64)
    if mode == "uniform":
        return uniform
    chances = (2 * uniform - counts / counts.sum()).clamp_min(0)
    return chances / chances.sum()


# ---------------------------------------------------------------- the classes' latent vectors


def normal_distribution(z: Tensor, shrinkage: float) -> tuple[Tensor, Tensor]:
    """Fit a normal distribution to latent vectors.

    The factor is one of ``S + ε I``, S the unbiased covariance and ε ``shrinkage · trace(S) / m``.
    It comes of an eigen-decomposition: S is singular for n ≤ m, where Cholesky's fails.

    Parameters
    ----------
    z : Tensor of shape (n, m)
        One vector has no covariance: S is 0.
    shrinkage : float

    Returns
    -------
    mean : Tensor of shape (m,)
    factor : Tensor of shape (m, m)
        F with ``F Fᵀ = S + ε I``; both in float64.
    """
    z = z.double()
    mean = z.mean(0)
    centred = z - mean
    covariance = centred.T @ centred / max(1, len(z) - 1)
    covariance.diagonal().add_(shrinkage * covariance.diagonal().mean())
    values, vectors = torch.linalg.eigh(covariance)
    return mean, vectors * values.clamp_min(0).sqrt()


def draw(means: Tensor, factors: Tensor, codes: Tensor, generator: torch.Generator) -> Tensor:
    """Draw ``z ~ N(mu_c, S_c)``.

    Parameters
    ----------
    means : Tensor of shape (C, m)
    factors : Tensor of shape (C, m, m)
    codes : Tensor of shape (n,)
        Class numbers c.
    generator : torch.Generator

    Returns
    -------
    Tensor of shape (n, m)
    """
    noise = torch.randn(
        len(codes), means.shape[1], generator=generator, device=means.device, dtype=means.dtype
    )
    blocks = zip(codes.split(_DRAWN_AT_ONCE), noise.split(_DRAWN_AT_ONCE), strict=True)
    with autocast(means.device, torch.float32):
        parts = [(factors[own] @ part[:, :, None])[:, :, 0] for own, part in blocks]
    return means[codes] + torch.cat(parts)


# ---------------------------------------------------------------- the method


class BAGANMethod(Generates):
    """Encoder, generator and discriminator, and the classes' distributions of latent vectors.

    Parameters
    ----------
    description : DataDescription
    class_counts : Tensor of shape (C,)
    settings : BAGANSettings

    Attributes
    ----------
    means : Tensor of shape (C, m)
        ``mu_c``.
    factors : Tensor of shape (C, m, m)
        Of ``S_c``, see `normal_distribution`.
    fitted : Tensor of bool
        Whether the run has filled ``means`` and ``factors``.
    """

    not_kept = ("encoder", "discriminator")

    settings: BAGANSettings
    means: Tensor
    factors: Tensor
    fitted: Tensor

    def __init__(
        self, description: DataDescription, class_counts: Tensor, settings: BAGANSettings
    ) -> None:
        super().__init__(description, class_counts, settings)
        m, n_classes = settings.resolve_latent_dim(description), self.n_classes
        authors = settings.architecture == "original"
        #: Whether the networks' pictures are in [-1, 1].
        self.signed = authors and isinstance(description, ImageDescription)
        generator: nn.Module
        if authors and isinstance(description, ImageDescription):
            generator = AuthorsGenerator(description, m)
        else:
            generator = build_decoder(description, m, None)
        self.networks = nn.ModuleDict(
            {
                "encoder": with_head(build_trunk(description, authors), m),
                "generator": generator,
                "discriminator": with_head(build_trunk(description, authors), n_classes + 1),
            }
        )
        self.register_buffer("means", torch.zeros(n_classes, m))
        self.register_buffer("factors", torch.zeros(n_classes, m, m))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))

    def prepare(self, data: TrainingData) -> None:
        """Make fresh optimizers; G has one in each stage."""
        self.fitted.fill_(False)
        encoder, generator, discriminator = (network.parameters() for network in self._players())
        weights = list(generator)
        owned = {
            "autoencoder": [*encoder, *weights],
            "discriminator": discriminator,
            "generator": weights,
        }
        rate = self.settings.learning_rate
        self.optimizers = {name: AdamW(own, rate, BETAS) for name, own in owned.items()}

    def _players(self) -> tuple[nn.Module, nn.Module, nn.Module]:
        networks = self.networks
        return networks["encoder"], networks["generator"], networks["discriminator"]

    # ------------------------------------------------------------------ training

    def training_step(self, source: Source) -> dict[str, Tensor]:
        """Do a step of the auto-encoder in the run's first half, one of the game in the second."""
        size = self.settings.batch_size
        x, y = source.take(source.epoch_rows(size, source.step * size))
        x = self._inwards(x)
        first_of_game = (source.max_steps + 1) // 2
        if source.step < first_of_game:
            return self._autoencoder_step(x)
        if source.step == first_of_game:
            self.begin_game(source.data)
        return self._discriminator_step(x, y, source.generator) | self._generator_step(
            len(x), source.generator
        )

    def _autoencoder_step(self, x: Tensor) -> dict[str, Tensor]:
        with autocast(self.device, self.precision):
            loss = autoencoder_loss(self.decode(self.encode(x)), x)
        return self._moved("autoencoder", loss)

    def _discriminator_step(
        self, x: Tensor, y: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        with autocast(self.device, self.precision):
            fakes = self._fakes(n_fakes(len(x), self.n_classes), generator)
            logits = self.discriminate(torch.cat([x, fakes]))
            loss = discriminator_loss(logits[: len(x)], y, logits[len(x) :])
        return self._moved("discriminator", loss)

    def _fakes(self, n: int, generator: torch.Generator) -> Tensor:
        """Generate as after training: so few have no statistics of a batch."""
        network = self.networks["generator"].eval()
        with torch.no_grad():
            fakes = self.decode(self._latents(self._codes(n, generator), generator))
        network.train()
        return fakes

    def _generator_step(self, n_real: int, generator: torch.Generator) -> dict[str, Tensor]:
        codes = self._codes(n_fakes(n_real, self.n_classes) + n_real, generator)
        z = self._latents(codes, generator)
        with autocast(self.device, self.precision):
            loss = generator_loss(self.discriminate(self.decode(z)), codes)
        return self._moved("generator", loss)

    def _moved(self, name: str, loss: Tensor) -> dict[str, Tensor]:
        move(self.optimizers, {name: loss})
        return {name: loss.detach()}

    def _codes(self, n: int, generator: torch.Generator) -> Tensor:
        chances = class_probabilities(self.class_counts, self.settings.mode).to(self.means.dtype)
        return torch.multinomial(chances, n, replacement=True, generator=generator)

    def _latents(self, codes: Tensor, generator: torch.Generator) -> Tensor:
        return draw(self.means, self.factors, codes, generator)

    # ------------------------------------------------------------------ between the stages

    @torch.no_grad()
    def begin_game(self, data: TrainingData) -> None:
        """Give Dis a copy of the encoder's trunk, and fit the classes' distributions."""
        encoder, _, discriminator = self._players()
        discriminator[0].load_state_dict(encoder[0].state_dict())  # type: ignore[index]
        self.eval()
        self._fit_classes(data)
        self.train()

    def _fit_classes(self, data: TrainingData) -> None:
        blocks = data.x.blocks(EVALUATION_ROWS, self.means.device)
        z = torch.cat([self.encode(self._inwards(x.to(self.means.dtype))).cpu() for x in blocks])
        index = ClassIndex(data.y, self.n_classes)
        for code in range(self.n_classes):
            own = z[index.rows(code)]
            mean, factor = normal_distribution(own, self.settings.shrinkage)
            self.means[code], self.factors[code] = mean.float(), factor.float()  # as in a file
        self.fitted.fill_(True)

    def conclude(self, data: TrainingData) -> None:
        """Fit the classes' distributions where the run has ended before the game."""
        if not self.fitted:
            self._fit_classes(data)

    # ------------------------------------------------------------------ the networks

    def _inwards(self, x: Tensor) -> Tensor:
        """Bring samples to the range of the networks."""
        return 2 * x - 1 if self.signed else x

    def encode(self, x: Tensor) -> Tensor:
        """Latent vectors of samples in the networks' range: ``(n, …)`` to ``(n, m)``."""
        return full(self.networks["encoder"](x))

    def decode(self, z: Tensor) -> Tensor:
        """Samples in the networks' range from latent vectors: ``(n, m)`` to ``(n, …)``."""
        return full(self.networks["generator"](z))

    def discriminate(self, x: Tensor) -> Tensor:
        """Logits of samples in the networks' range: ``(n, …)`` to ``(n, C + 1)``."""
        return full(self.networks["discriminator"](x))

    def generate(self, codes: Tensor, generator: torch.Generator) -> Tensor:
        """Decode latent vectors of the classes ``codes`` (n,): rows ``(n, …)``."""
        x = self.decode(self._latents(codes, generator))
        return (x + 1) / 2 if self.signed else x
