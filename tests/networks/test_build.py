import pytest
import torch
from torch import nn

from osrae.data.description import ImageDescription, TableDescription
from osrae.errors import InputError
from osrae.networks import (
    ENCODERS,
    build_critic,
    build_decoder,
    build_encoder,
    build_mixer,
    image,
    tabular,
)
from osrae.networks.layers import one_hot

PICTURE, TABLE = ImageDescription(8, 9, 3), TableDescription(4, (3,))
LABEL = one_hot(torch.tensor([0, 1]), 2, torch.float32)


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in ENCODERS.items() for name in names]
)
@pytest.mark.parametrize("style", ["paper", "reference"])
def test_every_encoder_is_built_by_name(kind, name, style):
    description = {"pictures": PICTURE, "tables": TABLE}[kind]
    encoder = build_encoder(name, description, 5, style)
    network = ENCODERS[kind][name]
    assert type(encoder) is getattr(network, "func", network)
    assert encoder(torch.rand(2, *description.shape)).shape == (2, 5)


def test_no_name_is_the_papers_encoder():
    assert type(build_encoder(None, PICTURE, 5)) is image.Encoder
    assert type(build_encoder(None, TABLE, 5)) is tabular.Encoder


FOR_PICTURES = "conv, pooled, pooled-large, residual, resnet18, resnet18-imagenet, densenet201"


@pytest.mark.parametrize(
    ("name", "description", "fitting"),
    [
        (
            "vgg",
            PICTURE,
            FOR_PICTURES,
        ),
        (
            "mlp",
            PICTURE,
            FOR_PICTURES,
        ),
        ("conv", TABLE, "mlp"),
    ],
)
def test_unknown_or_unfit_encoder_is_answered_with_those_that_fit(name, description, fitting):
    with pytest.raises(InputError, match=f"encoder='{name}'.*use one of {fitting}"):
        build_encoder(name, description, 5)


@pytest.mark.parametrize("description", [PICTURE, TABLE])
@pytest.mark.parametrize("style", ["paper", "reference"])
def test_networks_of_one_description_fit_together(description, style):
    x = torch.rand(2, *description.shape)
    z = build_encoder(None, description, 5, style)(x)
    assert build_decoder(description, 5, 2, style)(z, LABEL).shape == x.shape
    assert build_critic(description, 2, style)(x, LABEL).shape == (2,)
    assert build_critic(description, None, style)(x).shape == (2,)
    mixer = build_mixer(description, 5, 2, 2, style)
    assert mixer(torch.stack([z, z], 1), LABEL, torch.randn(2, 5)).shape == (2, 2)


def test_mixer_width_is_that_of_tables_17_and_19():
    assert build_mixer(PICTURE, 5, 2, 2).output.in_features == 1024
    assert build_mixer(TABLE, 5, 2, 2).output.in_features == 512


# spec/baselines.md, section 1.4: the linear classifier L has these at C = 10.
@pytest.mark.parametrize(("m", "count"), [(64, 650), (128, 1290), (256, 2570)])
def test_linear_classifier_count(m, count):
    encoder = build_encoder("residual", PICTURE, m)
    classifier = nn.Linear(encoder.output.out_features, 10)
    assert sum(weight.numel() for weight in classifier.parameters()) == count


def test_styles_reach_every_network():
    def eps(network):
        return {m.eps for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)}

    for description in (PICTURE, TABLE):
        for style, expected in (("paper", {1e-5}), ("reference", {1e-3})):
            assert eps(build_encoder(None, description, 5, style)) == expected
            assert eps(build_decoder(description, 5, 2, style)) == expected
            assert eps(build_mixer(description, 5, 2, 2, style)) == expected
    assert build_critic(PICTURE, 2, "paper").convolutions[0].bias is not None
    assert build_critic(PICTURE, 2, "reference").convolutions[0].bias is None


def test_weights_are_glorot_and_decided_by_torchs_seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        first = build_decoder(PICTURE, 5, 2)
        torch.manual_seed(0)
        second = build_decoder(PICTURE, 5, 2)
    weights = first.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in second.state_dict().items())
    assert not first.output.bias.any()
    limit = (6 / (9 * (64 + 3))) ** 0.5
    assert limit * 0.95 < first.output.weight.abs().max() <= limit
