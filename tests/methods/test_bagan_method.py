from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from osrae.data.description import ImageDescription, TableDescription
from osrae.data.samples import Samples
from osrae.methods.bagan_method import (
    BAGANMethod,
    autoencoder_loss,
    class_probabilities,
    discriminator_loss,
    draw,
    generator_loss,
    n_fakes,
    normal_distribution,
)
from osrae.methods.bagan_settings import PRESETS, BAGANSettings
from osrae.networks import bagan as networks
from osrae.networks import image, tabular
from osrae.training.batches import TrainingData
from osrae.training.device import place
from osrae.training.engine import RunSettings, train
from osrae.training.seeding import fresh_generator

from .deep_cases import CPU, KINDS, PICTURES, TABLE, blobs, data_of, moved, source_at, weights

MAX_STEPS = 10


def settings_of(preset="default", description=PICTURES, **changes) -> BAGANSettings:
    kind = "pictures" if isinstance(description, ImageDescription) else "tables"
    changes = {"latent_dim": 6, "batch_size": 16, **changes}
    return dataclasses.replace(PRESETS[preset][kind], **changes)


def make(preset="default", description=PICTURES, data=None, **changes) -> BAGANMethod:
    data = data or data_of(description)
    torch.manual_seed(0)
    method = BAGANMethod(
        description, torch.bincount(data.y), settings_of(preset, description, **changes)
    )
    method.prepare(data)
    return method.train()


# ---------------------------------------------------------------- losses (section 5.4)


def test_losses_by_hand():
    x, decoded = torch.tensor([[0.0, 1.0]]), torch.tensor([[2.0, 0.0]])
    assert autoencoder_loss(decoded, x).item() == 2.5

    def cross_entropy(row, label):
        return np.log(np.exp(row).sum()) - row[label]

    real, fake = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 1.0]]), np.array([[1.0, 1.0, 0.0]])
    terms = [cross_entropy(real[0], 1), cross_entropy(real[1], 0), cross_entropy(fake[0], 2)]
    y = torch.tensor([1, 0], dtype=torch.int32)
    loss = discriminator_loss(torch.tensor(real), y, torch.tensor(fake))
    assert loss.item() == pytest.approx(np.mean(terms))
    loss = generator_loss(torch.tensor(real), torch.tensor([2, 2]))
    assert loss.item() == pytest.approx(np.mean([cross_entropy(row, 2) for row in real]))


@pytest.mark.parametrize(("batch", "classes", "fakes"), [(128, 10, 13), (128, 100, 2), (4, 9, 1)])
def test_fakes_are_ceil_of_batch_over_classes(batch, classes, fakes):
    assert n_fakes(batch, classes) == fakes


def test_class_probabilities():
    counts = torch.tensor([70, 20, 10])
    assert class_probabilities(counts, "uniform").tolist() == pytest.approx([1 / 3] * 3)
    # 2/3 - (.7, .2, .1) = (-.0333, .4667, .5667), the first to 0, over 1.0333.
    found = class_probabilities(counts, "rebalance")
    assert found.tolist() == pytest.approx([0, 0.4516, 0.5484], abs=1e-4)
    found = class_probabilities(torch.tensor([3, 900, 60, 1]), "rebalance")
    assert found.min() >= 0
    assert found.sum().item() == pytest.approx(1)
    even = class_probabilities(torch.tensor([5, 5]), "rebalance")
    assert even.tolist() == pytest.approx([0.5, 0.5])


# ---------------------------------------------------------------- the classes' distributions


@pytest.mark.parametrize(("n", "m"), [(50, 4), (5, 4), (4, 4), (3, 8), (2, 8)])
def test_mean_and_covariance_of_codes(n, m):
    z = torch.randn(n, m, generator=torch.Generator().manual_seed(0))
    mean, factor = normal_distribution(z, shrinkage=0.0)
    np.testing.assert_allclose(mean, np.mean(z.numpy(), axis=0, dtype=float), atol=1e-7)
    covariance = np.cov(z.numpy().T.astype(float))
    np.testing.assert_allclose(factor @ factor.T, covariance, atol=1e-7)
    _, shrunk = normal_distribution(z, shrinkage=0.01)
    wanted = covariance + 0.01 * np.trace(covariance) / m * np.eye(m)
    np.testing.assert_allclose(shrunk @ shrunk.T, wanted, atol=1e-7)


def test_one_code_has_no_covariance():
    mean, factor = normal_distribution(torch.tensor([[1.0, 2.0]]), shrinkage=0.01)
    assert mean.tolist() == [1, 2]
    assert not factor.any()


def test_drawn_codes_have_the_moments_of_their_class():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(2, 30, 3, generator=generator) @ torch.randn(2, 3, 3, generator=generator)
    z = z + torch.tensor([[[4.0, 5.0, 6.0]], [[-5.0, 3.0, -4.0]]])
    means, factors = (
        torch.stack(part).float()
        for part in zip(*(normal_distribution(own, 0.0) for own in z), strict=True)
    )
    codes = torch.arange(2).repeat(10_000)
    drawn = draw(means, factors, codes, fresh_generator(0, "sampling"))
    for code, own in enumerate(z.numpy()):
        found = drawn[codes == code].numpy()
        covariance = np.cov(own.T)
        np.testing.assert_allclose(found.mean(0), own.mean(0), rtol=0.05)
        away = np.linalg.norm(np.cov(found.T) - covariance)
        assert away < 0.05 * np.linalg.norm(covariance)


def test_fewer_codes_than_dimensions_are_drawn_in_their_affine_span():
    z = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    mean, factor = normal_distribution(z, shrinkage=0.0)
    codes = torch.zeros(200, dtype=torch.int64)
    drawn = draw(mean[None].float(), factor[None].float(), codes, fresh_generator(0, "sampling"))
    assert torch.isfinite(drawn).all()
    plane = torch.linalg.qr((z[1:] - z[0]).T)[0]
    away = drawn - z[0]
    torch.testing.assert_close(away @ plane @ plane.T, away, atol=1e-4, rtol=0)
    assert np.linalg.matrix_rank((away @ plane).numpy()) == 2


# ---------------------------------------------------------------- the stages (section 5.5)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("preset", list(PRESETS))
def test_the_game_begins_with_the_autoencoders_weights(preset, kind):
    data = data_of(KINDS[kind])
    method = make(preset, KINDS[kind], data)
    method.training_step(source_at(0, data, MAX_STEPS))
    before, generator = weights(method), copy.deepcopy(method.networks["generator"])
    assert not method.fitted
    method.begin_game(data)
    encoder, discriminator = method.networks["encoder"], method.networks["discriminator"]
    trunk = encoder[0].state_dict()
    assert trunk
    for name, weight in discriminator[0].state_dict().items():
        assert torch.equal(weight, trunk[name]), name
    assert discriminator[1].out_features == 4
    assert encoder[1].out_features == 6
    assert torch.equal(discriminator[1].weight, before["discriminator"][-2])
    for name, weight in method.networks["generator"].state_dict().items():
        assert torch.equal(weight, generator.state_dict()[name]), name
    assert moved(before, weights(method)) == {"discriminator"}
    assert method.fitted
    assert all(layer.training for layer in method.modules())


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("preset", list(PRESETS))
def test_the_distributions_are_those_of_the_codes(preset, kind):
    data = data_of(KINDS[kind], counts=(5, 1, 20))
    method = make(preset, KINDS[kind], data)
    method.begin_game(data)
    method.eval()
    x = 2 * data.x.x - 1 if method.signed else data.x.x
    with torch.no_grad():
        z = method.networks["encoder"](x).double().numpy()
    for code in range(3):
        own = z[data.y == code]
        np.testing.assert_allclose(method.means[code], own.mean(0), atol=1e-5)
        covariance = np.cov(own.T) if len(own) > 1 else np.zeros((6, 6))
        if preset == "default":
            covariance += 0.01 * np.trace(covariance) / 6 * np.eye(6)
        factor = method.factors[code].double()
        np.testing.assert_allclose(factor @ factor.T, covariance, atol=1e-5)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("preset", list(PRESETS))
def test_every_stage_moves_its_own_networks(preset, kind):
    data = data_of(KINDS[kind])
    method = make(preset, KINDS[kind], data, learning_rate=1e-3)
    before = weights(method)
    assert set(method.training_step(source_at(4, data, MAX_STEPS))) == {"autoencoder"}
    assert moved(before, weights(method)) == {"encoder", "generator"}
    before = weights(method)
    assert set(method.training_step(source_at(5, data, MAX_STEPS))) == {
        "discriminator",
        "generator",
    }
    assert moved(before, weights(method)) == {"generator", "discriminator"}
    means, factors = method.means.clone(), method.factors.clone()
    method.training_step(source_at(6, data, MAX_STEPS))
    assert torch.equal(means, method.means)  # never updated
    assert torch.equal(factors, method.factors)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("preset", list(PRESETS))
def test_discriminator_and_generator_move_alone(preset, kind):
    data = data_of(KINDS[kind])
    method = make(preset, KINDS[kind], data, learning_rate=1e-3)
    method.begin_game(data)
    generator = fresh_generator(0, "training")
    before, buffers = weights(method), dict(copy.deepcopy(method).named_buffers())
    method._discriminator_step(data.x.x[:16], data.y[:16], generator)
    assert moved(before, weights(method)) == {"discriminator"}
    assert all(torch.equal(value, buffers[name]) for name, value in method.named_buffers())
    before = weights(method)
    method._generator_step(16, generator)
    assert moved(before, weights(method)) == {"generator"}


def test_what_the_discriminator_and_the_generator_see():
    data = data_of()
    method = make(data=data, batch_size=16)
    seen = []
    method.networks["discriminator"].register_forward_hook(
        lambda _, inputs, logits: seen.append((inputs[0].detach(), logits.shape[1]))
    )
    method.training_step(source_at(5, data, MAX_STEPS))
    (union, n_outputs), (made, _) = seen
    assert n_outputs == 4
    assert (len(union), len(made)) == (16 + 6, 6 + 16)  # ceil(16 / 3) = 6
    source = source_at(5, data, MAX_STEPS)
    torch.testing.assert_close(union[:16], data.x.x[source.epoch_rows(16, 5 * 16)])


@pytest.mark.parametrize("mode", ["uniform", "rebalance"])
def test_classes_of_what_is_generated_follow_the_mode(mode):
    method = make(mode=mode)
    codes = method._codes(6000, fresh_generator(0, "training"))
    counts = torch.tensor([5, 20, 3])
    expected = class_probabilities(counts, mode)
    shares = torch.bincount(codes, minlength=3) / 6000
    torch.testing.assert_close(shares.double(), expected, atol=0.025, rtol=0)


@pytest.mark.parametrize("preset", list(PRESETS))
def test_steps_against_a_plain_version(preset):
    """Losses of both stages in float64 without dropout, from the same weights and codes."""
    data = data_of()
    data.x.x = data.x.x.double()
    method = make(preset, data=data).double()
    method.prepare(data)
    for layer in method.modules():
        if hasattr(layer, "p"):
            layer.p = 0.0
    x = 2 * data.x.x - 1 if preset == "original" else data.x.x
    encoder, generator, discriminator = copy.deepcopy(method.networks).values()

    source = source_at(2, data, MAX_STEPS)
    batch = x[source.epoch_rows(16, 2 * 16)]
    expected = (generator(encoder(batch)) - batch).square().mean()
    loss = method.training_step(source)["autoencoder"]
    assert loss.item() == pytest.approx(expected.item(), rel=1e-10)
    expected.backward()
    rate = method.settings.learning_rate
    torch.optim.Adam(generator.parameters(), lr=rate, betas=(0.5, 0.999)).step()
    for weight, plain in zip(
        method.networks["generator"].parameters(), generator.parameters(), strict=True
    ):
        torch.testing.assert_close(weight, plain, rtol=0, atol=1e-8)

    method.begin_game(data)
    encoder, generator, discriminator = copy.deepcopy(method.networks).values()
    source = source_at(6, data, MAX_STEPS)
    batch = source.epoch_rows(16, 6 * 16)
    losses = method.training_step(source)
    source.begin(6)
    codes = method._codes(6, source.generator)
    z = draw(method.means, method.factors, codes, source.generator)
    union = torch.cat([x[batch], generator.eval()(z).detach()])
    label = torch.cat([data.y[batch], torch.full((6,), 3)])
    logits = discriminator(union)
    expected = (logits.logsumexp(1) - logits.gather(1, label[:, None])[:, 0]).mean()
    assert losses["discriminator"].item() == pytest.approx(expected.item(), rel=1e-10)
    expected.backward()
    torch.optim.Adam(discriminator.parameters(), lr=rate, betas=(0.5, 0.999)).step()
    codes = method._codes(22, source.generator)
    z = draw(method.means, method.factors, codes, source.generator)
    logits = discriminator(generator.train()(z))
    expected = (logits.logsumexp(1) - logits.gather(1, codes[:, None])[:, 0]).mean()
    assert losses["generator"].item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize(("max_steps", "autoencoder"), [(1, 1), (2, 1), (7, 4)])
def test_max_steps_are_split_in_half(max_steps, autoencoder):
    data = data_of(TABLE)
    method = make("default", TABLE, data)
    place(method, CPU, torch.float32)
    state = train(method, data, None, RunSettings(max_steps=max_steps, evaluate_every=1, seed=0))
    stages = ["autoencoder" in row for row in state.history]
    assert stages == [True] * autoencoder + [False] * (max_steps - autoencoder)
    assert bool(method.fitted) == (max_steps > 1)


# ---------------------------------------------------------------- networks


def test_networks_of_the_presets():
    for preset, description, trunk, generator in (
        ("default", PICTURES, networks.Trunk, image.Decoder),
        ("original", PICTURES, networks.AuthorsTrunk, networks.AuthorsGenerator),
        ("default", TABLE, networks.TableTrunk, tabular.Decoder),
        ("original", TABLE, networks.TableTrunk, tabular.Decoder),
    ):
        found = make(preset, description).networks
        assert type(found["encoder"][0]) is type(found["discriminator"][0]) is trunk
        assert type(found["generator"]) is generator
        assert not any(isinstance(layer, nn.BatchNorm2d) for layer in found["encoder"].modules())


def test_the_authors_networks_see_and_make_pictures_in_minus_one_to_one():
    data = data_of()
    method, seen = make("original", data=data), []
    for name in ("encoder", "discriminator"):
        method.networks[name].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    method.training_step(source_at(0, data, MAX_STEPS))
    method.training_step(source_at(5, data, MAX_STEPS))
    assert all(x.min() < -0.9 and x.max() > 0.9 for x in seen[:1] + [seen[-2][:16]])
    codes = torch.tensor([0, 1, 2])
    made = method.eval().generate(codes, fresh_generator(0, "sampling"))
    z = draw(method.means, method.factors, codes, fresh_generator(0, "sampling"))
    torch.testing.assert_close(made, (method.networks["generator"](z) + 1) / 2)


# ---------------------------------------------------------------- results


def autoencoded(X, y, preset: str):
    """A method after its first stage, and what it generates without a step of the game."""
    mean, deviation = X.mean(0), X.std(0)
    x = torch.from_numpy((X - mean) / deviation).float()
    data = TrainingData(Samples(x), torch.from_numpy(y))
    method = make(preset, TableDescription(8), data, learning_rate=1e-3, batch_size=64)
    place(method, CPU, torch.float32)
    for step in range(150):
        method.training_step(source_at(step, data, max_steps=300))
    method.eval()
    with torch.inference_mode():
        method.conclude(data)
        codes = torch.arange(3).repeat_interleave(200)
        made = method.generate(codes, fresh_generator(0, "sampling"))
    return made.numpy() * deviation + mean, codes.numpy()


@pytest.mark.parametrize("preset", list(PRESETS))
def test_generated_rows_are_of_their_class_before_the_game(preset):
    X, y = blobs()
    made, codes = autoencoded(X, y, preset)
    means = np.stack([X[y == code].mean(0) for code in range(3)])
    nearest = np.linalg.norm(made[:, None] - means, axis=2).argmin(1)
    assert (nearest == codes).mean() >= 0.9


def test_generation_is_decided_by_the_generator():
    data = data_of()
    method = make(data=data)
    with torch.inference_mode():
        method.eval().conclude(data)
    codes = torch.tensor([0, 1, 1, 2, 0])
    first, again, other = (
        method.generate(codes, fresh_generator(seed, "sampling")) for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_is_kept_generates_the_same(kind):
    description = KINDS[kind]
    data = data_of(description)
    method = make(description=description, data=data).to(torch.float64)
    with torch.inference_mode():
        method.eval().conclude(data)
    kept = method.kept_tensors()
    assert not any("encoder" in name or "discriminator" in name for name in kept)
    torch.manual_seed(1)
    other = BAGANMethod(description, method.class_counts, method.settings).to(torch.float64)
    other.load_kept_tensors({name: value.float() for name, value in kept.items()})
    for name, value in method.networks["generator"].state_dict().items():
        other.networks["generator"].state_dict()[name].copy_(value)
    codes = torch.tensor([0, 1, 2])
    made, again = (
        m.eval().generate(codes, fresh_generator(0, "sampling")) for m in (method, other)
    )
    assert torch.equal(made, again)
