import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from osrae.errors import InputError
from osrae.networks import layers
from osrae.networks.layers import (
    Dropout,
    SameConv2d,
    batch_norm_options,
    check_shape,
    dense_block,
    initialise,
    one_hot,
    set_generator,
    with_label,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def dropout(p, seed=0):
    layer = Dropout(p)
    layer.generator = seeded(seed)
    return layer


@pytest.mark.parametrize("draw", [layers._lane_mask, layers._bernoulli_mask])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("p", [0.1, 0.4, 0.9])
def test_mask_drops_the_asked_share_and_keeps_the_mean(draw, dtype, p):
    mask = draw(torch.empty(400, 1000, dtype=dtype), p, seeded())
    share = (mask == 0).double().mean().item()
    # Five standard errors of a share, plus the rounding of p to 2^-16.
    assert abs(share - p) < 5 * math.sqrt(p * (1 - p) / mask.numel()) + 2**-16
    kept = mask[mask != 0].double()
    assert kept.unique().numel() == 1
    rounding = torch.finfo(dtype).eps
    assert kept[0].item() == pytest.approx(1 / (1 - p), rel=max(rounding, 2**-16 / (1 - p)))


def test_lane_mask_scale_makes_the_expectation_exact():
    mask = layers._lane_mask(torch.empty(1000, dtype=torch.float64), 0.4, seeded())
    realised = 1 - round(0.4 * 2**16) / 2**16
    assert mask.max().item() * realised == pytest.approx(1, abs=1e-15)


def test_lane_mask_elements_are_independent():
    mask = layers._lane_mask(torch.empty(4000, 8), 0.5, seeded()).ne(0).double()
    correlation = torch.corrcoef(mask.T) - torch.eye(8, dtype=torch.float64)
    assert correlation.abs().max() < 5 / math.sqrt(4000)
    assert mask.mean(1).var() == pytest.approx(0.25 / 8, rel=0.1)


@pytest.mark.parametrize("shape", [(1,), (7,), (0, 3), (5, 3, 7, 2)])
def test_dropout_takes_any_shape(shape):
    x = torch.ones(shape)
    out = dropout(0.4)(x)
    assert out.shape == x.shape
    assert set(out.unique().tolist()) <= {0.0, out.max().item() if x.numel() else 0.0}


def test_dropout_is_decided_by_its_generator_alone():
    x = torch.ones(50, 20)
    state = torch.get_rng_state()
    first, second, other = dropout(0.4)(x), dropout(0.4)(x), dropout(0.4, seed=1)(x)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_dropout_draws_from_the_default_generator_without_one():
    x, layer = torch.ones(50, 20), Dropout(0.4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        first = layer(x)
        torch.manual_seed(3)
        assert torch.equal(layer(x), first)
        assert not torch.equal(layer(x), first)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_dropout_gradient_is_the_mask_and_memory_layout_stays(memory_format):
    x = torch.randn(4, 8, 5, 5, generator=seeded()).contiguous(memory_format=memory_format)
    x.requires_grad_()
    out = dropout(0.4)(x)
    assert out.is_contiguous(memory_format=memory_format)
    out.sum().backward()
    mask = dropout(0.4)(torch.ones_like(x))
    assert torch.equal(x.grad, mask)
    assert torch.equal(out, x * mask)


def test_dropout_is_the_identity_outside_training_and_at_zero():
    x = torch.randn(5, 5)
    assert dropout(0.4).eval()(x) is x
    assert dropout(0.0)(x) is x


@pytest.mark.parametrize("p", [-0.1, 1.0])
def test_dropout_rejects_impossible_probabilities(p):
    with pytest.raises(InputError, match="must be in"):
        Dropout(p)


def test_set_generator_reaches_every_dropout_and_no_state_dict():
    network = nn.Sequential(Dropout(0.1), nn.Sequential(nn.Linear(2, 2), Dropout(0.2)))
    generator = seeded()
    set_generator(network, generator)
    found = [layer.generator for layer in network.modules() if isinstance(layer, Dropout)]
    assert found == [generator, generator]
    assert set(network.state_dict()) == {"1.0.weight", "1.0.bias"}
    set_generator(network, None)
    assert network[0].generator is None


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (37, 41), (9, 12), (64, 11)])
def test_same_convolution_pads_by_tensorflows_formula(size):
    conv = SameConv2d(2, 3)
    x = torch.randn(2, 2, *size, generator=seeded())
    padding = []
    for side in reversed(size):
        out = math.ceil(side / 2)
        total = max((out - 1) * 2 + 4 - side, 0)
        padding += [total // 2, total - total // 2]
    expected = F.conv2d(F.pad(x, padding), conv.weight, conv.bias, stride=2)
    out = conv(x)
    assert out.shape[2:] == tuple(math.ceil(side / 2) for side in size)
    torch.testing.assert_close(out, expected)


def test_batch_norm_options_translate_keras_momentum():
    """Running mean after one batch of mean 1: Keras keeps 0.99 of 0, torch keeps 0.9 of it."""
    x = torch.tensor([[0.0], [2.0]])
    for style, expected in (("reference", 0.01), ("paper", 0.1)):
        norm = nn.BatchNorm1d(1, **batch_norm_options(style))
        norm(x)
        assert norm.running_mean.item() == pytest.approx(expected)
        assert norm.eps == {"reference": 1e-3, "paper": 1e-5}[style]


def test_dense_block_has_the_layers_it_is_asked_for():
    block = dense_block(3, 5, "paper", slope=0.2, dropout=0.4)
    assert [type(layer).__name__ for layer in block] == [
        "Linear",
        "BatchNorm1d",
        "LeakyReLU",
        "Dropout",
    ]
    assert block[2].negative_slope == 0.2
    assert [type(layer).__name__ for layer in dense_block(3, 5, "paper")][2:] == ["ReLU"]


def test_initialise_is_glorot_uniform_and_decided_by_the_generator():
    network = nn.Sequential(
        nn.Conv2d(16, 32, 4), nn.ConvTranspose2d(32, 16, 4), nn.Linear(300, 200)
    )
    network.append(nn.BatchNorm1d(200))
    nn.init.constant_(network[3].weight, 7.0)
    state = torch.get_rng_state()
    initialise(network, seeded())
    assert torch.equal(torch.get_rng_state(), state)
    for layer, fans in ((network[0], 48 * 16), (network[1], 48 * 16), (network[2], 500)):
        limit = math.sqrt(6 / fans)
        assert layer.weight.abs().max() <= limit
        assert layer.weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.03)
        assert not layer.bias.any()
    assert torch.equal(network[3].weight, torch.ones(200))
    first = network[2].weight.clone()
    initialise(network, seeded())
    assert torch.equal(network[2].weight, first)
    initialise(network, seeded(1))
    assert not torch.equal(network[2].weight, first)


def test_one_hot_by_hand():
    out = one_hot(torch.tensor([2, 0, 1]), 4, torch.float64)
    assert out.dtype == torch.float64
    assert out.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0]]


def test_check_shape_names_found_and_expected():
    check_shape("Encoder", torch.empty(5, 3), "n", 3)
    for wrong in (torch.empty(5, 4), torch.empty(5), torch.empty(5, 3, 1)):
        with pytest.raises(InputError, match=r"Encoder: .*expected \(n, 3\)"):
            check_shape("Encoder", wrong, "n", 3)


def test_with_label_appends_in_the_features_precision():
    x, label = torch.ones(2, 3, dtype=torch.bfloat16), torch.eye(2)
    out = with_label("Critic", x, label, 2)
    assert out.dtype == torch.bfloat16
    assert out.tolist() == [[1, 1, 1, 1, 0], [1, 1, 1, 0, 1]]
    assert with_label("Critic", x, None, None) is x


@pytest.mark.parametrize(
    ("label", "n_classes", "message"),
    [
        (None, 2, "got no label"),
        (torch.eye(2), None, "got a label"),
        (torch.eye(2), 3, r"expected \(2, 3\)"),
        (torch.eye(3), 3, r"expected \(2, 3\)"),
    ],
)
def test_with_label_rejects_what_does_not_fit(label, n_classes, message):
    with pytest.raises(InputError, match=message):
        with_label("Critic", torch.ones(2, 3), label, n_classes)
