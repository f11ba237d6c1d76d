"""Latent vectors of the training data, and new samples mixed from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from osrae.methods.rae import RAE, mix
from osrae.networks.layers import one_hot
from osrae.training.batches import TrainingData, TupleSampler
from osrae.training.device import autocast
from osrae.training.engine import EVALUATION_ROWS
from osrae.training.seeding import fresh_generator

__all__ = ["LatentBank", "encode_rows"]

#: Members of a class that are kept after training; rarer classes are kept whole.
_KEPT_PER_CLASS = 1000


def encode_rows(method: RAE, rows: Tensor) -> Tensor:
    """Latent vectors of rows on the host, in blocks: ``(n, …)`` to ``(n, m)``."""
    data = TrainingData(rows, torch.empty(len(rows)))
    method.eval()
    with torch.inference_mode(), autocast(method.device, method.precision):
        blocks = [
            method.encode(data.rows(block, method.device)).float().cpu()
            for block in torch.arange(len(rows)).split(EVALUATION_ROWS)
        ]
    return torch.cat(blocks).clone()


@dataclass
class LatentBank:
    """Parents of new samples.

    Attributes
    ----------
    z : Tensor of shape (n, m)
    codes : Tensor of shape (n,)
        Class numbers.
    rows : Tensor of shape (n,)
        Row numbers in the training data.
    """

    z: Tensor
    codes: Tensor
    rows: Tensor

    @classmethod
    def build(cls, method: RAE, rows: Tensor, codes: np.ndarray) -> LatentBank:
        """Encode the training data."""
        return cls(encode_rows(method, rows), torch.from_numpy(codes), torch.arange(len(rows)))

    def trimmed(self) -> LatentBank:
        """Keep members spread evenly over every class: enough to sample from, small on disk."""
        chosen = []
        for code in self.codes.unique():
            members = torch.nonzero(self.codes == code).flatten()
            places = torch.linspace(0, len(members) - 1, min(len(members), _KEPT_PER_CLASS))
            chosen.append(members[places.round().long()])
        kept = torch.cat(chosen).sort().values
        return LatentBank(self.z[kept], self.codes[kept], self.rows[kept])

    def mixtures(
        self, method: RAE, wanted: np.ndarray, seed: int
    ) -> tuple[Tensor, np.ndarray, np.ndarray]:
        """Make one new latent vector for every class number in ``wanted``.

        Parameters
        ----------
        method : RAE
        wanted : ndarray of shape (n,)
        seed : int

        Returns
        -------
        z : Tensor of shape (n, m)
            Convex mixtures.
        parents : ndarray of shape (n, t)
            Row numbers of the samples that each was mixed from.
        weights : ndarray of shape (n, t)
            The mixing coefficients.
        """
        codes = torch.from_numpy(wanted)
        n_classes = method.n_classes
        sampler = TupleSampler(self.codes, n_classes, method.tuple_size, len(codes))
        members = sampler.members(codes, fresh_generator(seed, "sampling"))
        generator = fresh_generator(seed, "sampling", 1, method.device)
        mixed, weights = [], []
        method.eval()
        with torch.inference_mode(), autocast(method.device, method.precision):
            for block in torch.arange(len(codes)).split(EVALUATION_ROWS):
                z = self.z[members[:, block]].to(method.device, method.dtype)
                label = one_hot(codes[block].to(method.device), n_classes, z.dtype)
                alpha = method.mixing_coefficients(z, label, generator)
                mixed.append(mix(z, alpha).float().cpu())
                weights.append(alpha.float().cpu())
        parents = self.rows[members].T.contiguous()
        return torch.cat(mixed), parents.numpy(), torch.cat(weights).numpy()

    def generate(
        self, method: RAE, wanted: np.ndarray, seed: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Make one new sample for every class number in ``wanted``.

        Returns
        -------
        rows : ndarray of shape (n, ...), float32
            Decoded `mixtures`, with their parents and weights.
        parents, weights : ndarray of shape (n, t)
        """
        z, parents, weights = self.mixtures(method, wanted, seed)
        codes = torch.from_numpy(wanted)
        decoded = []
        with torch.inference_mode(), autocast(method.device, method.precision):
            for block in torch.arange(len(codes)).split(EVALUATION_ROWS):
                rows = z[block].to(method.device), codes[block].to(method.device)
                decoded.append(method.decode(*rows).float().cpu())
        return torch.cat(decoded).numpy(), parents, weights
