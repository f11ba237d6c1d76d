"""One thread per test process: small products do not gain from more, and workers share cores."""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import torch

torch.set_num_threads(1)
