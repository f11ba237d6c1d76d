from __future__ import annotations

import dataclasses

import pytest
import torch

from osrae.data.description import ImageDescription, TableDescription
from osrae.methods.deep_classifier import DeepClassifier
from osrae.methods.plain_method import PlainClassifier
from osrae.methods.plain_settings import PRESETS
from osrae.methods.presets import PRESETS as RAE_PRESETS
from osrae.networks import build_encoder

from .deep_cases import TABLE


@pytest.mark.parametrize("kind", ["pictures", "tables"])
def test_the_default_has_the_encoder_and_the_budget_of_the_method(kind):
    plain, rae = PRESETS["default"][kind], RAE_PRESETS["default"][kind]
    for name in (
        "encoder",
        "learning_rate",
        "weight_decay",
        "weight_averaging",
        "augmentation",
        "classify_mirrored",
        "epochs",
        "least_steps",
        "max_steps",
    ):
        assert getattr(plain, name) == getattr(rae, name), name
    assert plain.batch_size == rae.batch_size * rae.mixture_size  # samples in a step
    for n in (100, 10_280, 60_000):
        assert plain.resolve_steps(n) == rae.resolve_steps(n)


def test_the_default_encoder_is_the_methods():
    description = ImageDescription(32, 32, 3)
    settings = dataclasses.replace(PRESETS["default"]["pictures"], augmentation="none")
    method = PlainClassifier(description, torch.tensor([20, 4, 60]), settings)
    same = build_encoder(RAE_PRESETS["default"]["pictures"].encoder, description, 256)
    shapes = {name: value.shape for name, value in same.state_dict().items()}
    encoder = method.networks["encoder"]
    assert {name: value.shape for name, value in encoder.state_dict().items()} == shapes
    assert method.networks["classifier"].weight.shape == (3, 256)


@pytest.mark.parametrize(("channels", "policy"), [(1, "crop"), (3, "flip-crop")])
def test_automatic_augmentation_goes_by_the_kind_of_pictures(channels, policy):
    settings = DeepClassifier()._settings(ImageDescription(8, 8, channels))
    assert settings.augmentation == policy
    assert DeepClassifier()._settings(TABLE).augmentation == "none"


def n_parameters(method: PlainClassifier) -> int:
    return sum(weight.numel() for weight in method.networks.parameters())


def test_two_stage_networks_have_their_published_sizes():
    ten = torch.full((10,), 5)
    settings = PRESETS["two-stage"]
    pictures = PlainClassifier(ImageDescription(32, 32, 3), ten, settings["pictures"])
    # ResNet-18: stem 1,728 + 128, stages 147,968, 525,568, 2,099,712, 8,393,728, FC_10 5,130.
    assert n_parameters(pictures) == 11_173_962
    for d in (64, 617):
        table = PlainClassifier(TableDescription(d), ten, settings["tables"])
        trunk = (d * 512 + 512 + 2 * 512) + (512 * 256 + 256 + 2 * 256)
        assert n_parameters(table) == trunk + 256 * 10 + 10


def test_two_stage_is_the_specified_recipe():
    for settings in PRESETS["two-stage"].values():
        assert (settings.loss, settings.sampling, settings.mixup) == (
            "cross_entropy",
            "instance",
            None,
        )
        assert (settings.learning_rate, settings.weight_decay) == (1e-3, 5e-4)
        assert not settings.decoupled_decay
        assert (settings.warmup, settings.weight_averaging) == (0, 0)
        assert settings.augmentation == "none"
        assert settings.resolve_steps(1280) == 50 * 10
