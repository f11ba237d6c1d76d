from __future__ import annotations

import math

import pytest
import torch

from osrae.methods.rae_losses import (
    classification_loss,
    critic_loss,
    decoder_loss,
    encoder_loss,
    gradient_penalty,
    mix,
    mixer_loss,
)


def test_mixture_is_the_convex_combination():
    z = torch.tensor([[[1.0, 2.0]], [[3.0, -2.0]], [[0.0, 8.0]]])  # t = 3, one tuple
    alpha = torch.tensor([[0.5, 0.25, 0.25]])
    torch.testing.assert_close(mix(z, alpha), torch.tensor([[1.25, 2.5]]))
    pictures = z[..., None].expand(3, 1, 2, 5)  # further axes stay
    torch.testing.assert_close(mix(pictures, alpha)[..., 4], torch.tensor([[1.25, 2.5]]))


def test_classification_loss_sums_members_and_mixtures():
    logits = torch.tensor([[[1.0, 0.0]], [[0.0, 2.0]]])  # t = 2, B = 1
    mixed = torch.tensor([[[0.5, 0.5]]])
    y = torch.tensor([0])
    expected = math.log(1 + math.exp(-1)) + math.log(1 + math.exp(2)) + math.log(2)
    assert classification_loss(logits, mixed, y).item() == pytest.approx(expected, abs=1e-6)
    without = expected - math.log(2)
    assert classification_loss(logits, None, y).item() == pytest.approx(without, abs=1e-6)


def test_mixer_decoder_critic_and_encoder_losses():
    assert mixer_loss(torch.tensor([[0.0, math.log(3)]]), torch.tensor([0])).item() == (
        pytest.approx(math.log(4), abs=1e-6)
    )
    assert decoder_loss(torch.tensor([1.0, 4.0])).item() == -2.5
    loss = critic_loss(torch.tensor([1.0, 3.0]), torch.tensor([5.0]), torch.tensor(0.25), 10.0)
    assert loss.item() == pytest.approx(2 - 5 + 2.5)
    value = encoder_loss(torch.tensor(2.0), torch.tensor(3.0), 5.0, 0.01)
    assert value.item() == pytest.approx(10.03)


def test_gradient_penalty_of_a_linear_critic_is_exact():
    slope = torch.tensor([3.0, 4.0])  # norm 5 everywhere
    real, decoded = torch.zeros(2, 2), torch.ones(2, 2)
    penalty = gradient_penalty(lambda x: x @ slope, real, decoded, torch.tensor([0.2, 0.8]))
    assert penalty.item() == pytest.approx((5 - 1) ** 2, rel=1e-6)


def test_gradient_penalty_is_taken_at_the_position_on_the_line():
    real, decoded = torch.zeros(1, 1), torch.full((1, 1), 4.0)
    penalty = gradient_penalty(lambda x: x.square().sum(1), real, decoded, torch.tensor([0.25]))
    assert penalty.item() == pytest.approx((2 * 1.0 - 1) ** 2)  # slope 2x at x = 1


def test_gradient_penalty_has_a_finite_derivative_where_the_slope_is_zero():
    scale = torch.zeros((), requires_grad=True)
    penalty = gradient_penalty(
        lambda x: scale * x.sum(1), torch.zeros(2, 3), torch.ones(2, 3), torch.rand(2)
    )
    penalty.backward()
    assert torch.isfinite(scale.grad)
