"""Steps that mix across classes, and the encoder that whitens."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch

from osrae import RAEOversampler
from osrae.errors import InputError
from osrae.methods import presets
from osrae.methods.mixtures import mix_across
from osrae.methods.presets import PRESETS, PRESETS_TO_RESAMPLE, RAESettings, preset_settings
from osrae.methods.rae import RAE

from .deep_cases import data_of, moved, weights
from .rae_cases import PICTURES, TABLE, Drawn, draws, make, step


@pytest.mark.parametrize("mixup", ["mixup", "cutmix"])
def test_a_step_across_classes_agrees_with_a_plain_float64_version(mixup, monkeypatch):
    """Cross-entropy of both labels in their shares; summed over the members, mean over tuples."""
    changes = {"schedule": ("across",), "mixup": mixup, "encoder": "pooled"}
    settings = dataclasses.replace(RAESettings(), **changes)
    monkeypatch.setitem(presets.MIXUP, mixup, (0.7, 1.0))
    method = make(PICTURES, settings)
    plain = copy.deepcopy(method).double()
    draw, noise = draws(PICTURES)
    losses = method.training_step(Drawn(draw))
    assert moved(weights(plain.float()), weights(method)) == {"encoder", "classifier"}
    plain.double()
    draw, noise = draws(PICTURES)  # the same again
    batch = draw()
    x, y = batch.x.flatten(0, 1), batch.y.repeat(2)
    mixed = mix_across(x, y, mixup, 0.7, noise)
    logits = plain.networks["classifier"](plain.networks["encoder"](mixed.x.double()))
    own, partner = (-logits.log_softmax(1)[range(16), label] for label in mixed.labels)
    expected = (mixed.shares[0] * own + mixed.shares[1] * partner).sum() / 8
    assert losses["classifier"].item() == pytest.approx(expected.item(), rel=1e-6)
    assert losses["encoder"].item() == pytest.approx(5 * expected.item(), rel=1e-6)
    assert set(losses) == {"encoder", "classifier"}


@pytest.mark.parametrize(("preset", "description"), [("default", TABLE), ("paper", PICTURES)])
def test_mixup_without_steps_across_classes_is_refused(preset, description):
    with pytest.raises(InputError, match=f"preset='{preset}' has no steps that mix across"):
        preset_settings(PRESETS, preset, description, {"mixup": "mixup"})
    assert preset_settings(PRESETS, preset, description, {"mixup": "none"}).mixup == "none"
    assert preset_settings(PRESETS, preset, description, {}).mixup == "none"


def test_whitening_follows_the_data_in_averages_too():
    settings = dataclasses.replace(RAESettings(), encoder="pooled", weight_averaging=0.9)
    method = RAE(PICTURES, torch.ones(3), settings)
    before = method.networks["encoder"].stem[0].filters.clone()
    method.prepare(data_of(PICTURES))
    live, average = (kept["encoder"].stem[0].filters for kept in (method.networks, method.averaged))
    assert (live - before).abs().max() > 0.1
    assert torch.equal(live, average)


def test_without_oversampling_nothing_is_mixed_across_classes():
    settings = dataclasses.replace(
        RAESettings(), schedule=("across",), mixup="mixup", oversampling=False
    )
    assert not settings.mixes_across(0)


def test_who_asks_for_samples_of_pictures_mixes_inside_classes_alone():
    settings = preset_settings(PRESETS_TO_RESAMPLE, "default", PICTURES, {})
    assert "across" not in settings.schedule
    assert settings.mixup == "none"


def test_steps_across_classes_are_steps_of_mixtures_of_one_class_without_mixup():
    plain, mixing = (
        dataclasses.replace(RAESettings(), schedule=("joint", "across"), mixup=mixup)
        for mixup in ("none", "mixup")
    )
    assert [mixing.mixes_across(at) for at in range(4)] == [False, True, False, True]
    assert not any(plain.mixes_across(at) for at in range(4))
    assert plain.terms(1) == {"encoder", "classifier", "mixer"}
    assert mixing.terms(1) == {"encoder", "classifier"}


@pytest.mark.parametrize(("mixup", "alpha", "probability"), [("mixup", 0.2, 1), ("cutmix", 1, 0.5)])
def test_every_kind_of_mixture_has_the_shares_that_were_measured(
    mixup, alpha, probability, monkeypatch
):
    asked = {}

    def watched(x, y, *arguments):
        asked["arguments"] = arguments
        return mix_across(x, y, *arguments)

    monkeypatch.setattr("osrae.methods.rae.mix_across", watched)
    settings = preset_settings(PRESETS, "default", PICTURES, {"mixup": mixup})
    step(make(PICTURES, dataclasses.replace(settings, schedule=("across",))), PICTURES)
    kind, concentration, _, share = asked["arguments"]
    assert (kind, concentration, share) == (mixup, alpha, probability)


def test_the_sampler_knows_its_own_presets():
    with pytest.raises(ValueError, match="'preset' parameter of RAEOversampler must be"):
        RAEOversampler(preset="strong").fit_resample([[0.0], [1.0], [2.0]], [0, 0, 1])
    assert RAEOversampler._presets["default"]["pictures"].epochs == 30
