import pytest
import torch
from torch import nn
from torch.nn import functional as F

from osrae.data.description import ImageDescription, TableDescription
from osrae.networks import build_decoder, build_encoder
from osrae.networks.bagan import (
    AuthorsGenerator,
    AuthorsTrunk,
    DoublingConv2d,
    SamePadConv2d,
    TableTrunk,
    Trunk,
    build_trunk,
    with_head,
)
from osrae.networks.layers import Dropout

GREY, COLOUR = ImageDescription(28, 28, 1), ImageDescription(32, 32, 3)
TABLE = TableDescription(3, (2, 4))
SIZES = [(8, 8), (8, 64), (12, 12), (28, 28), (32, 32), (37, 41), (64, 64)]


def n_parameters(network):
    return sum(weight.numel() for weight in network.parameters())


def pictures(description, n=3):
    generator = torch.Generator().manual_seed(0)
    return 2 * torch.rand(n, *description.shape, generator=generator) - 1


# spec/baselines.md, section 5.3, in millions; the exact numbers are layer by layer.
def test_numbers_of_parameters_of_the_authors_networks():
    trunk = (9 + 1) * 32 + (9 * 32 + 1) * 64 + (9 * 64 + 1) * 128 + (9 * 128 + 1) * 256
    convolutions = 25 * (128 * 256 + 256 * 128)
    for description, generator in ((GREY, 8.16), (COLOUR, 10.1)):
        places = {28: 49, 32: 64}[description.height]
        n_first = 9 * 32 * (description.channels - 1)
        assert n_parameters(AuthorsTrunk(description)) == trunk + n_first
        found = n_parameters(AuthorsGenerator(description, 100))
        hidden = 1024 * (100 + 128 * places)
        assert found == hidden + convolutions + 4 * 128 * description.channels
        assert found / 1e6 == pytest.approx(generator, abs=0.05)
    assert trunk / 1e6 == pytest.approx(0.39, abs=0.005)
    for n_outputs, head in ((100, 1.25), (11, 0.14)):
        network = with_head(AuthorsTrunk(GREY), n_outputs)
        assert n_parameters(network) - trunk == (49 * 256 + 1) * n_outputs
        assert (n_parameters(network) - trunk) / 1e6 == pytest.approx(head, abs=0.005)


# Section 5.8 in millions, and section 1.5: within 20 % of the encoder with its linear classifier
# and of the decoder.
def test_numbers_of_parameters_are_the_papers():
    encoder, discriminator = with_head(Trunk(GREY), 64), with_head(Trunk(GREY), 11)
    generator = build_decoder(GREY, 64, None)
    found = [n_parameters(network) / 1e6 for network in (encoder, discriminator, generator)]
    assert found == pytest.approx([6.62, 6.57, 6.90], abs=0.01)
    paper = n_parameters(build_encoder(None, GREY, 64)) + 65 * 10
    assert n_parameters(discriminator) == pytest.approx(paper, rel=0.2)
    assert n_parameters(generator) == pytest.approx(n_parameters(build_decoder(GREY, 64, 10)), 0.2)
    colour = ImageDescription(32, 32, 3)
    found = [
        n_parameters(with_head(Trunk(colour), 11)),
        n_parameters(build_decoder(colour, 256, None)),
    ]
    paper = [n_parameters(build_encoder(None, colour, 256)) + 257 * 10,
             n_parameters(build_decoder(colour, 256, 10))]  # fmt: skip
    assert found == pytest.approx(paper, rel=0.2)
    wide = TableDescription(617)
    table = with_head(TableTrunk(wide), 8)
    assert n_parameters(table) == 618 * 512 + 2 * 513 * 512 + 513 * 8


def test_the_trunk_is_the_critics_with_dropout():
    convolutions = [type(layer).__name__ for layer in Trunk(GREY).convolutions]
    assert convolutions == ["SameConv2d", "LeakyReLU", "Dropout"] * 2
    for trunk in (Trunk(GREY), TableTrunk(TABLE), AuthorsTrunk(GREY)):
        assert {layer.p for layer in trunk.modules() if isinstance(layer, Dropout)} == {0.3}
    slopes = {
        kind: {layer.negative_slope for layer in kind.modules() if isinstance(layer, nn.LeakyReLU)}
        for kind in (Trunk(GREY), TableTrunk(TABLE), AuthorsTrunk(GREY))
    }
    assert list(slopes.values()) == [{0.2}, {0.2}, {0.3}]


@pytest.mark.parametrize("authors", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_shapes_range_and_gradients(size, authors):
    description = ImageDescription(*size, 3)
    x = pictures(description)
    encoder = with_head(build_trunk(description, authors), 5)
    generator = AuthorsGenerator(description, 5) if authors else build_decoder(description, 5, None)
    z = encoder(x)
    assert z.shape == (3, 5)
    made = generator(z)
    assert made.shape == x.shape
    (made - x).square().sum().backward()
    for name, weight in (*encoder.named_parameters(), *generator.named_parameters()):
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name
    assert z.std() > 0
    assert made.std() > 0
    if authors:
        far = generator(1e3 * z)
        assert -1 <= far.min() < 0 < far.max() <= 1


@pytest.mark.parametrize(
    ("side", "filters", "start", "strides"),
    [
        (28, [256, 128], 7, [2, 1, 2, 1]),
        (32, [256, 128], 8, [2, 1, 2, 1]),
        (64, [256, 256, 128], 8, [2, 1, 2, 1, 2, 1]),
        (16, [128], 8, [2, 1, 2, 1]),
        (8, [], 8, [2, 1, 2, 1]),
    ],
)
def test_the_authors_networks_layer_by_layer(side, filters, start, strides):
    description = ImageDescription(side, side, 1)
    generator, trunk = AuthorsGenerator(description, 5), AuthorsTrunk(description)
    convolutions = [layer for layer in generator.convolutions if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == filters
    assert generator.start == (start, start)
    assert all(layer.bias is None for layer in generator.modules() if hasattr(layer, "bias"))
    found = [layer.stride[0] for layer in trunk.modules() if isinstance(layer, nn.Conv2d)]
    assert found == strides


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 7)])
def test_doubling_and_convolution_in_one(size):
    torch.manual_seed(0)
    layer = DoublingConv2d(3, 5).double()
    x = torch.randn(2, 3, *size, dtype=torch.float64, requires_grad=True)
    plain = F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), layer.weight, padding=2)
    torch.testing.assert_close(layer(x), plain)
    weights = torch.randn_like(plain)
    inputs = (x, layer.weight)
    found = torch.autograd.grad((layer(x) * weights).sum(), inputs)
    expected = torch.autograd.grad((plain * weights).sum(), inputs)
    torch.testing.assert_close(found, expected)


# TensorFlow: ceil(size / stride) places, and the odd pixel of padding below and on the right.
@pytest.mark.parametrize(
    ("kernel", "stride", "size", "padding"),
    [
        (3, 1, (4, 5), (1, 1, 1, 1)),
        (3, 2, (4, 4), (0, 1, 0, 1)),
        (3, 2, (5, 4), (0, 1, 1, 1)),
        (3, 2, (5, 7), (1, 1, 1, 1)),
        (2, 1, (4, 4), (0, 1, 0, 1)),
    ],
)
def test_same_padding(kernel, stride, size, padding):
    layer = SamePadConv2d(2, 3, kernel, stride)
    x = torch.randn(2, 2, *size, generator=torch.Generator().manual_seed(0))
    expected = F.conv2d(F.pad(x, padding), layer.weight, layer.bias, stride)
    torch.testing.assert_close(layer(x), expected)
    assert layer(x).shape[-2:] == tuple(-(-side // stride) for side in size)


def test_the_authors_initialisation():
    """Glorot: uniform, but normal in the generator's convolutions; no biases but zeros."""
    torch.manual_seed(0)
    network, generator = with_head(AuthorsTrunk(GREY), 100), AuthorsGenerator(GREY, 100)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            bound = (6 / (fan_in + fan_out)) ** 0.5
            assert 0.9 * bound < layer.weight.abs().max() <= bound
            assert not layer.bias.any()
    weight = generator.convolutions[0].weight.detach()
    assert weight.std().item() == pytest.approx((2 / (25 * (128 + 256))) ** 0.5, rel=0.02)
    assert weight.abs().max() > 3.5 * weight.std()
