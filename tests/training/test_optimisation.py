from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from osrae.training.averaging import update_average
from osrae.training.optimisation import cosine_factor, move, set_rate_factor


def two_layers():
    torch.manual_seed(0)
    first, second = nn.Linear(3, 4), nn.Linear(4, 2)
    optimizers = {
        "first": torch.optim.SGD(first.parameters(), lr=0.1),
        "second": torch.optim.SGD(second.parameters(), lr=0.1),
    }
    return first, second, optimizers


def test_each_loss_moves_its_own_parameters_and_all_from_the_same_weights():
    first, second, optimizers = two_layers()
    x = torch.randn(5, 3)
    out = second(first(x))
    losses = {"first": out.square().mean(), "second": out.abs().mean()}
    expected = {}
    for name, layer in (("first", first), ("second", second)):
        gradients = torch.autograd.grad(losses[name], layer.parameters(), retain_graph=True)
        pairs = zip(layer.parameters(), gradients, strict=True)
        expected[name] = [(weight - 0.1 * slope).detach() for weight, slope in pairs]
    move(optimizers, losses)
    for name, layer in (("first", first), ("second", second)):
        for weight, wanted in zip(layer.parameters(), expected[name], strict=True):
            torch.testing.assert_close(weight.detach(), wanted)
            assert weight.grad is None


def test_a_loss_that_is_not_named_moves_nothing():
    first, second, optimizers = two_layers()
    before = [weight.detach().clone() for weight in second.parameters()]
    move(optimizers, {"first": second(first(torch.ones(1, 3))).sum()})
    for weight, old in zip(second.parameters(), before, strict=True):
        assert torch.equal(weight, old)


@pytest.mark.parametrize(
    ("progress", "factor"),
    [(0.05, 1.0), (0.525, 0.5), (1.0, 0.0), (0.2875, 0.5 + math.sqrt(0.125))],
)
def test_cosine_factor(progress, factor):
    assert cosine_factor(progress) == pytest.approx(factor, abs=1e-12)


def test_warm_up_is_never_zero_and_grows():
    values = [cosine_factor(progress) for progress in (0.0, 0.01, 0.03, 0.049)]
    assert values[0] > 0
    assert values == sorted(values)


def test_rate_factor_is_relative_to_the_full_rate():
    _, _, optimizers = two_layers()
    set_rate_factor(optimizers.values(), 0.5)
    set_rate_factor(optimizers.values(), 0.25)
    assert optimizers["first"].param_groups[0]["lr"] == pytest.approx(0.025)


def test_average_follows_the_formula_for_weights_and_statistics():
    average, live = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    with torch.no_grad():
        live.weight.fill_(3.0)
        live.running_mean.fill_(2.0)
        live.num_batches_tracked.fill_(7)
    update_average(average, live, decay=0.9, step=10_000)
    torch.testing.assert_close(average.weight, torch.full((2,), 0.9 * 1 + 0.1 * 3))
    torch.testing.assert_close(average.running_mean, torch.full((2,), 0.1 * 2.0))
    assert average.num_batches_tracked == 7


def test_average_forgets_the_initial_weights_early():
    average, live = nn.Linear(1, 1), nn.Linear(1, 1)
    with torch.no_grad():
        average.weight.fill_(10.0)
        live.weight.fill_(1.0)
    update_average(average, live, decay=0.999, step=0)  # effective decay 1 / 10
    torch.testing.assert_close(average.weight, torch.full((1, 1), 0.1 * 10 + 0.9 * 1))
