import pytest
import torch

from osrae.data.description import ImageDescription
from osrae.errors import InputError
from osrae.networks.densenet import DenseNet201Encoder


def n_parameters(network):
    return sum(weight.numel() for weight in network.parameters())


def count_by_formula(growth, bottleneck, blocks, width, stem_weights):
    """Stem, layers (two normalisations, 1 × 1, 3 × 3), transitions, last normalisation."""
    total = stem_weights + 2 * width
    for block, n_layers in enumerate(blocks):
        for _ in range(n_layers):
            total += 2 * width + width * bottleneck + 2 * bottleneck + 9 * bottleneck * growth
            width += growth
        if block < len(blocks) - 1:
            total += 2 * width + width * (width // 2)
            width //= 2
    return total + 2 * width, width


def test_number_of_parameters_is_densenet201s():
    expected, width = count_by_formula(32, 128, (6, 12, 48, 32), 64, 7 * 7 * 3 * 64)
    assert (expected, width) == (18_092_928, 1920)
    encoder = DenseNet201Encoder(ImageDescription(224, 224, 3), 5)
    assert n_parameters(encoder.features) == expected
    assert n_parameters(encoder.output) == 1921 * 5
    small = DenseNet201Encoder(ImageDescription(64, 64, 3), 5)
    assert n_parameters(small.features) == expected - (7 * 7 - 3 * 3) * 3 * 64


@pytest.mark.parametrize(("size", "channels"), [((8, 8), 1), ((9, 13), 4), ((66, 70), 3)])
def test_shape_and_every_parameter_gets_a_gradient(size, channels):
    description = ImageDescription(*size, channels)
    encoder = DenseNet201Encoder(description, 5)
    z = encoder(torch.rand(2, *description.shape))
    assert z.shape == (2, 5)
    z.square().sum().backward()
    assert all(weight.grad is not None for weight in encoder.parameters())


def test_wrong_shape_is_named():
    with pytest.raises(InputError, match=r"DenseNet201Encoder: .*expected \(n, 1, 8, 8\)"):
        DenseNet201Encoder(ImageDescription(8, 8, 1), 5)(torch.rand(2, 3, 8, 8))
