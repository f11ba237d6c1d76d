"""One thread per test process: small products do not gain from more, and workers share cores."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
