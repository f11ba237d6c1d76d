import pytest
import torch
from torch import nn

from osrae.data.description import ImageDescription
from osrae.errors import InputError
from osrae.networks.layers import initialise
from osrae.networks.pooled import PooledEncoder, Whitening


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (37, 41), (70, 66)])
@pytest.mark.parametrize("channels", [1, 4])
def test_shapes(size, channels):
    description = ImageDescription(*size, channels)
    encoder = PooledEncoder(description, 6, widths=(4, 8, 16))
    assert encoder(torch.rand(2, *description.shape)).shape == (2, 6)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((32, 32), [(64, 15, 15), (128, 7, 7), (256, 3, 3)]),
        ((28, 28), [(64, 13, 13), (128, 6, 6), (256, 3, 3)]),
        ((8, 8), [(64, 3, 3), (128, 3, 3), (256, 3, 3)]),
        ((8, 40), [(64, 3, 19), (128, 3, 19), (256, 3, 19)]),
        ((68, 72), [(64, 8, 9), (128, 4, 4), (256, 2, 2)]),
    ],
)
def test_every_group_halves_the_size_and_widens_as_far_as_pictures_go(size, expected):
    encoder = PooledEncoder(ImageDescription(*size, 3), 5)
    x, shapes = encoder.stem(torch.rand(2, 3, *size)), []
    for group in encoder.groups:
        x = group(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == expected


@pytest.mark.parametrize("shortcuts", [False, True])
def test_number_of_parameters(shortcuts):
    """Kernels of 3 × 3 without bias, two numbers of normalisation per channel, a last layer."""
    expected = 0
    for n_in, n_out in ((24, 64), (64, 128), (128, 256)):
        n_more = 2 if shortcuts else 1
        expected += 9 * (n_in + n_more * n_out) * n_out + 2 * (1 + n_more) * n_out
    expected += 256 * 10 + 10
    encoder = PooledEncoder(ImageDescription(32, 32, 3), 10, shortcuts=shortcuts)
    assert sum(weight.numel() for weight in encoder.parameters()) == expected


def test_whitened_patches_are_uncorrelated_and_of_variance_one():
    generator = torch.Generator().manual_seed(0)
    grey = torch.rand(40, 1, 9, 8, generator=generator)
    x = (grey + 0.3 * torch.rand(40, 3, 9, 8, generator=generator)).double() / 1.3
    layer = Whitening(3).double()
    layer.fit(x)
    out = layer(x)
    assert out.shape == (40, 24, 8, 7)
    torch.testing.assert_close(out[:, 12:], -out[:, :12])
    rows = out[:, :12].transpose(0, 1).flatten(1)
    moments = rows @ rows.T / rows.shape[1]
    patches = torch.nn.functional.unfold(x, 2).transpose(0, 1).flatten(1)
    variances = torch.linalg.eigvalsh(patches @ patches.T / patches.shape[1])
    torch.testing.assert_close(moments, torch.diag(variances / (variances + 5e-4)))


def test_a_channel_that_never_varies_is_answered_to_by_nothing():
    x = torch.rand(60, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    x[:, 3] = 1  # opaque
    layer = Whitening(4)
    layer.fit(x)
    # Its four pixels of a patch are always alike: three directions, with both signs, never vary.
    assert (layer.filters.flatten(1) == 0).all(1).sum() == 6
    within = layer.filters[:, 3] - layer.filters[:, 3].mean((1, 2), keepdim=True)
    torch.testing.assert_close(within, torch.zeros(32, 2, 2), atol=1e-4, rtol=0)


def test_whitening_of_pictures_without_any_variance_is_finite():
    layer = Whitening(1)
    layer.fit(torch.zeros(3, 1, 8, 8))
    assert torch.isfinite(layer.filters).all()
    assert not list(layer.parameters())  # nothing to learn


def test_every_parameter_gets_a_gradient_that_matches_differences():
    description = ImageDescription(8, 8, 1)
    encoder = PooledEncoder(description, 3, widths=(4, 4, 4), shortcuts=True).double()
    generator = torch.Generator().manual_seed(0)
    initialise(encoder, generator)
    x = torch.rand(4, 1, 8, 8, generator=generator).double()
    encoder(x).square().sum().backward()
    assert all(weight.grad is not None for weight in encoder.parameters())
    for layer in (encoder.groups[0].convolutions[0], encoder.groups[1].convolutions[2]):
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
    assert len(convolutions) == 6
    assert all(layer.bias is None for layer in convolutions)


def test_wrong_shape_is_named_with_the_network():
    encoder = PooledEncoder(ImageDescription(8, 8, 1), 3)
    with pytest.raises(InputError, match=r"PooledEncoder: .*expected \(n, 1, 8, 8\)"):
        encoder(torch.rand(2, 1, 9, 8))
