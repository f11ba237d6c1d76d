import pytest
import torch
from torch import nn

from osrae.data.description import ImageDescription
from osrae.errors import InputError
from osrae.networks.deepsmote import Decoder, Encoder

GREY, COLOUR = ImageDescription(28, 28, 1), ImageDescription(32, 32, 3)
SIZES = [(8, 8), (12, 12), (16, 31), (28, 28), (28, 32), (32, 32), (37, 41), (64, 64)]


def n_parameters(network):
    return sum(weight.numel() for weight in network.parameters())


def pictures(description, n=3):
    generator = torch.Generator().manual_seed(0)
    return 2 * torch.rand(n, *description.shape, generator=generator) - 1


def sides(network, layers, x):
    """Sizes of pictures as they leave each of the convolutions."""
    seen = []
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(lambda _, __, y: seen.append(tuple(y.shape[-2:])))
    network(x)
    return seen


# spec/baselines.md, section 2.3, in millions.
@pytest.mark.parametrize(
    ("description", "latent_dim", "encoder", "decoder"),
    [(GREY, 300, 2.91, 10.18), (COLOUR, 600, 3.07, 22.3)],
)
def test_numbers_of_parameters_are_the_authors(description, latent_dim, encoder, decoder):
    assert n_parameters(Encoder(description, latent_dim)) / 1e6 == pytest.approx(encoder, abs=0.005)
    assert n_parameters(Decoder(description, latent_dim)) / 1e6 == pytest.approx(decoder, abs=0.05)


def test_numbers_of_parameters_exactly():
    """28 × 28, layer by layer: convolutions without bias in E, with one in D; scale and shift."""
    encoder = 16 * 64 * (1 + 64 * 2 + 64 * 8 + 64 * 32) + 2 * 64 * (2 + 4 + 8) + 513 * 300
    assert n_parameters(Encoder(GREY, 300)) == encoder
    decoder = 301 * 512 * 49 + (16 * 512 * 256 + 3 * 256) + (16 * 256 * 128 + 3 * 128) + 2049
    assert n_parameters(Decoder(GREY, 300)) == decoder


@pytest.mark.parametrize(
    ("description", "down", "up"),
    [
        (GREY, [14, 7, 3, 1], [10, 13, 28]),
        (COLOUR, [16, 8, 4, 1], [16, 32, 32]),
        (ImageDescription(64, 64, 3), [32, 16, 8, 4], [32, 64, 64]),
        (ImageDescription(8, 8, 1), [4, 2, 1, 1], [4, 8, 8]),
    ],
)
def test_sides_layer_by_layer(description, down, up):
    encoder, decoder = Encoder(description, 5, width=2), Decoder(description, 5, width=2)
    assert sides(encoder, encoder.convolutions, pictures(description)) == [(s, s) for s in down]
    layers = [*decoder.convolutions, decoder.output]
    assert sides(decoder, layers, torch.randn(3, 5)) == [(s, s) for s in up]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", SIZES)
def test_shapes_range_and_gradients(size, channels):
    description = ImageDescription(*size, channels)
    encoder, decoder = Encoder(description, 6, width=3), Decoder(description, 6, width=3)
    x = pictures(description)
    z = encoder(x)
    assert z.shape == (3, 6)
    decoded = decoder(z)
    assert decoded.shape == x.shape
    (decoded - x).square().sum().backward()
    for name, weight in (*encoder.named_parameters(), *decoder.named_parameters()):
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0, name
    far = decoder(1e3 * z)
    assert -1 <= far.min() < 0 < far.max() <= 1


def test_activations_are_the_authors():
    encoder, decoder = Encoder(GREY, 5, width=2), Decoder(GREY, 5, width=2)
    kinds = [type(layer).__name__ for layer in encoder.convolutions]
    assert kinds == ["Conv2d", "LeakyReLU"] + ["Conv2d", "BatchNorm2d", "LeakyReLU"] * 3
    assert {
        layer.negative_slope for layer in encoder.convolutions if isinstance(layer, nn.LeakyReLU)
    } == {0.2}
    kinds = [type(layer).__name__ for layer in decoder.convolutions]
    assert kinds == ["ConvTranspose2d", "BatchNorm2d", "ReLU"] * 2
    z = torch.randn(3, 5)
    h = decoder.convolutions(decoder.hidden(z).view(3, 16, 7, 7))
    torch.testing.assert_close(decoder(z), decoder.output(h).tanh())


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match="shape"):
        Encoder(GREY, 5, width=2)(torch.zeros(2, 3, 28, 28))
    with pytest.raises(InputError, match="shape"):
        Decoder(GREY, 5, width=2)(torch.zeros(2, 6))
