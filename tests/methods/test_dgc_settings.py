from __future__ import annotations

import math

import pytest

from osrae.data.description import ImageDescription, TableDescription
from osrae.methods.dgc_settings import PRESETS, DGCSettings, presets_for, rate_factor

TABLE = TableDescription(3, (2, 4))


def test_rate_schedules():
    steps = [rate_factor("steps", epoch, 50) for epoch in (0, 29.9, 30, 49.9, 50, 100)]
    assert steps == pytest.approx([1, 1, 0.5, 0.5, 0.1, 0.01])
    single = [rate_factor("steps as run", epoch, 50) for epoch in (0, 29.9, 30.5, 31, 50, 100)]
    assert single == [1, 1, 0.5, 1, 0.2, 0.1]
    assert rate_factor("exponential", 0, 30) == 1
    assert rate_factor("exponential", 15, 30) == pytest.approx(0.1)
    assert rate_factor("exponential", 30, 30) == pytest.approx(0.01)
    constant = [rate_factor("exponential as run", epoch, 30) for epoch in (0, 15, 30)]
    assert constant == pytest.approx([math.exp(-math.log(100) / 30)] * 3)


def test_presets_are_those_of_the_specification():
    original = PRESETS["original"]["pictures"]
    large = presets_for(ImageDescription(64, 70, 3))["original"]["pictures"]
    assert presets_for(ImageDescription(63, 70, 3)) == presets_for(TABLE) == PRESETS
    shared = {"latent_dim": 64, "mmd_weight": 1, "n_codes": 10, "oversampling_rate": 0.6,
              "warm_up_steps": 200, "recon_weight": 1, "n_filters": 1024, "reshuffle": False,
              "cross_entropy": "sum"}  # fmt: skip
    for settings in (original, large):
        assert {name: getattr(settings, name) for name in shared} == shared
    names = ("architecture", "head", "learning_rate", "batch_size", "epochs",
             "extra_encoder_step", "warm_up_size", "rate_schedule")  # fmt: skip
    assert [getattr(original, name) for name in names] == [
        "mnist", "linear", 1e-5, 100, 50, True, 1000, "steps as run"
    ]  # fmt: skip
    assert [getattr(large, name) for name in names] == [
        "celeba", "mlp", 5e-5, 25, 30, False, 256, "exponential as run"
    ]  # fmt: skip
    assert original.resolve_steps(9000) == 200 + 4500
    default = PRESETS["default"]["pictures"]
    assert (default.architecture, default.learning_rate, default.reshuffle) == ("equal", 2e-4, True)
    assert default.rate_schedule == PRESETS["default"]["tables"].rate_schedule == "exponential"
    assert default.mmd_weight == original.mmd_weight / original.batch_size


def test_weight_of_the_squared_error():
    assert DGCSettings().resolve_recon_weight(ImageDescription(28, 28, 1)) == 20 / 784
    assert DGCSettings().resolve_recon_weight(ImageDescription(32, 32, 3)) == 20 / 3072
    assert DGCSettings().resolve_recon_weight(TableDescription(617)) == 0.64 / 617
    assert DGCSettings(recon_weight=2.0).resolve_recon_weight(TABLE) == 2
    assert PRESETS["original"]["tables"].resolve_recon_weight(TABLE) == 1
