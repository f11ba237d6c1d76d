import pytest
import torch
from torch import nn

from osrae.data.description import ImageDescription
from osrae.errors import InputError
from osrae.networks.layers import initialise
from osrae.networks.pooled import PooledEncoder


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (37, 41), (70, 66)])
@pytest.mark.parametrize("channels", [1, 4])
def test_shapes(size, channels):
    description = ImageDescription(*size, channels)
    encoder = PooledEncoder(description, 6, widths=(4, 8, 16))
    assert encoder(torch.rand(2, *description.shape)).shape == (2, 6)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((32, 32), [(64, 16, 16), (128, 8, 8), (256, 4, 4)]),
        ((28, 28), [(64, 14, 14), (128, 7, 7), (256, 3, 3)]),
        ((8, 8), [(64, 4, 4), (128, 2, 2), (256, 2, 2)]),
        ((8, 40), [(64, 4, 20), (128, 2, 10), (256, 2, 10)]),
    ],
)
def test_every_pair_halves_the_size_and_widens_as_far_as_pictures_go(size, expected):
    encoder = PooledEncoder(ImageDescription(*size, 3), 5)
    x, shapes = encoder.stem(torch.rand(2, 3, *size)), []
    for pair in encoder.pairs:
        x = pair(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == expected


def test_number_of_parameters():
    """Kernels of 3 × 3 without bias, two numbers of normalisation per channel, a last layer."""
    expected = 9 * 3 * 24 + 2 * 24
    for n_in, n_out in ((24, 64), (64, 128), (128, 256)):
        expected += 9 * (n_in + n_out) * n_out + 4 * n_out
    expected += 256 * 10 + 10
    encoder = PooledEncoder(ImageDescription(32, 32, 3), 10)
    assert sum(weight.numel() for weight in encoder.parameters()) == expected


def test_every_parameter_gets_a_gradient_that_matches_differences():
    description = ImageDescription(8, 8, 1)
    encoder = PooledEncoder(description, 3, widths=(4, 4, 4)).double()
    generator = torch.Generator().manual_seed(0)
    initialise(encoder, generator)
    x = torch.rand(4, 1, 8, 8, generator=generator).double()
    encoder(x).square().sum().backward()
    assert all(weight.grad is not None for weight in encoder.parameters())
    # Activations in place must not spoil the gradient.
    for layer in (encoder.pairs[0].first, encoder.pairs[1].second):
        place, step, values = (1, 2, 1, 1), 1e-6, []
        for sign in (1, -1):
            with torch.no_grad():
                layer.weight[place] += sign * step
                values.append(encoder(x).square().sum().item())
                layer.weight[place] -= sign * step
        difference = (values[0] - values[1]) / (2 * step)
        assert layer.weight.grad[place].item() == pytest.approx(difference, rel=1e-4, abs=1e-6)


def test_convolutions_have_no_bias_that_normalisation_would_take_off():
    encoder = PooledEncoder(ImageDescription(8, 8, 1), 3)
    convolutions = [layer for layer in encoder.modules() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 7
    assert all(layer.bias is None for layer in convolutions)


def test_wrong_shape_is_named_with_the_network():
    encoder = PooledEncoder(ImageDescription(8, 8, 1), 3)
    with pytest.raises(InputError, match=r"PooledEncoder: .*expected \(n, 1, 8, 8\)"):
        encoder(torch.rand(2, 1, 9, 8))
