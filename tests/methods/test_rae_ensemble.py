"""Encoders side by side: each learns alone, and from other rows."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris
from torch.nn import functional as F

from osrae import RAEClassifier
from osrae.data.samples import Samples
from osrae.methods.calibration import fit_temperature
from osrae.methods.presets import RAESettings
from osrae.methods.rae import RAE
from osrae.methods.rae_losses import classification_loss
from osrae.networks.layers import set_generator
from osrae.training import splitting
from osrae.training.engine import batched_logits

from .deep_cases import data_of
from .rae_cases import TABLE, Drawn, draws, make, step


@pytest.mark.parametrize("oversampling", [True, False])
def test_encoders_side_by_side_learn_as_each_does_alone(oversampling):
    """The loss is the mean of theirs, and what moves one is its own loss alone."""
    settings = dataclasses.replace(
        RAESettings(), ensemble_size=2, mixing="uniform", decoder=False, oversampling=oversampling
    )
    method = make(TABLE, settings).double()
    draw, noise = draws(TABLE)
    set_generator(method, noise)
    batch = draw()
    batch = dataclasses.replace(batch, x=batch.x.double())
    method.eval()  # the same whenever it is asked
    run = method._forward(batch, frozenset({"encoder", "classifier"}))
    first, _ = method.networks["encoder"].members
    classifier = method.networks["classifier"]
    own = F.linear(first(batch.x.flatten(0, 1)), classifier.weight[:, :8], classifier.bias)
    torch.testing.assert_close(run.logits[0].flatten(0, 1), own)

    mixed = [None, None] if run.logits_mixed is None else run.logits_mixed
    losses = [classification_loss(run.logits[k], mixed[k], batch.y) for k in (0, 1)]
    of_first = torch.autograd.grad(losses[0], first.parameters(), retain_graph=True)
    assert all(gradient.abs().sum() > 0 for gradient in of_first[-2:])
    others = torch.autograd.grad(losses[1], first.parameters(), allow_unused=True)
    assert all(gradient is None or not gradient.any() for gradient in others)


def test_a_step_takes_the_mean_of_the_losses_of_encoders_side_by_side():
    settings = dataclasses.replace(
        RAESettings(), ensemble_size=2, mixing="uniform", decoder=False, mixup="mixup"
    )
    for phase in ("latent", "across"):
        method = make(TABLE, dataclasses.replace(settings, schedule=(phase,)))
        with torch.no_grad():  # with weights that are the same, both have one loss, and its mean
            first, second = method.networks["encoder"].members
            second.load_state_dict(first.state_dict())
            weight = method.networks["classifier"].weight
            weight[:, 8:] = weight[:, :8]
        alone = make(TABLE, dataclasses.replace(settings, schedule=(phase,), ensemble_size=1))
        alone.networks["encoder"].load_state_dict(first.state_dict())
        alone.networks["classifier"].load_state_dict(
            {"weight": weight[:, :8], "bias": method.networks["classifier"].bias}
        )
        for model in (method, alone):
            for module in model.modules():
                if type(module).__name__ == "Dropout":
                    module.p = 0.0
        torch.testing.assert_close(
            step(method, TABLE)["classifier"], step(alone, TABLE)["classifier"]
        )


# ---------------------------------------------------------------- rows that one of them holds back


def _held_batch(y):
    """A batch whose first four tuples are held back by the first encoder of two."""
    draw, noise = draws(TABLE)
    held_by = torch.full((2, 8), -1)
    held_by[:, :4] = 0
    return dataclasses.replace(draw(), y=y, held_by=held_by), noise


@pytest.mark.parametrize(
    ("phase", "mixing"), [("latent", "uniform"), ("latent", "mixer"), ("across", "uniform")]
)
def test_an_encoder_never_sees_labels_of_rows_that_it_holds_back(phase, mixing):
    settings = dataclasses.replace(
        RAESettings(), ensemble_size=2, mixing=mixing, decoder=False, mixup="mixup",
        schedule=(phase,),
    )  # fmt: skip
    moved = []
    for first in (0, 1):  # the label of what the first encoder holds back
        method = make(TABLE, settings)
        if mixing == "mixer":  # whose batch statistics are of all tuples
            method.networks["mixer"].eval()
        batch, noise = _held_batch(torch.tensor([first] * 4 + [2, 0, 1, 2]))
        set_generator(method, noise)
        method.training_step(Drawn(lambda batch=batch: batch))
        members = method.networks["encoder"].members
        moved.append([[weight.detach() for weight in member.parameters()] for member in members])
    (first, second), (first_again, second_again) = moved
    assert all(map(torch.equal, first, first_again))
    assert not all(map(torch.equal, second, second_again))


def test_weights_of_classes_are_where_the_model_is_and_not_saved():
    settings = dataclasses.replace(RAESettings(), ensemble_size=2)
    method = RAE(TABLE, torch.ones(3), settings)
    names = set(method.state_dict())
    assert (method.class_weights == 1).all()
    data = data_of(TABLE)
    held_by = torch.where(torch.arange(len(data)) % 4 == 0, 1, -1)
    method.prepare(dataclasses.replace(data, held_by=held_by))
    assert method.class_weights.shape == (2, 2, 3)
    assert (method.class_weights[:, 0] == 1).all()
    assert (method.class_weights[:, 1] > 1).any()
    assert set(method.state_dict()) == names
    assert not any("weights" in name for name in names)
    assert method.portable().to("meta").class_weights.is_meta


def test_an_encoder_that_holds_back_more_of_a_rare_class_does_not_take_it_for_rarer(monkeypatch):
    """A column that tells nothing: no class is to look more probable than the other."""
    monkeypatch.setattr(splitting, "_MOST_PER_CLASS", 20)  # of 600 as many as of 50
    y = np.repeat([0, 1], [600, 50])
    X = (np.arange(650) % 2)[:, None].astype(float)
    model = RAEClassifier(max_steps=400, decoder=False, random_state=0).fit(X, y)
    held = np.bincount(y[model.validation_indices_])
    assert held.tolist() == [20, 20]
    assert abs(model.decision_function(X).mean()) * model.temperature_ < 0.08


def test_rows_are_classified_by_the_encoder_that_did_not_learn_from_them():
    method = make(TABLE, dataclasses.replace(RAESettings(), ensemble_size=3)).eval()
    x, held_by = torch.randn(6, *TABLE.shape), torch.tensor([2, 0, 1, 1, 0, 2])
    with torch.inference_mode():
        each = method.logits_of_each(x)
        torch.testing.assert_close(each.mean(0), method.logits(x))
        third = method.networks["encoder"].members[2](x)
        classifier = method.networks["classifier"]
        own = F.linear(third, classifier.weight[:, 16:], classifier.bias)
        torch.testing.assert_close(each[2], own - math.log(1 / 3))  # of three classes alike
    expected = each[held_by, torch.arange(6)]
    torch.testing.assert_close(batched_logits(method, Samples(x), held_by), expected)


def test_every_row_trains_and_the_temperature_is_of_rows_held_back():
    X, y = load_iris(return_X_y=True)
    model = RAEClassifier(max_steps=30, random_state=0).fit(X, y)
    assert model.method_.class_counts.tolist() == [50, 50, 50]
    held = model.validation_indices_
    assert np.bincount(y[held]).tolist() == [20, 20, 20]  # a tenth of each class, four times
    split = model._split(y, 4)
    np.testing.assert_array_equal(split.validation, held)
    samples = Samples(model.codec_.rows(X[held]))
    logits = batched_logits(model.method_, samples, torch.from_numpy(split.held_by))
    temperature = fit_temperature(logits.double().numpy(), y[held], np.ones(3))
    assert model.temperature_ == pytest.approx(temperature, rel=1e-6)
    # By all of them together, rows would be classified that three encoders have learned by heart.
    together = fit_temperature(model._logits(samples), y[held], np.ones(3))
    assert together != pytest.approx(temperature, rel=1e-3)
