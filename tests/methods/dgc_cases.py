"""What the tests of DGC share: data, small methods, and a plain version of its distance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from osrae.data.description import ImageDescription
from osrae.data.samples import Samples
from osrae.methods.dgc_method import DGC
from osrae.methods.dgc_settings import DGCSettings
from osrae.training.batches import TrainingData
from osrae.training.seeding import seeded_initialisation

from .deep_cases import TABLE, source_at

PICTURES = ImageDescription(9, 8, 1)
KINDS = {"pictures": PICTURES, "tables": TABLE}
COUNTS = (12, 30, 6)


def rows(description, counts=COUNTS, seed=0) -> TrainingData:
    generator = torch.Generator().manual_seed(seed)
    y = torch.cat([torch.full((n,), c) for c, n in enumerate(counts)])
    x = 0.3 * torch.rand(len(y), *description.shape, generator=generator)
    return TrainingData(Samples(x + 0.3 * y.view(-1, *[1] * (x.dim() - 1))), y)


def make(description, data=None, **options) -> DGC:
    data = rows(description) if data is None else data
    settings = replace(DGCSettings(latent_dim=4, batch_size=10, max_steps=100), **options)
    with seeded_initialisation(0):
        method = DGC(description, torch.bincount(data.y), settings)
    method.prepare(data)
    return method.train()


def trained(description, **options) -> DGC:
    """A method whose networks are no longer symmetric, with its codes kept."""
    data = rows(description)
    method = make(description, data, **options)
    for step in range(60):
        method.training_step(source_at(step, data))
    method.eval()
    with torch.inference_mode():
        method.conclude(data)
    return method


def plain_mmd(z: np.ndarray, z0: np.ndarray) -> float:
    """The double loop, in float64."""
    n, m = z.shape
    total = 0.0
    for s in (0.1, 0.2, 0.5, 1, 2, 5, 10):
        c = 2 * m * s
        for i in range(n):
            for j in range(n):
                if i != j:
                    total += c / (c + ((z[i] - z[j]) ** 2).sum()) / (n * (n - 1))
                    total += c / (c + ((z0[i] - z0[j]) ** 2).sum()) / (n * (n - 1))
                total -= 2 * c / (c + ((z[i] - z0[j]) ** 2).sum()) / n**2
    return total
