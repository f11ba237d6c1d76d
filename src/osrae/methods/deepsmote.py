"""DeepSMOTE: an auto-encoder, and SMOTE among its latent vectors.

Notation: E encoder, D decoder, ``z = E(x)`` (n, m) latent vectors, ``n_c`` training samples of
class c, S a sample of one class, π a cyclic shift.

The article's penalty asks D to decode one sample's latent vector into another sample of its class.
The authors' code permutes latent vectors and targets alike, and stops the gradient between E and D:
it is plain reconstruction of a sample of one class, which teaches D alone. That code is what
results of DeepSMOTE come from, so it is the penalty of both presets; ``penalty="published"`` is the
article's.

References
----------
Dablain, Krawczyk, Chawla. DeepSMOTE: Fusing Deep Learning and SMOTE for Imbalanced Data. IEEE
Transactions on Neural Networks and Learning Systems, 2022. Code:
https://github.com/dd1github/DeepSMOTE.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from sklearn.neighbors import NearestNeighbors
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn
from torch.nn import functional as F

from osrae.data.description import DataDescription, ImageDescription
from osrae.methods.deepsmote_settings import PRESETS, DeepSMOTESettings
from osrae.methods.parameters import estimator, positive, whole
from osrae.methods.resampling import DeepOversampler
from osrae.networks import build_decoder, build_encoder
from osrae.networks.deepsmote import Decoder, Encoder
from osrae.training.batches import ClassIndex, Source, TrainingData
from osrae.training.device import autocast, full
from osrae.training.engine import EVALUATION_ROWS
from osrae.training.method import Generates
from osrae.training.optimisation import AdamW, move

__all__ = ["DeepSMOTE", "DeepSMOTEMethod"]

Network = Callable[[Tensor], Tensor]
#: As many as the authors have epochs.
_MOST_EVALUATIONS = 200


# ---------------------------------------------------------------- losses


def reconstruction_loss(encode: Network, decode: Network, x: Tensor) -> Tensor:
    """``L_R = MSE(D(E(x)), x)``, the mean over samples and values."""
    return F.mse_loss(decode(encode(x)), x)


def penalty_loss(encode: Network, decode: Network, sample: Tensor, kind: str) -> Tensor:
    """Return L_P for a sample S of one class.

    Parameters
    ----------
    encode, decode : callable
        E and D.
    sample : Tensor of shape (s, …)
        S.
    kind : {"reference", "published"}
        ``MSE(D(stopgrad(E(S))), S)``, what the authors' code comes to, or
        ``MSE(D(π(E(S))), S)``, the article's.
    """
    if kind == "published":
        return F.mse_loss(decode(encode(sample).roll(-1, dims=0)), sample)
    with torch.no_grad():
        z = encode(sample)
    return F.mse_loss(decode(z), sample)


# ---------------------------------------------------------------- SMOTE


def nearest_neighbours(z: Tensor, k: int) -> Tensor:
    """Find the k_eff = min(k, n - 1) nearest other rows of every row.

    Parameters
    ----------
    z : Tensor of shape (n, m)
    k : int

    Returns
    -------
    Tensor of shape (n, k)
        Row numbers, nearest first; places beyond k_eff hold the row itself.
    """
    n = len(z)
    found = torch.arange(n)[:, None].repeat(1, k)
    near = min(k, n - 1)
    if near:
        search = NearestNeighbors(n_neighbors=near).fit(z.cpu().numpy())
        found[:, :near] = torch.from_numpy(search.kneighbors(return_distance=False))
    return found.to(z.device)


def interpolate(
    z: Tensor, neighbours: Tensor, counts: Tensor, codes: Tensor, uniform: Tensor
) -> Tensor:
    """Make latent vectors ``z' = z_i + u (z_j - z_i)``, as SMOTE makes samples.

    The base i is any member of the class, j any of its k_eff neighbours, u any number in [0, 1); of
    a class with one member it is that member.

    Parameters
    ----------
    z : Tensor of shape (N, m)
        Latent vectors, class by class.
    neighbours : Tensor of shape (N, k)
        Their neighbours inside the class, as row numbers of ``z``.
    counts : Tensor of shape (C,)
        Rows of each class.
    codes : Tensor of shape (n,)
        Class numbers of what is made.
    uniform : Tensor of shape (n, 3)
        Numbers in [0, 1) that decide i, j and u.

    Returns
    -------
    Tensor of shape (n, m)
    """
    members = counts[codes]
    starts = (counts.cumsum(0) - counts)[codes]
    base = starts + _below(members, uniform[:, 0])
    k_eff = (members - 1).clamp(1, neighbours.shape[1])
    partner = neighbours[base, _below(k_eff, uniform[:, 1])]
    return torch.lerp(z[base], z[partner], uniform[:, 2:])


def _below(sizes: Tensor, uniform: Tensor) -> Tensor:
    """Turn numbers in [0, 1) into whole ones below ``sizes``."""
    return torch.minimum((uniform * sizes).long(), sizes - 1)  # the product may be rounded up


def order_of_appearance(y: Tensor, n_classes: int) -> Tensor:
    """Return the class numbers (C,) in the order in which their first rows stand in ``y`` (n,)."""
    first = torch.full((n_classes,), len(y))
    first.scatter_reduce_(0, y.long(), torch.arange(len(y)), "amin")
    return first.argsort()


# ---------------------------------------------------------------- the method


class DeepSMOTEMethod(Generates):
    """Encoder and decoder, and the latent vectors between which new ones are made.

    Parameters
    ----------
    description : DataDescription
    class_counts : Tensor of shape (C,)
    settings : DeepSMOTESettings

    Attributes
    ----------
    latents : Tensor of shape (N, m)
        ``z`` of the training samples after training, class by class.
    neighbours : Tensor of shape (N, k)
        Their nearest neighbours inside the class, as row numbers of ``latents``.
    class_order : Tensor of shape (C,)
        Class numbers in the order in which the classes first appear in the data. Random numbers are
        given to classes in this order, so that no result depends on what the classes are called.
    """

    not_kept = ("encoder",)

    settings: DeepSMOTESettings
    latents: Tensor
    neighbours: Tensor
    class_order: Tensor

    def __init__(
        self, description: DataDescription, class_counts: Tensor, settings: DeepSMOTESettings
    ) -> None:
        super().__init__(description, class_counts, settings)
        m, n = settings.resolve_latent_dim(description), int(class_counts.sum())
        #: Whether the networks' pictures are in [-1, 1].
        self.signed = settings.architecture == "original" and isinstance(
            description, ImageDescription
        )
        encoder: nn.Module
        decoder: nn.Module
        if self.signed:
            assert isinstance(description, ImageDescription)
            encoder = Encoder(description, m, settings.width)
            decoder = Decoder(description, m, settings.width)
        else:
            encoder = build_encoder(None, description, m)
            decoder = build_decoder(description, m, None)
        self.networks = nn.ModuleDict({"encoder": encoder, "decoder": decoder})
        self.register_buffer("latents", torch.zeros(n, m))
        neighbours = torch.zeros(n, settings.k_neighbors, dtype=torch.int64)
        self.register_buffer("neighbours", neighbours)
        self.register_buffer("class_order", torch.arange(self.n_classes))
        self.kept_by_loss = "autoencoder" if settings.keep == "lowest_loss" else None

    @property
    def n_evaluations(self) -> int:  # type: ignore[override]
        """One in an epoch, as the authors choose an epoch; a part of one would win by its draws."""
        n, s = int(self.class_counts.sum()), self.settings
        return max(1, min(_MOST_EVALUATIONS, s.resolve_steps(n) // s.steps_of(1, n)))

    def prepare(self, data: TrainingData) -> None:
        """Make a fresh optimizer."""
        self.class_order.copy_(order_of_appearance(data.y, self.n_classes))
        # One Adam has the same effect as the authors' two: it treats every weight by itself.
        self.optimizers = {
            "autoencoder": AdamW(self.networks.parameters(), self.settings.learning_rate)
        }

    # ------------------------------------------------------------------ training

    def training_step(self, source: Source) -> dict[str, Tensor]:
        """Reconstruct a batch B of all classes and a sample S of one: ``L_R + λ L_P``."""
        s = self.settings
        x = self._seen(source, source.epoch_rows(s.batch_size, source.step * s.batch_size))
        sample = self._seen(source, self._class_sample(source))
        with autocast(self.device, self.precision):
            loss = reconstruction_loss(self.encode, self.decode, x)
            # One row has no statistics of its own.
            self.networks.train(s.sample_statistics == "own" and len(sample) > 1)
            penalty = penalty_loss(self.encode, self.decode, sample, s.penalty)
            self.networks.train()
        losses = {"autoencoder": loss + s.penalty_weight * penalty}
        move(self.optimizers, losses)
        return losses

    def _class_sample(self, source: Source) -> Tensor:
        """Draw a class, every one as likely, and row numbers of distinct members."""
        place = torch.randint(self.n_classes, (), generator=source.generator, device=source.device)
        return source.members(int(self.class_order[place]), self.settings.class_sample_size)

    def _seen(self, source: Source, rows: Tensor) -> Tensor:
        return self._inwards(source.take(rows)[0])

    def _inwards(self, x: Tensor) -> Tensor:
        """Bring samples to the range of the networks."""
        return 2 * x - 1 if self.signed else x

    def encode(self, x: Tensor) -> Tensor:
        """Latent vectors of samples in the networks' range: ``(n, …)`` to ``(n, m)``."""
        return full(self.networks["encoder"](x))

    def decode(self, z: Tensor) -> Tensor:
        """Samples in the networks' range from latent vectors: ``(n, m)`` to ``(n, …)``."""
        return full(self.networks["decoder"](z))

    # ------------------------------------------------------------------ results

    def conclude(self, data: TrainingData) -> None:
        """Encode the training samples, and find every latent vector's neighbours."""
        blocks = data.x.blocks(EVALUATION_ROWS, self.latents.device)
        z = torch.cat([self.encode(self._inwards(x.to(self.latents.dtype))) for x in blocks])
        index, start = ClassIndex(data.y, self.n_classes), 0
        for code in range(self.n_classes):
            own = z[index.rows(code).to(z.device)]
            part = slice(start, start + len(own))
            self.latents[part] = own.float()  # as a file holds them
            self.neighbours[part] = start + nearest_neighbours(own, self.settings.k_neighbors)
            start = part.stop

    def generate(self, codes: Tensor, generator: torch.Generator) -> Tensor:
        """Decode interpolated latent vectors of the classes ``codes`` (n,): rows ``(n, …)``."""
        uniform = torch.rand(
            len(codes), 3, generator=generator, device=codes.device, dtype=self.latents.dtype
        )
        turn = self.class_order.argsort()[codes].argsort(stable=True)
        uniform = torch.empty_like(uniform).index_copy_(0, turn, uniform)
        z = interpolate(self.latents, self.neighbours, self.class_counts, codes, uniform)
        x = self.decode(z)
        return (x + 1) / 2 if self.signed else x


@estimator
class DeepSMOTE(DeepOversampler):
    """Over-sampler that does SMOTE among the latent vectors of an auto-encoder.

    An auto-encoder learns to reconstruct all samples, those of rare classes more often than they
    occur. New samples are decoded from points between the latent vector of a sample and that of one
    of its nearest neighbours of the same class.

    Parameters
    ----------
    preset : {"default", "original"}, default="default"
        ``"original"`` has the networks of the method's authors and keeps, as they do, the weights
        with the lowest training loss; ``"default"`` has networks as large as those of the library's
        other methods and keeps the last weights. Every parameter that follows and is None takes the
        preset's value.
    architecture : {"equal", "original"} or None, default=None
        Networks of the same capacity as those of the other methods, or the authors', who have none
        for tables.
    latent_dim : int or None, default=None
        m, the size of the latent space.
    penalty : {"reference", "published"} or None, default=None
        The penalty beside the reconstruction of each batch: reconstruction of samples of one class
        at a time, from which the decoder alone learns, as in the authors' code (both presets), or,
        as in the article, of one sample from the latent vector of another.
    penalty_weight : float or None, default=None
        Of the penalty; reconstruction has weight 1.
    class_sample_size : int or None, default=None
        Most samples of one class in a step, for the penalty.
    k_neighbors : int or None, default=None
        Nearest neighbours to interpolate with; a class of n_c samples has at most n_c - 1, and one
        of a single sample gives copies of its reconstruction.
    {shared}

    Attributes
    ----------
    {shared_attributes}

    See Also
    --------
    BAGAN : New samples from a generator that begins as an auto-encoder's decoder.
    RAEOversampler : New samples from learned mixtures of latent vectors.

    Notes
    -----
    Data as for `RAEOversampler`. The authors have no networks for tables: there both presets have
    the same. What else ``"original"`` does as their code: a sample of one class is normalised by
    its own statistics, which move the running ones, and the weights of the epoch with the lowest
    training loss are kept.

    References
    ----------
    Dablain, Krawczyk, Chawla. DeepSMOTE: Fusing Deep Learning and SMOTE for Imbalanced Data. IEEE
    Transactions on Neural Networks and Learning Systems, 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae.methods.deepsmote import DeepSMOTE
    >>> X, y = load_iris(return_X_y=True)
    >>> sampler = DeepSMOTE(max_steps=50, random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X[:110], y[:110])
    >>> X_new.shape, int(sampler.synthetic_mask_.sum())
    ((150, 4), 40)
    """

    preset: str = "default"
    architecture: str | None = None
    latent_dim: int | None = None
    penalty: str | None = None
    penalty_weight: float | None = None
    class_sample_size: int | None = None
    k_neighbors: int | None = None

    _method = DeepSMOTEMethod
    _presets = PRESETS
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **DeepOversampler._parameter_constraints,
        "preset": [StrOptions(set(PRESETS))],
        "architecture": [StrOptions({"equal", "original"}), None],
        "latent_dim": [whole(1), None],
        "penalty": [StrOptions({"reference", "published"}), None],
        "penalty_weight": [positive("left"), None],
        "class_sample_size": [whole(1), None],
        "k_neighbors": [whole(1), None],
    }
