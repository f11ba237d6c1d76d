"""Deep generative classifier: a latent-variable model of samples and labels that classifies by
Bayes' rule.

Notation: ``x`` samples, ``y`` class numbers, ``z`` codes (n, m). The model is
``p(z) p(x | z) p(y | z)`` with a standard normal p(z); the recogniser q(z | x, y) is normal with
means ``mean`` and log-variances ``log_variance`` (n, m). It is trained as a Wasserstein
auto-encoder. A sample is classified by recognising and decoding it under every label in turn: the
score of a label is ``log mean_s p(x | z_s) p(y | z_s)`` over S codes of q(z | x, y).

The recogniser sees the label, so p(y | z) soon knows the label that the code was made with: what
decides between labels is mostly how well each one's codes decode to x.

References
----------
Wang, Lyu, Jing. Deep Generative Model for Robust Imbalance Classification. CVPR 2020, and the
authors' public code.
Tolstikhin, Bousquet, Gelly, Schölkopf. Wasserstein Auto-Encoders. ICLR 2018.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.data.description import DataDescription
from osrae.methods.dgc_settings import DGCSettings, rate_factor
from osrae.methods.settings import paper_latent_dim
from osrae.networks.dgc import (
    Recogniser,
    build_classifier,
    build_dgc_decoder,
    build_recogniser,
    draw_codes,
)
from osrae.networks.layers import one_hot
from osrae.training.batches import ClassIndex, Source, TrainingData
from osrae.training.device import autocast, full
from osrae.training.method import Classifies, Generates
from osrae.training.optimisation import AdamW, move, set_rate_factor

__all__ = ["DGC", "mmd", "moment_loss", "oversampled", "reconstruction_loss"]

_MMD_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
#: Moments that differ by less than this are matched, and the warm-up ends.
_MATCHED = 0.1
#: Training samples whose codes are kept to make new ones of: most of a class, and in all.
_KEPT_OF_CLASS, _KEPT = 1000, 20_000
#: Values that are decoded at once when samples are classified; a CPU wants them in its cache.
_DECODED_VALUES = {"cpu": 2**17}
_DECODED_VALUES_ELSEWHERE = 2**21
_LEAST_VALUES = 64  # what a smaller sample counts: hidden layers do not shrink with it

# ---------------------------------------------------------------- the equations


def reconstruction_loss(x: Tensor, decoded: Tensor, weight: float = 1.0) -> Tensor:
    """``weight / 2 · mean_i ‖x_i - D(z_i)‖²``: a sum over values, a mean over samples."""
    return 0.5 * weight * (x - decoded).square().flatten(1).sum(1).mean()


def mmd(z: Tensor, z0: Tensor) -> Tensor:
    """Squared maximum mean discrepancy of two sets of codes, estimated from one batch of each.

    Sum over s of the kernels ``k(a, b) = c / (c + ‖a - b‖²)``, ``c = 2 m s``, s in 0.1, 0.2, 0.5,
    1, 2, 5, 10. The diagonals are left out of the sums within a set, so the estimate may be
    negative.

    Parameters
    ----------
    z, z0 : Tensor of shape (B, m)
        B at least 2.
    """
    n = len(z)
    within = sum(k.sum() - k.trace() for k in (_kernel(z, z), _kernel(z0, z0)))
    return within / (n * (n - 1)) - 2 * _kernel(z, z0).mean()


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    """Sum of the kernels of every pair: (n, m), (k, m) → (n, k)."""
    squares = a.square().sum(1)[:, None] + b.square().sum(1)
    distances = (squares - 2 * a @ b.T).clamp_min(0)  # rounding may leave a little less than 0
    kernel = torch.zeros_like(distances)
    for scale in _MMD_SCALES:
        c = 2 * a.shape[1] * scale
        kernel = kernel + c / (c + distances)
    return kernel


def moment_loss(z: Tensor, z0: Tensor) -> Tensor:
    """Mean square difference of the means plus that of the covariances of two sets (n, m)."""
    means = (z.mean(0) - z0.mean(0)).square().mean()
    return means + (z.T.cov() - z0.T.cov()).square().mean()


def oversampled(y: Tensor, counts: Tensor, rate: float) -> Tensor:
    """Row numbers of a batch in which the rows of rare classes are repeated.

    Class c, with b_c rows in the batch, has ``floor(b_c (1 + rate · (n_max - n_c) / n_c))`` copies
    of them: all rows in turn, again and again. (The authors' code copies each row the same number
    of times and cuts off the last copies, which may be all those of a row.)

    Parameters
    ----------
    y : Tensor of shape (B,)
        Class numbers of the batch.
    counts : Tensor of shape (C,)
        n_c, training samples of each class.
    rate : float
        r ≥ 0; 0 gives every row once.

    Returns
    -------
    Tensor of shape (n,)
        Row numbers of the batch, ascending.
    """
    in_batch = torch.bincount(y, minlength=len(counts))
    gaps = (counts.max() - counts).double()
    copies = (in_batch * (1 + rate * gaps / counts)).floor().long()
    starts, firsts = in_batch.cumsum(0) - in_batch, copies.cumsum(0) - copies
    classes = torch.repeat_interleave(copies)
    ranks = torch.arange(len(classes)) - firsts[classes]
    rows = y.argsort(stable=True)[starts[classes] + ranks % in_batch[classes]]
    return rows.sort().values


# ---------------------------------------------------------------- the method


class _Joint(NamedTuple):
    """The joint loss of a batch, its parts, and what the recogniser said of every sample."""

    loss: Tensor
    reconstruction: Tensor
    mmd: Tensor
    mean: Tensor
    log_variance: Tensor


class DGC(Classifies, Generates):
    """Recogniser, decoder and classifier of codes: how they learn, classify and make samples.

    Parameters
    ----------
    description : DataDescription
    class_counts : Tensor of shape (C,)
        Training samples of each class.
    settings : DGCSettings
    """

    settings: DGCSettings
    noise: Tensor  #: (S, m): what the S codes of every sample and label are drawn with.
    n_warm_up: Tensor  #: Steps of warm-up: the most there may be, until it ends before.
    kept_means: (
        Tensor  #: (C, k, m): what the recogniser says of up to k training samples of a class.
    )
    kept_log_variances: Tensor  #: (C, k, m)

    def __init__(
        self, description: DataDescription, class_counts: Tensor, settings: DGCSettings
    ) -> None:
        super().__init__(description, class_counts, settings)
        s, n_classes = settings, self.n_classes
        self.latent_dim = m = s.latent_dim or paper_latent_dim(description)
        self.recon_weight = s.resolve_recon_weight(description)
        self.networks = nn.ModuleDict(
            {
                "recogniser": build_recogniser(
                    s.architecture, description, m, n_classes, s.n_filters
                ),
                "decoder": build_dgc_decoder(s.architecture, description, m, s.n_filters),
                "classifier": build_classifier(s.head, s.architecture, m, n_classes),
            }
        )
        self.register_buffer("noise", torch.randn(s.n_codes, m))
        self.register_buffer("n_warm_up", torch.zeros((), dtype=torch.int64))
        # Of a shape that class sizes do not decide, so that training can go on with other data.
        most = max(1, min(_KEPT_OF_CLASS, _KEPT // n_classes))
        self.register_buffer("kept_means", torch.zeros(n_classes, most, m))
        self.register_buffer("kept_log_variances", torch.zeros(n_classes, most, m))

    @property
    def n_evaluations(self) -> int:  # type: ignore[override]
        """Fewer the more labels there are: each is tried on every row of the validation part."""
        return max(4, min(40, 400 // (self.n_classes * self.settings.n_codes)))

    @property
    def recogniser(self) -> Recogniser:
        """q(z | x, y)."""
        recogniser = self.networks["recogniser"]
        assert isinstance(recogniser, Recogniser)
        return recogniser

    def prepare(self, data: TrainingData) -> None:
        """Make fresh optimizers and plan the warm-up; a run begins with it."""
        s = self.settings
        # The repeated codes move the classifier with the moments of the joint steps, as in the
        # authors' code; the recogniser's own steps have moments of their own.
        owners = {"model": self.networks, "recogniser": self.recogniser}
        self.optimizers = {
            name: AdamW(owner.parameters(), s.learning_rate, (0.5, 0.999))
            for name, owner in owners.items()
        }
        self.n_warm_up.fill_(min(s.warm_up_steps, s.resolve_steps(len(data)) // 4))

    # ------------------------------------------------------------------ training

    def training_step(self, source: Source) -> dict[str, Tensor]:
        """Match moments in the warm-up; then one joint step, and what belongs to it."""
        n_warm_up = int(self.n_warm_up)
        if source.step < n_warm_up:
            return {"warm_up": self._match_moments(source)}
        s, place = self.settings, source.step - n_warm_up
        epoch = s.epochs * place / (source.max_steps - n_warm_up)
        set_rate_factor(self.optimizers.values(), rate_factor(s.rate_schedule, epoch, s.epochs))
        rows = self._batch_rows(source, place)
        x, y = source.take(rows)
        prior = self._normal(len(x), source.generator)
        losses = {}
        if s.extra_encoder_step:
            losses["recogniser"] = self._joint(x, y, prior, source.generator).loss
            move(self.optimizers, losses)
        joint = self._joint(x, y, prior, source.generator)
        move(self.optimizers, {"model": joint.loss})
        repeated = oversampled(source.data.y[rows], source.counts, s.oversampling_rate).to(x.device)
        losses["classifier"] = self._classify_repeated(joint, y, repeated, source.generator)
        move({"classifier": self.optimizers["model"]}, {"classifier": losses["classifier"]})
        parts = {"reconstruction": joint.reconstruction, "mmd": joint.mmd}
        return {**losses, "model": joint.loss, **parts}

    def _batch_rows(self, source: Source, place: int) -> Tensor:
        """Return the rows of a batch: of epochs in turn, or of the first one over and over."""
        size, n = self.settings.batch_size, len(source.data)
        if self.settings.reshuffle:
            return source.epoch_rows(size, place * size)
        size = min(size, n)
        # A last batch that would be short begins earlier: it may be too short for a covariance.
        start = min(place % -(-n // size) * size, n - size)
        return source.epoch_rows(size, start)

    def _match_moments(self, source: Source) -> Tensor:
        size = min(self.settings.warm_up_size, len(source.data))
        x, y = source.take(source.epoch_rows(size, source.step * size))
        with autocast(self.device, self.precision):
            mean, log_variance = self.recogniser(x, one_hot(y, self.n_classes, x.dtype))
        z = draw_codes(mean, log_variance, self._normal(size, source.generator))
        loss = moment_loss(z, self._normal(size, source.generator))
        move(self.optimizers, {"recogniser": loss})
        if loss < _MATCHED:
            self.n_warm_up.fill_(source.step + 1)
        return loss

    def _joint(self, x: Tensor, y: Tensor, prior: Tensor, generator: torch.Generator) -> _Joint:
        """Squared error, distance of the codes from those of the prior, and cross-entropy."""
        with autocast(self.device, self.precision):
            mean, log_variance = self.recogniser(x, one_hot(y, self.n_classes, x.dtype))
            z = draw_codes(mean, log_variance, self._normal(len(x), generator))
            decoded = full(self.networks["decoder"](z))
        reconstruction = reconstruction_loss(x, decoded, self.recon_weight)
        discrepancy = mmd(z, prior)
        loss = reconstruction + self.settings.mmd_weight * discrepancy + self._cross_entropy(z, y)
        return _Joint(loss, reconstruction, discrepancy, mean.detach(), log_variance.detach())

    def _classify_repeated(
        self, joint: _Joint, y: Tensor, repeated: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Cross-entropy of new codes for every copy of a row."""
        noise = self._normal(len(repeated), generator)
        z = draw_codes(joint.mean[repeated], joint.log_variance[repeated], noise)
        return self._cross_entropy(z, y[repeated])

    def _cross_entropy(self, z: Tensor, y: Tensor) -> Tensor:
        logits = self.networks["classifier"](z)
        return F.cross_entropy(logits, y, reduction=self.settings.cross_entropy)

    def _normal(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randn(
            n, self.latent_dim, generator=generator, device=self.device, dtype=self.dtype
        )

    # ------------------------------------------------------------------ classification

    def logits(self, x: Tensor) -> Tensor:
        """Score every label: ``(n, …)`` to ``log mean_s p(x | z_s) p(y | z_s)``, (n, C).

        The S codes of a sample and a label are made with noise that all samples and labels share,
        so a score does not depend on what else is classified.
        """
        x, n_codes = x.to(self.dtype), self.settings.n_codes
        with autocast(self.device, self.precision):
            of_samples = self.recogniser.of_samples(x)
        with autocast(self.device, torch.float32):
            of_labels = self.recogniser.of_labels()
        values = _DECODED_VALUES.get(x.device.type, _DECODED_VALUES_ELSEWHERE)
        size = max(1, values // max(math.prod(x.shape[1:]), _LEAST_VALUES))
        all_codes = torch.arange(len(x) * self.n_classes * n_codes, device=x.device)
        # One result for all: small ones, kept between large buffers that come and go, would keep
        # the allocator from using that memory again.
        scores = torch.empty(len(all_codes), dtype=self.dtype, device=x.device)
        for numbers in all_codes.split(size):
            scores[numbers] = self._log_densities(x, of_samples, of_labels, numbers)
        return scores.unflatten(0, (-1, self.n_classes, n_codes)).logsumexp(2) - math.log(n_codes)

    def _log_densities(
        self,
        x: Tensor,
        of_samples: tuple[Tensor, Tensor],
        of_labels: tuple[Tensor, Tensor],
        numbers: Tensor,
    ) -> Tensor:
        """``log p(x | z) + log p(y | z)`` of the codes with these numbers, up to a constant.

        Codes are counted through samples, labels of a sample, and codes of a label.
        """
        n_codes = self.settings.n_codes
        rows = numbers // (self.n_classes * n_codes)
        y, code = numbers // n_codes % self.n_classes, numbers % n_codes
        samples, labels = ((a[i], b[i]) for (a, b), i in ((of_samples, rows), (of_labels, y)))
        z = draw_codes(*self.recogniser.combine(samples, labels), self.noise[code])
        with autocast(self.device, self.precision):
            decoded = full(self.networks["decoder"](z))
        with autocast(self.device, torch.float32):
            log_y = -F.cross_entropy(self.networks["classifier"](z), y, reduction="none")
        errors = (x[rows] - decoded).square().flatten(1).sum(1)
        return log_y - 0.5 * self.recon_weight * errors

    # ------------------------------------------------------------------ generation

    def conclude(self, data: TrainingData) -> None:
        """Keep what the recogniser says of training samples, evenly spread over each class."""
        index = ClassIndex(data.y, self.n_classes)
        for code, n in enumerate(self._n_kept().tolist()):
            members = index.rows(code)
            rows = members[torch.arange(n) * len(members) // n].long()
            x = data.x.take(rows, self.device).to(self.dtype)
            y = torch.full((n,), code, device=self.device)
            mean, log_variance = self.recogniser(x, one_hot(y, self.n_classes, self.dtype))
            # In the precision of files, so that a loaded model makes the same samples.
            self.kept_means[code, :n] = mean.float()
            self.kept_log_variances[code, :n] = log_variance.float()

    def _n_kept(self) -> Tensor:
        return self.class_counts.clamp_max(self.kept_means.shape[1])

    def generate(self, codes: Tensor, generator: torch.Generator) -> Tensor:
        """Decode a new code of a random member of each class number (n,): rows (n, …)."""
        position = torch.rand(len(codes), generator=generator, device=self.device)
        member = (position * self._n_kept()[codes]).long()
        mean, log_variance = self.kept_means[codes, member], self.kept_log_variances[codes, member]
        z = draw_codes(mean, log_variance, self._normal(len(codes), generator))
        return full(self.networks["decoder"](z))
