from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from osrae.data.description import ImageDescription, TableDescription
from osrae.errors import InputError
from osrae.networks.dgc import (
    AUTHORS,
    AuthorsDecoder,
    AuthorsTrunk,
    _SamePadding,
    _SameTransposed,
    build_classifier,
    build_dgc_decoder,
    build_recogniser,
    draw_codes,
)
from osrae.networks.layers import one_hot

GREY, COLOUR, FACES = (
    ImageDescription(28, 28, 1),
    ImageDescription(32, 32, 3),
    ImageDescription(64, 64, 3),
)
TABLE = TableDescription(3, (2, 4))


def size(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def dense(n_in, n_out):
    return n_in * n_out + n_out


def convolution(n_in, n_out, kernel):
    return n_in * n_out * kernel**2 + n_out


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize(
    ("description", "architecture", "m", "n_classes", "millions"),
    [
        (GREY, "mnist", 64, 10, (28.4, 13.8)),
        (FACES, "celeba", 64, 5, (34.7, 21.5)),
        (GREY, "equal", 64, 10, (7.75, 6.90)),
        (COLOUR, "equal", 256, 10, (10.1, 9.07)),
    ],
)
def test_networks_have_the_published_sizes(description, architecture, m, n_classes, millions):
    with torch.device("meta"):
        recogniser = build_recogniser(architecture, description, m, n_classes)
        decoder = build_dgc_decoder(architecture, description, m)
    expected = [pytest.approx(1e6 * number, rel=0.005) for number in millions]
    assert [size(recogniser), size(decoder)] == expected


def test_the_authors_networks_layer_by_layer():
    with torch.device("meta"):
        recogniser = build_recogniser("mnist", GREY, 64, 10)
        decoder = build_dgc_decoder("mnist", GREY, 64)
        large = build_recogniser("celeba", FACES, 64, 5)
        large_decoder = build_dgc_decoder("celeba", FACES, 64)
    filters = [1, 128, 256, 512, 1024]
    trunk = sum(convolution(a, b, 4) + 2 * b for a, b in pairwise(filters))
    heads = dense(4096 + 10, 4096) + 2 * dense(4096, 64)
    assert size(recogniser) == trunk + heads
    assert size(decoder) == (
        dense(64, 7 * 7 * 1024)
        + convolution(1024, 512, 4) + 2 * 512
        + convolution(512, 256, 4) + 2 * 256
        + convolution(256, 1, 4)
    )  # fmt: skip
    filters = [3, 64, 128, 256, 512, 1024]
    trunk = sum(convolution(a, b, 5) + 2 * b for a, b in pairwise(filters))
    assert size(large) == trunk + dense(4096 + 5, 4096) + 2 * dense(4096, 64)
    assert size(large_decoder) == (
        dense(64, 8 * 8 * 1024)
        + convolution(1024, 512, 5) + 2 * 512
        + convolution(512, 256, 5) + 2 * 256
        + convolution(256, 128, 5) + 2 * 128
        + convolution(128, 3, 5)
    )  # fmt: skip


def test_classifiers_of_codes():
    assert size(build_classifier("linear", "equal", 64, 10)) == dense(64, 10)
    deep = build_classifier("mlp", "celeba", 64, 5)
    assert size(deep) == dense(64, 500) + dense(500, 500) + dense(500, 5)  # 0.29 M
    z = torch.randn(4, 64)
    h = F.relu(deep[2](F.relu(deep[0](z))))
    torch.testing.assert_close(deep(z), deep[4](h))


def test_networks_for_tables_have_no_dropout_and_one_joint_layer():
    recogniser = build_recogniser("equal", TABLE, 8, 3)
    n_columns = 9
    trunk = dense(n_columns, 512) + 2 * 512 + dense(512, 256) + 2 * 256
    assert size(recogniser) == trunk + dense(256 + 3, 256) + 2 * dense(256, 8)
    assert not any("Dropout" in type(layer).__name__ for layer in recogniser.modules())
    decoder = build_dgc_decoder("equal", TABLE, 8)
    assert size(decoder) == dense(8, 512) + 1024 + dense(512, 256) + 512 + dense(256, n_columns)


def test_what_the_recogniser_sees_of_pictures_is_not_blurred_by_dropout():
    recogniser = build_recogniser("equal", ImageDescription(9, 8, 1), 8, 3).train()
    x, y = torch.rand(6, 1, 9, 8), F.one_hot(torch.arange(6) % 3, 3).float()
    torch.testing.assert_close(recogniser(x, y), recogniser(x, y), rtol=0, atol=0)


def test_the_authors_networks_refuse_tables():
    with pytest.raises(InputError, match="architecture='mnist'"):
        build_recogniser("mnist", TABLE, 8, 3)
    with pytest.raises(InputError, match="architecture='celeba'"):
        build_dgc_decoder("celeba", TABLE, 8)


# ---------------------------------------------------------------- what they compute


@pytest.mark.parametrize("architecture", ["equal", "mnist", "celeba"])
@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 13, 3), (17, 30, 4)])
def test_pictures_of_any_size(architecture, shape):
    description = ImageDescription(*shape)
    recogniser = build_recogniser(architecture, description, 5, 3, n_filters=32)
    decoder = build_dgc_decoder(architecture, description, 5, n_filters=32)
    x, label = (
        torch.rand(4, *description.shape),
        one_hot(torch.tensor([0, 1, 2, 0]), 3, torch.float),
    )
    mean, log_variance = recogniser(x, label)
    assert mean.shape == log_variance.shape == (4, 5)
    decoded = decoder(mean)
    assert decoded.shape == x.shape
    assert 0 < decoded.min() < decoded.max() < 1


def test_a_decoded_row_has_its_categories_as_shares():
    decoded = build_dgc_decoder("equal", TABLE, 8)(torch.randn(6, 8))
    assert decoded.shape == (6, 9)
    torch.testing.assert_close(decoded[:, 3:5].sum(1), torch.ones(6))
    torch.testing.assert_close(decoded[:, 5:].sum(1), torch.ones(6))


@pytest.mark.parametrize("description", [ImageDescription(9, 8, 1), TABLE])
def test_the_joint_layer_is_linear_in_features_and_label(description):
    recogniser = build_recogniser("equal", description, 4, 3).eval()
    x = torch.rand(5, *description.shape)
    y = torch.tensor([2, 0, 1, 1, 2])
    label = one_hot(y, 3, torch.float)
    h = recogniser.joint(torch.cat([recogniser.trunk(x), label], dim=1))
    mean, log_variance = recogniser(x, label)
    torch.testing.assert_close(mean, recogniser.mean(h))
    torch.testing.assert_close(log_variance, recogniser.log_variance(h))
    labels = tuple(part[y] for part in recogniser.of_labels())
    parts = recogniser.combine(recogniser.of_samples(x), labels)
    torch.testing.assert_close(parts, (mean, log_variance))


def test_log_variances_are_clipped():
    recogniser = build_recogniser("equal", TABLE, 2, 2).eval()
    with torch.no_grad():
        recogniser.log_variance.bias.copy_(torch.tensor([90.0, -90.0]))
    x, label = torch.zeros(1, 9), torch.tensor([[1.0, 0.0]])
    expected = torch.tensor([[50.0, -50.0]])
    assert torch.equal(recogniser(x, label)[1], expected)
    labels = tuple(part[:1] for part in recogniser.of_labels())
    assert torch.equal(recogniser.combine(recogniser.of_samples(x), labels)[1], expected)


def test_codes_have_the_recognised_mean_and_variance():
    mean, log_variance = torch.tensor([1.0, -2.0]), torch.tensor([0.0, 3.0])
    noise = torch.randn(10_000, 2, generator=torch.Generator().manual_seed(0))
    z = draw_codes(mean, log_variance, noise)
    error = (log_variance / 2).exp() / 100  # standard error of the mean
    assert ((z.mean(0) - mean).abs() < 4 * error).all()
    torch.testing.assert_close(z.var(0), log_variance.exp(), rtol=0.06, atol=0)


@pytest.mark.parametrize("kernel", [4, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_doubling_is_the_transpose_of_a_convolution_with_the_same_padding(kernel, stride):
    """TensorFlow defines its transposed convolution so; padding is at most one more behind."""
    generator = torch.Generator().manual_seed(0)
    up = _SameTransposed(2, 3, kernel, stride).double()
    nn.init.zeros_(up.bias)
    small = torch.randn(1, 2, 6, 7, generator=generator).double()
    large = torch.randn(1, 3, 6 * stride, 7 * stride, generator=generator).double()
    total = kernel - stride
    before, behind = total // 2, total - total // 2
    padded = F.pad(large, (before, behind, before, behind))
    assert torch.equal(_SamePadding(kernel, stride)(large), padded)
    down = F.conv2d(padded, up.weight, stride=stride)
    assert up(small).shape == large.shape
    torch.testing.assert_close((up(small) * large).sum(), (small * down).sum())


def test_same_padding_of_odd_sides():
    # ceil(7 / 2) = 4 outputs need (4 - 1) · 2 + 4 = 10 inputs: 3 more, the larger part behind.
    padded = _SamePadding(4, 2)(torch.ones(1, 1, 7, 8))
    assert padded.shape == (1, 1, 10, 10)
    assert padded[0, 0, :, 4].tolist() == [0] + [1] * 7 + [0, 0]
    assert padded[0, 0, 4].tolist() == [0] + [1] * 8 + [0]


def test_the_authors_weights_begin_small():
    torch.manual_seed(0)
    recogniser = build_recogniser("mnist", GREY, 64, 10, n_filters=128)
    decoder = build_dgc_decoder("mnist", GREY, 64, n_filters=128)
    for layer in [*recogniser.modules(), *decoder.modules()]:
        if isinstance(layer, nn.Conv2d):
            assert layer.weight.abs().max() <= 0.02  # cut at two standard deviations
            assert layer.weight.std().item() == pytest.approx(0.0088, rel=0.1)
        elif isinstance(layer, nn.Linear | nn.ConvTranspose2d):
            assert layer.weight.std().item() == pytest.approx(0.01, rel=0.1)
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.ConvTranspose2d):
            assert not layer.bias.any()


def test_the_decoder_is_relu_then_doublings_then_sigmoid():
    decoder = AuthorsDecoder(ImageDescription(8, 8, 1), 3, AUTHORS["mnist"], 8).eval()
    z = torch.randn(2, 3)
    h = F.relu(decoder.hidden(z)).reshape(2, 2, 2, 8).permute(0, 3, 1, 2)
    for up, norm, _ in decoder.convolutions:
        h = F.relu(norm(up(h)))
    torch.testing.assert_close(decoder(z), torch.sigmoid(decoder.output(h)))
    assert {norm.eps for _, norm, _ in decoder.convolutions} == {1e-5}
    assert {norm.momentum for _, norm, _ in decoder.convolutions} == {0.1}  # keeps 0.9


def test_the_trunk_halves_and_flattens_channels_last():
    trunk = AuthorsTrunk(ImageDescription(8, 8, 1), AUTHORS["mnist"], 8).eval()
    x = torch.rand(2, 1, 8, 8)
    h = x
    for padding, conv, norm, _ in trunk.convolutions:
        h = F.relu(norm(conv(padding(h))))
    assert h.shape == (2, 8, 1, 1)
    torch.testing.assert_close(trunk(x), h.permute(0, 2, 3, 1).reshape(2, -1))
