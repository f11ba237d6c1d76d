"""One seed decides everything, and the caller's random state is left alone.

Every random number of a training step comes from a generator that is seeded with
``(seed, step)``. A run that is resumed at step ``k`` therefore draws what the run that was
not interrupted draws, without any generator state in the checkpoint.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["STREAMS", "fresh_generator", "reseed", "seeded_initialisation"]

#: What a seed is used for; streams never share random numbers.
STREAMS = {"initialisation": 0, "batches": 1, "training": 2, "epochs": 3, "sampling": 4}

#: Initialisers draw from torch's default generator, which all threads of a process share.
_INITIALISING = threading.RLock()


def _mix(seed: int, stream: str, step: int) -> int:
    entropy = np.random.SeedSequence([seed, STREAMS[stream], step])
    return int(entropy.generate_state(1, np.uint64)[0])


def reseed(generator: torch.Generator, seed: int, stream: str, step: int = 0) -> torch.Generator:
    """Set ``generator`` to the state that belongs to ``(seed, stream, step)``."""
    generator.manual_seed(_mix(seed, stream, step))
    return generator


def fresh_generator(
    seed: int, stream: str, step: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Return a new generator for ``(seed, stream, step)`` on ``device``."""
    return reseed(torch.Generator(device), seed, stream, step)


@contextmanager
def seeded_initialisation(seed: int) -> Iterator[None]:
    """Seed torch's CPU generator while networks are built, then restore the caller's state.

    Of several threads, one at a time: fits side by side come to what they come to alone.
    """
    with _INITIALISING, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(_mix(seed, "initialisation", 0))
        yield
