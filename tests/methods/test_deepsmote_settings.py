from __future__ import annotations

import dataclasses

import pytest
import torch

from osrae.data.description import ImageDescription
from osrae.methods.deepsmote import DeepSMOTE, DeepSMOTEMethod
from osrae.methods.deepsmote_settings import PRESETS
from osrae.networks import deepsmote as authors
from osrae.networks import image, tabular

from .deep_cases import FAST, PICTURES, TABLE, blobs
from .deepsmote_cases import make


def test_presets():
    for kind in ("pictures", "tables"):
        default, original = PRESETS["default"][kind], PRESETS["original"][kind]
        for settings in (default, original):
            assert (settings.learning_rate, settings.batch_size, settings.epochs) == (
                2e-4,
                100,
                200,
            )
            assert (settings.k_neighbors, settings.class_sample_size) == (5, 100)
            assert (settings.penalty, settings.penalty_weight) == ("reference", 1.0)
            assert settings.resolve_steps(9000) == 200 * 90
        assert (default.resolve_steps(150), original.resolve_steps(150)) == (1500, 300)
        assert (default.keep, original.keep) == ("last", "lowest_loss")
        assert (default.sample_statistics, original.sample_statistics) == ("running", "own")


@pytest.mark.parametrize(
    ("description", "default", "original"),
    [
        (ImageDescription(28, 28, 1), 64, 300),
        (ImageDescription(32, 32, 3), 256, 600),
        (TABLE, 8, 8),
    ],
)
def test_latent_dimensions(description, default, original):
    kind = "tables" if description is TABLE else "pictures"
    assert PRESETS["default"][kind].resolve_latent_dim(description) == default
    assert PRESETS["original"][kind].resolve_latent_dim(description) == original


def test_networks_of_the_presets():
    for preset, description, encoder, decoder in (
        ("default", PICTURES, image.Encoder, image.Decoder),
        ("original", PICTURES, authors.Encoder, authors.Decoder),
        ("default", TABLE, tabular.Encoder, tabular.Decoder),
        ("original", TABLE, tabular.Encoder, tabular.Decoder),
    ):
        found = make(preset, description).networks
        assert type(found["encoder"]) is encoder
        assert type(found["decoder"]) is decoder
        assert getattr(found["decoder"], "n_classes", None) is None


def test_epochs_are_compared_not_parts_of_them():
    X, y = blobs((10, 30, 20))  # 8 batches of 8 in an epoch
    for max_steps, epochs in ((7, 1), (16, 2), (50, 6), (5000, 200)):
        settings = dataclasses.replace(
            PRESETS["original"]["tables"], max_steps=max_steps, batch_size=8
        )
        counts = torch.tensor([10, 30, 20])
        assert DeepSMOTEMethod(TABLE, counts, settings).n_evaluations == epochs
    sampler = DeepSMOTE(preset="original", max_steps=20, batch_size=8, **FAST)
    sampler.fit_resample(X, y)
    assert [row["step"] for row in sampler.history_] == [10, 20]
