from __future__ import annotations

import dataclasses

import pytest

from osrae.data.description import ImageDescription, TableDescription
from osrae.methods.bagan_settings import PRESETS

TABLE = TableDescription(3, (2, 4))


def test_presets_and_lengths():
    for kind in ("pictures", "tables"):
        for preset, shrinkage in (("default", 0.01), ("original", 0.0)):
            settings = PRESETS[preset][kind]
            faster = preset == "default" and kind == "pictures"
            assert settings.learning_rate == (1e-3 if faster else 5e-5)
            assert settings.batch_size == 128
            assert (settings.epochs, settings.mode) == (100, "uniform")
            assert settings.shrinkage == shrinkage
            # 100 · 10,000 / 128 = 7812.5 and 100 · 1000 / 128 = 781.25
            assert settings.resolve_steps(10_000) == 2 * 7813
            assert settings.resolve_steps(1000) == 2 * (1500 if preset == "default" else 782)
            assert dataclasses.replace(settings, max_steps=7).resolve_steps(1000) == 7


@pytest.mark.parametrize(
    ("description", "default", "original"),
    [
        (ImageDescription(28, 28, 1), 64, 100),
        (ImageDescription(32, 32, 3), 256, 100),
        (TABLE, 8, 8),
    ],
)
def test_latent_dimensions(description, default, original):
    kind = "tables" if description is TABLE else "pictures"
    assert PRESETS["default"][kind].resolve_latent_dim(description) == default
    assert PRESETS["original"][kind].resolve_latent_dim(description) == original
