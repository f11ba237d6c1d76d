"""Latent vectors of the training data, and new samples mixed from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from osrae.data.samples import Rows, Samples
from osrae.methods.embedding import encode_samples
from osrae.methods.rae import RAE
from osrae.methods.rae_losses import mix
from osrae.networks.layers import one_hot
from osrae.training.batches import ClassIndex
from osrae.training.device import autocast
from osrae.training.engine import EVALUATION_ROWS
from osrae.training.seeding import fresh_generator

__all__ = ["LatentBank", "decode_samples"]

#: Members of a class that later samples are mixed from; rarer classes are kept whole.
_KEPT_PER_CLASS = 1000


def decode_samples(method: RAE, z: Tensor, codes: Tensor) -> Tensor:
    """Samples ``(n, ...)`` of latent vectors (n, m) and class numbers (n,), on the host."""
    method.eval()
    device = method.device
    blocks = zip(z.split(EVALUATION_ROWS), codes.split(EVALUATION_ROWS), strict=True)
    with torch.inference_mode(), autocast(device, method.precision):
        rows = [method.decode(z.to(device), codes.to(device)).float().cpu() for z, codes in blocks]
        decoded = torch.cat(rows)
    return decoded.clone()


@dataclass
class LatentBank:
    """Parents of new samples.

    Parameters
    ----------
    z : Tensor of shape (n, m)
    codes : Tensor of shape (n,)
        Class numbers.
    rows : Tensor of shape (n,)
        Row numbers in the training data.
    lost : Tensor of shape (n, p) or None
        What reconstructions lose of encoded rows, ``x - D(z)``; None where it is not kept.
    embedded : Tensor of shape (n, m) or None
        Latent vectors that are classified; None where these are ``z``.
    """

    z: Tensor
    codes: Tensor
    rows: Tensor
    lost: Tensor | None = None
    embedded: Tensor | None = None

    @classmethod
    def build(
        cls,
        method: RAE,
        x: Rows,
        codes: np.ndarray,
        rows: np.ndarray | None = None,
        whole: Collection[int] = (),
    ) -> LatentBank:
        """Encode parents from the training data.

        Parameters
        ----------
        method : RAE
        x : Rows
        codes : ndarray of shape (n,)
            Class numbers of all rows of ``x``.
        rows : ndarray of int or None
            The rows that may be parents; None for all.
        whole : collection of int
            Classes whose every member becomes a parent; of the others `_KEPT_PER_CLASS` do.
        """
        chosen = _spread(codes, whole) if rows is None else rows[_spread(codes[rows], whole)]
        parents = Samples(x, torch.from_numpy(chosen))
        bank = cls(
            encode_samples(method, parents, method.encode),
            torch.from_numpy(codes[chosen]),
            torch.from_numpy(chosen),
        )
        if method.settings.keep_details and method.settings.decoder:
            bank.lost = bank._not_decoded(method, parents)
        return bank

    def _not_decoded(self, method: RAE, parents: Samples) -> Tensor:
        blocks = zip(
            parents.blocks(EVALUATION_ROWS, method.device),
            self.z.split(EVALUATION_ROWS),
            self.codes.split(EVALUATION_ROWS),
            strict=True,
        )
        return torch.cat([x.cpu() - decode_samples(method, z, codes) for x, z, codes in blocks])

    def trimmed(self) -> LatentBank:
        """Return enough parents to sample from, few enough to write to disk."""
        kept = torch.from_numpy(_spread(self.codes.numpy()))
        return LatentBank(**{name: tensor[kept] for name, tensor in self.tensors().items()})

    def tensors(self) -> dict[str, Tensor]:
        """Return what it is made of; `LatentBank` with these arguments is this one again."""
        named = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: tensor for name, tensor in named if tensor is not None}

    def mixtures(
        self, method: RAE, wanted: np.ndarray, seed: int
    ) -> Iterator[tuple[Tensor, np.ndarray, np.ndarray]]:
        """Make one new latent vector for every class number in ``wanted``, block by block.

        Parameters
        ----------
        method : RAE
        wanted : ndarray of shape (n,)
        seed : int

        Yields
        ------
        z : Tensor of shape (b, m)
            Convex mixtures.
        parents : ndarray of shape (b, t)
            Row numbers of the samples that each was mixed from.
        weights : ndarray of shape (b, t)
            The mixing coefficients.
        """
        codes = torch.from_numpy(wanted)
        n_classes = method.n_classes
        index = ClassIndex(self.codes, n_classes)
        members = index.tuples(codes, method.tuple_size, fresh_generator(seed, "sampling"))
        generator = fresh_generator(seed, "sampling", 1, method.device)
        method.eval()
        for start in range(0, len(codes), EVALUATION_ROWS):
            block = slice(start, start + EVALUATION_ROWS)
            with torch.inference_mode(), autocast(method.device, method.precision):
                z = self.z[members[:, block]].to(method.device, method.dtype)
                label = one_hot(codes[block].to(method.device), n_classes, z.dtype)
                alpha = method.mixing_coefficients(z, label, generator)
                mixed = mix(z, alpha).float().cpu()
            parents = self.rows[members[:, block]].T.contiguous()
            yield mixed, parents.numpy(), alpha.float().cpu().numpy()

    def embedded_mixtures(
        self, method: RAE, wanted: np.ndarray, seed: int
    ) -> Iterator[tuple[Tensor, np.ndarray, np.ndarray]]:
        """Mix latent vectors that are classified, of the same parents as `mixtures`."""
        for z, parents, weights in self.mixtures(method, wanted, seed):
            if self.embedded is not None:
                z = self._mixed(self.embedded, parents, weights)
            yield z, parents, weights

    def decoded(
        self, method: RAE, wanted: np.ndarray, seed: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Make one new sample for every class number in ``wanted``, block by block.

        Yields
        ------
        rows : ndarray of shape (b, ...), float32
            Decoded `mixtures`; where `lost` is kept, with as much of it of every parent as of that
            parent's latent vector: ``D(Σ α_j z_j) + Σ α_j (x_j - D(z_j))``.
        parents, weights : ndarray of shape (b, t)
        """
        done = 0
        for z, parents, weights in self.mixtures(method, wanted, seed):
            rows = decode_samples(method, z, torch.from_numpy(wanted[done : done + len(z)]))
            done += len(z)
            if self.lost is not None:
                rows += self._mixed(self.lost, parents, weights)
            yield rows.numpy(), parents, weights

    def _mixed(self, values: Tensor, parents: np.ndarray, weights: np.ndarray) -> Tensor:
        """Mix the ``values`` (n, …) of ``parents`` (b, t)."""
        places = torch.searchsorted(self.rows, torch.from_numpy(parents))
        return mix(values[places].transpose(0, 1), torch.from_numpy(weights))


def _spread(codes: np.ndarray, whole: Collection[int] = ()) -> np.ndarray:
    """Choose places spread evenly over every class; all of the classes in ``whole``."""
    order = np.argsort(codes, kind="stable")
    chosen = []
    for members in np.split(order, np.cumsum(np.bincount(codes))[:-1]):
        if len(members) > _KEPT_PER_CLASS and codes[members[0]] not in whole:
            places = np.linspace(0, len(members) - 1, _KEPT_PER_CLASS)
            members = members[np.rint(places).astype(np.int64)]
        chosen.append(members)
    return np.sort(np.concatenate(chosen))
