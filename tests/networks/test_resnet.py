import pytest
import torch
from torch import nn

from osrae.data.description import ImageDescription
from osrae.errors import InputError
from osrae.networks import build_encoder
from osrae.networks.layers import initialise
from osrae.networks.resnet import ResidualEncoder, ResNet18Encoder


def n_parameters(network):
    return sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (37, 41), (70, 66)])
@pytest.mark.parametrize("channels", [1, 4])
def test_shapes(size, channels):
    description = ImageDescription(*size, channels)
    x = torch.rand(2, *description.shape)
    assert ResNet18Encoder(description, 6, width=8)(x).shape == (2, 6)
    assert ResidualEncoder(description, 6, width=8)(x).shape == (2, 6)


def test_resnet18_has_the_published_number_of_parameters():
    """With 1000 outputs and the large stem: 11,689,512, as in every ResNet-18 for ImageNet."""
    large = ResNet18Encoder(ImageDescription(224, 224, 3), 1000)
    assert n_parameters(large) == 11_689_512
    small = ResNet18Encoder(ImageDescription(32, 32, 3), 1000)
    assert n_parameters(large) - n_parameters(small) == (7 * 7 - 3 * 3) * 3 * 64


def test_the_published_stem_is_there_for_small_pictures_too():
    encoder = build_encoder("resnet18-imagenet", ImageDescription(28, 28, 1), 10)
    x = torch.rand(2, 1, 28, 28)
    assert encoder.stages(encoder.stem(x)).shape == (2, 512, 1, 1)
    assert encoder(x).shape == (2, 10)


def test_small_stem_keeps_the_size_and_large_stem_quarters_it():
    for side, expected in ((64, 64), (68, 17)):
        encoder = ResidualEncoder(ImageDescription(side, side, 1), 4, width=4)
        assert encoder.stem(torch.rand(1, 1, side, side)).shape[2:] == (expected, expected)


def test_residual_encoder_has_the_promised_layers():
    description = ImageDescription(16, 16, 3)
    encoder = ResidualEncoder(description, 5, width=8)
    weighted = [
        layer
        for layer in encoder.modules()
        if isinstance(layer, nn.Linear)
        or (isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3))
    ]
    assert len(weighted) == 8
    assert encoder.stages(encoder.stem(torch.rand(2, 3, 16, 16))).shape == (2, 32, 4, 4)


@pytest.mark.parametrize("network", [ResNet18Encoder, ResidualEncoder])
def test_every_parameter_gets_a_gradient_that_matches_differences(network):
    description = ImageDescription(8, 8, 1)
    encoder = network(description, 3, width=4).double()
    initialise(encoder, torch.Generator().manual_seed(0))
    x = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    encoder(x).square().sum().backward()
    assert all(weight.grad is not None for weight in encoder.parameters())
    # In-place additions and activations must not spoil the gradient.
    weight, step = encoder.stages[1][0].residual[0].weight, 1e-6
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            weight[1, 2, 1, 1] += sign * step
            values.append(encoder(x).square().sum().item())
            weight[1, 2, 1, 1] -= sign * step
    difference = (values[0] - values[1]) / (2 * step)
    assert weight.grad[1, 2, 1, 1].item() == pytest.approx(difference, rel=1e-4, abs=1e-6)


def test_wrong_shape_is_named_with_the_network():
    encoder = ResidualEncoder(ImageDescription(8, 8, 1), 3, width=4)
    with pytest.raises(InputError, match=r"ResidualEncoder: .*expected \(n, 1, 8, 8\)"):
        encoder(torch.rand(2, 1, 9, 8))
