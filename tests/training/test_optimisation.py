from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch
from torch import nn

from osrae.training.optimisation import AdamW, cosine_factor, move, set_rate_factor


def two_layers():
    torch.manual_seed(0)
    first, second = nn.Linear(3, 4), nn.Linear(4, 2)
    optimizers = {
        "first": AdamW(first.parameters(), 0.1),
        "second": AdamW(second.parameters(), 0.1, betas=(0.5, 0.9)),
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
        # Whatever the betas, the first step of Adam is the sign of the gradient.
        expected[name] = [(weight - 0.1 * slope.sign()).detach() for weight, slope in pairs]
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
    first = optimizers["first"]
    before = first.parameters[0].detach().clone()
    first.step([torch.ones_like(weight) for weight in first.parameters])
    torch.testing.assert_close(before - first.parameters[0].detach(), torch.full((4, 3), 0.025))


def test_adamw_is_that_of_the_paper_in_float64():
    """Algorithm 2 of Loshchilov and Hutter, line by line."""
    generator = torch.Generator().manual_seed(0)
    weight = nn.Parameter(torch.randn(5, generator=generator, dtype=torch.float64))
    optimizer = AdamW([weight], 0.01, betas=(0.5, 0.9), weight_decay=0.3)
    theta, m, v = weight.detach().clone(), torch.zeros(5).double(), torch.zeros(5).double()
    for t in range(1, 8):
        gradient = torch.randn(5, generator=generator, dtype=torch.float64)
        m, v = 0.5 * m + 0.5 * gradient, 0.9 * v + 0.1 * gradient.square()
        adapted = (m / (1 - 0.5**t)) / ((v / (1 - 0.9**t)).sqrt() + 1e-8)
        theta = theta - 0.01 * (adapted + 0.3 * theta)
        optimizer.step([gradient])
    torch.testing.assert_close(weight.detach(), theta, rtol=1e-12, atol=1e-12)


def test_a_parameter_without_a_gradient_stays_and_does_not_age():
    first, second = (nn.Parameter(torch.ones(2)) for _ in range(2))
    optimizer = AdamW([first, second], 0.1, weight_decay=0.5)
    optimizer.step([torch.ones(2), None])
    assert torch.equal(second.detach(), torch.ones(2))
    assert [int(steps) for steps in optimizer.steps] == [1, 0]


def test_an_optimizer_goes_on_from_its_state():
    runs = []
    for stops in (False, True):
        weight = nn.Parameter(torch.ones(2, 3, 4, 4).to(memory_format=torch.channels_last))
        optimizer = AdamW([weight], 0.1)
        generator = torch.Generator().manual_seed(1)
        for _ in range(4):
            if stops:
                saved = {name: v.clone() for name, v in optimizer.state_dict().items()}
                optimizer = AdamW([weight], 0.1)
                optimizer.load_state_dict(saved)
            optimizer.step([torch.randn(weight.shape, generator=generator)])
        runs.append(weight.detach())
    assert torch.equal(*runs)


def test_making_an_optimizer_does_not_import_the_compiler():
    code = (
        "import sys, torch; from osrae.training.optimisation import AdamW\n"
        "AdamW([torch.nn.Parameter(torch.ones(1))], 0.1).step([torch.ones(1)])\n"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_gradient_of_another_memory_layout_moves_the_right_weights():
    weight = nn.Parameter(torch.zeros(2, 3, 4, 4).to(memory_format=torch.channels_last))
    gradient = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    AdamW([weight], 0.1).step([gradient])
    torch.testing.assert_close(weight.detach(), -0.1 * gradient.sign())


def test_without_any_gradient_nothing_moves():
    weight = nn.Parameter(torch.ones(2))
    AdamW([weight], 0.1, weight_decay=0.5).step([None])
    assert torch.equal(weight.detach(), torch.ones(2))
