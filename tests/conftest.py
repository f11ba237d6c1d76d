"""One thread per test process: small products do not gain from more, and workers share cores."""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import hypothesis
import pytest
import torch

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Networks that a test builds without a seed have the same weights in every order of tests."""
    torch.manual_seed(0)
