"""Small data and questions that tests of several deep methods ask."""

from __future__ import annotations

import numpy as np
import torch

from osrae.data.description import DataDescription, ImageDescription, TableDescription
from osrae.data.samples import Samples
from osrae.training.batches import Source, TrainingData
from osrae.training.callbacks import Callback
from osrae.training.method import Method

PICTURES, TABLE = ImageDescription(8, 8, 1), TableDescription(3, (2, 4))
KINDS = {"pictures": PICTURES, "tables": TABLE}
CPU = torch.device("cpu")
FAST = {"device": "cpu", "random_state": 0, "precision": "float32"}


def data_of(
    description: DataDescription = PICTURES, counts: tuple[int, ...] = (5, 20, 3), seed: int = 0
) -> TrainingData:
    """Random samples of classes in random order."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    y = y[torch.randperm(len(y), generator=generator)]
    x = torch.rand(len(y), *description.shape, generator=generator)
    return TrainingData(Samples(x), y)


def blobs(counts: tuple[int, ...] = (12, 120, 40)) -> tuple[np.ndarray, np.ndarray]:
    """Three Gaussians in R^8, the rarest first."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(np.arange(3), counts))
    centres = 4 * rng.normal(size=(3, 8))
    return centres[y] + rng.normal(size=(len(y), 8)), y


def source_at(step: int, data: TrainingData, max_steps: int = 100, n_classes: int = 3) -> Source:
    """What the step with this number draws from."""
    source = Source(data, n_classes, max_steps, seed=1, device=CPU)
    source.begin(step)
    return source


class StopAt(Callback):
    """Stop the run after this step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step(self, state) -> None:
        state.stop = state.step == self.step


def weights(method: Method) -> dict[str, list[torch.Tensor]]:
    """Copy the weights of every network."""
    return {
        name: [weight.detach().clone() for weight in network.parameters()]
        for name, network in method.networks.items()
    }


def moved(before: dict[str, list[torch.Tensor]], after: dict[str, list[torch.Tensor]]) -> set[str]:
    """Name the networks of which some weight is not what it was."""
    return {
        name
        for name in before
        if any(not torch.equal(a, b) for a, b in zip(before[name], after[name], strict=True))
    }
