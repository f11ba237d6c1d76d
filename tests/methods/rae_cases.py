"""Small methods and the batches of one step, for tests of what a step of the method does."""

from __future__ import annotations

import torch

from osrae.data.description import ImageDescription, TableDescription
from osrae.methods.presets import PRESETS
from osrae.methods.rae import RAE
from osrae.networks.layers import set_generator
from osrae.training.batches import Batch

from .deep_cases import data_of

PICTURES = ImageDescription(8, 8, 1)
TABLE = TableDescription(3, (2, 4))
KINDS = {"pictures": PICTURES, "tables": TABLE}
VARIANTS = [(preset, kind) for preset, kinds in PRESETS.items() for kind in kinds]
OWNERS = {
    "encoder": "encoder",
    "classifier": "classifier",
    "mixer": "mixer",
    "decoder": "decoder",
    "decoder_class": "decoder",
    "critic": "critic",
}


def make(description, settings, n_classes=3, seed=0) -> RAE:
    torch.manual_seed(seed)
    method = RAE(description, torch.ones(n_classes), settings)
    method.prepare(data_of(description))
    return method.train()


class Drawn:
    """A source of batches that are given."""

    def __init__(self, draw, n_classes=3):
        self.draw, self.counts, self.progress = draw, torch.ones(n_classes), 0.5

    def tuples(self, size, tuple_size, probabilities):
        return self.draw()


def draws(description, t=2, n=8, n_classes=3, step=0, progress=0.5):
    """A function that draws the same sequence of batches whenever it is made."""
    data = torch.Generator().manual_seed(1)
    noise = torch.Generator().manual_seed(2)

    def draw() -> Batch:
        x = torch.rand(t, n, *description.shape, generator=data)
        y = torch.arange(n) % n_classes
        return Batch(x=x, y=y, generator=noise, step=step, progress=progress)

    return draw, noise


def step(method: RAE, description, at=0, **options):
    draw, noise = draws(description, t=method.tuple_size, step=at, **options)
    set_generator(method, noise)
    return method.training_step(Drawn(draw))
