"""What the tests of DeepSMOTE share: a small method, and pictures."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from osrae.data.description import ImageDescription
from osrae.methods.deepsmote import DeepSMOTEMethod
from osrae.methods.deepsmote_settings import PRESETS

from .deep_cases import PICTURES, data_of


def make(preset="default", description=PICTURES, data=None, **changes) -> DeepSMOTEMethod:
    """A method of narrow networks, ready for its first step."""
    kind = "pictures" if isinstance(description, ImageDescription) else "tables"
    small = {"width": 4, "latent_dim": 6, "batch_size": 16, "class_sample_size": 16}
    settings = dataclasses.replace(PRESETS[preset][kind], **{**small, **changes})
    data = data or data_of(description)
    torch.manual_seed(0)
    method = DeepSMOTEMethod(description, torch.bincount(data.y), settings)
    method.prepare(data)
    return method.train()


def tiny_images(counts=(20, 8, 60)):
    """Bars at three angles, 12 × 12, with noise."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), counts)
    along = np.mgrid[:12, :12] - 5.5
    turns = np.pi / 3 * y + rng.normal(size=len(y)) * 0.1
    offset = np.cos(turns)[:, None, None] * along[0] + np.sin(turns)[:, None, None] * along[1]
    x = np.clip(255 * np.exp(-(offset**2) / 4) + 8 * rng.normal(size=offset.shape), 0, 255)
    return x.astype(np.uint8), y
