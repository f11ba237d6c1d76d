import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from osrae.data.description import ImageDescription, TableDescription
from osrae.errors import InputError
from osrae.networks import build_decoder, build_encoder
from osrae.networks.gamo import (
    NOISE_DIM,
    VAE_LATENT_DIM,
    ConvexGenerator,
    Discriminator,
    FeatureNetwork,
    PictureDecoder,
    SquashedEncoder,
    VariationalAutoEncoder,
    VariationalEncoder,
    build_players,
    dense_classifier,
    evaluating,
    group_codes,
)

MNIST = ImageDescription(28, 28, 1)
SIZES = [(8, 8), (28, 28), (32, 32), (9, 14), (37, 41)]
#: Classes 0 and 2 have heads, and come in this order with these rows of noise.
SIZES_OF_CLASSES, GROUPS = {0: 7, 2: 12}, {0: 5, 2: 3}


def n_parameters(network):
    return sum(weight.numel() for weight in network.parameters())


def noise(n, seed=0):
    return torch.randn(n, NOISE_DIM, generator=torch.Generator().manual_seed(seed))


def points(dim=4):
    generator = torch.Generator().manual_seed(1)
    return {code: torch.randn(n, dim, generator=generator) for code, n in SIZES_OF_CLASSES.items()}


# ---------------------------------------------------------------- sizes


def test_numbers_of_parameters_are_those_of_the_authors_networks():
    """Layer by layer from their code, at their sizes; biases and batch normalisation counted."""
    convolutions = (25 * 32 + 32) + (25 * 32 * 32 + 32)
    assert n_parameters(FeatureNetwork(MNIST)) == convolutions + (7 * 7 * 32 + 1) * 512
    hidden, last = 256 * 128 + 128, 128 * 10 + 10
    assert n_parameters(dense_classifier(512, 10)) == (512 + 1) * 256 + hidden + last
    assert n_parameters(Discriminator(512, 10)) == (522 + 1) * 256 + hidden + 129
    vector = n_parameters(dense_classifier(784, 10)), n_parameters(Discriminator(784, 10))
    assert np.array(vector) / 1e6 == pytest.approx([0.24, 0.24], abs=0.005)
    assert n_parameters(FeatureNetwork(MNIST)) / 1e6 == pytest.approx(0.83, abs=0.005)
    assert n_parameters(VariationalEncoder(512)) == 513 * 128 + 2 * 129 * 100
    doubling = 16 * 32 * 32 + 32
    decoder = 101 * 7 * 7 * 32 + 2 * doubling + (16 * 32 + 1)
    assert n_parameters(PictureDecoder(MNIST)) == decoder
    colour = PictureDecoder(ImageDescription(32, 32, 3))
    assert colour.start == (8, 8)
    assert n_parameters(colour) == 101 * 8 * 8 * 32 + 2 * doubling + 3 * (16 * 32 + 1)


def test_generator_of_mnist_has_the_authors_number_of_parameters():
    counts = (2000, 1000, 750, 500, 350, 200, 100, 60, 40)
    generator = ConvexGenerator(10, dict(enumerate(counts, start=1)))
    assert n_parameters(generator.shared) == 45_504
    assert n_parameters(generator.heads) == 65 * sum(counts) == 325_000


@pytest.mark.parametrize(
    ("description", "m"),
    [(MNIST, 64), (ImageDescription(32, 32, 3), 256), (TableDescription(64), 8)],
)
def test_equal_capacity(description, m):
    """Classification within 20 % of encoder and linear classifier, generation of the decoder."""
    n_features = m if isinstance(description, ImageDescription) else 64
    players = build_players(description, 10, "equal", n_features)
    own = n_parameters(players) - n_parameters(players["discriminator"])
    common = n_parameters(build_encoder(None, description, m)) + (m + 1) * 10
    assert own == pytest.approx(common, rel=0.2)
    if isinstance(description, ImageDescription):
        vae = VariationalAutoEncoder(description, n_features, None, "equal")
        decoder = n_parameters(build_decoder(description, m, 10))
        assert n_parameters(vae.decoder) == pytest.approx(decoder, rel=0.2)


@pytest.mark.parametrize("architecture", ["equal", "original"])
def test_players_of_tables_have_no_features_dropout_or_normalisation(architecture):
    players = build_players(TableDescription(3, (2,)), 3, architecture, 5)
    assert set(players) == {"classifier", "discriminator"}
    kinds = {type(layer).__name__ for layer in players.modules()}
    assert not kinds & {"Dropout", "BatchNorm1d"}


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", SIZES)
def test_shapes_and_ranges_at_any_size(size, channels):
    description = ImageDescription(*size, channels)
    x = torch.rand(3, *description.shape, generator=torch.Generator().manual_seed(0))
    squashed = SquashedEncoder(build_encoder(None, description, 6))
    for network in (FeatureNetwork(description, 6), squashed):
        f = network(x)
        assert f.shape == (3, 6)
        assert f.abs().max() < 1
    mu, s = VariationalEncoder(6)(f)
    assert mu.shape == s.shape == (3, VAE_LATENT_DIM)
    assert not torch.equal(mu, s)
    label = torch.eye(3)
    for decoded in (
        PictureDecoder(description)(30 * mu),
        PictureDecoder(description, 3)(30 * mu, label),
    ):
        assert decoded.shape == x.shape
        assert decoded.min() >= 0
        assert decoded.max() <= 1
        assert decoded.std() > 0
    with pytest.raises(InputError, match="label"):
        PictureDecoder(description, 3)(mu)


def test_average_pooling_of_odd_sizes_means_what_is_in_the_window():
    network = FeatureNetwork(ImageDescription(9, 11, 1), 4)
    pool = network.convolutions[2]
    x = torch.arange(15.0).view(1, 1, 3, 5)
    expected = [[[[(0 + 1 + 5 + 6) / 4, (2 + 3 + 7 + 8) / 4, (4 + 9) / 2], [10.5, 12.5, 14.0]]]]
    torch.testing.assert_close(pool(x), torch.tensor(expected))


def test_last_convolution_of_the_decoder_pads_one_before_and_two_after():
    decoder = PictureDecoder(ImageDescription(8, 8, 1))
    seen = []
    decoder.output.register_forward_hook(lambda module, args, out: seen.append((args[0], out)))
    decoder(torch.randn(1, VAE_LATENT_DIM))
    padded, out = seen[0]
    assert padded.shape[2:] == (11, 11)
    assert out.shape[2:] == (8, 8)
    assert padded[:, :, 0].abs().max() == 0
    assert padded[:, :, -2:].abs().max() == 0
    assert padded[:, :, 1].abs().max() > 0
    assert padded[:, :, -3].abs().max() > 0


# ---------------------------------------------------------------- convex generator


def test_weights_lie_on_the_simplex_and_heads_are_as_wide_as_their_class():
    generator = ConvexGenerator(3, SIZES_OF_CLASSES)
    assert set(generator.heads) == {"0", "2"}
    for weight in generator.heads.parameters():
        torch.nn.init.normal_(weight, std=3.0)
    weights = generator.weights(noise(8), GROUPS)
    assert {code: tuple(a.shape) for code, a in weights.items()} == {0: (5, 7), 2: (3, 12)}
    for a in weights.values():
        assert (a >= 0).all()
        assert a.max() > 0.5  # no uniform weights, of which the mean would be the only point
        torch.testing.assert_close(a.sum(1), torch.ones(len(a)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_points_lie_in_the_hull_of_their_class(precision):
    generator, of_class = ConvexGenerator(3, SIZES_OF_CLASSES), points()
    for weight in generator.heads.parameters():
        torch.nn.init.normal_(weight, std=3.0)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == torch.bfloat16):
        made = generator(noise(8), GROUPS, of_class)
    codes = group_codes(GROUPS, made.device)
    assert codes.tolist() == [0] * 5 + [2] * 3
    for code, real in of_class.items():
        corners = np.vstack([real.double().numpy().T, np.ones(len(real))])
        own = made[codes == code].detach()
        assert (own >= real.amin(0) - 1e-6).all()
        assert (own <= real.amax(0) + 1e-6).all()
        for point in own.double().numpy():
            _, residual = nnls(corners, np.append(point, 1.0))
            assert residual < 1e-5


def test_a_head_of_one_hot_logits_returns_that_point():
    generator, of_class = ConvexGenerator(3, SIZES_OF_CLASSES), points()
    for code, chosen in ((0, 4), (2, 11)):
        head = generator.heads[str(code)]
        torch.nn.init.zeros_(head.weight)
        head.bias.data.zero_()[chosen] = 200.0
        made = generator(noise(2), {code: 2}, of_class)
        torch.testing.assert_close(made, of_class[code][chosen].expand(2, -1))


def test_shared_part_sees_the_label():
    generator = ConvexGenerator(3, {0: 6, 2: 6}).eval()
    generator.heads["2"].load_state_dict(generator.heads["0"].state_dict())
    z = noise(1)
    first, second = generator.weights(torch.cat([z, z]), {0: 1, 2: 1}).values()
    assert not torch.equal(first, second)


def test_normalisation_stands_after_the_relu_with_keras_constants():
    shared = ConvexGenerator(3, {0: 6}).shared
    kinds = [type(layer).__name__ for layer in shared]
    assert kinds == ["Linear", "ReLU", "BatchNorm1d"] * 2
    assert [(shared[at].momentum, shared[at].eps) for at in (2, 5)] == [(0.1, 1e-3)] * 2


def test_evaluating_goes_back_to_the_mode_before():
    network = ConvexGenerator(3, {0: 6})
    for training in (True, False):
        network.train(training)
        with evaluating(network):
            assert not network.training
            assert not network.shared[2].training
        assert network.training == network.shared[2].training == training
