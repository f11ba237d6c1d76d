from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

import osrae.methods.gamo2pix as pix_module
from osrae.data.description import ImageDescription, TableDescription
from osrae.data.samples import Samples
from osrae.methods.gamo2pix import (
    GAMO2PIX,
    PRESETS,
    PictureGAMO,
    divergence,
    draw_latent,
    vae_loss,
)
from osrae.networks.layers import set_generator
from osrae.training.batches import Source, TrainingData
from osrae.training.optimisation import move

PICTURES = ImageDescription(8, 8, 1)
COUNTS = (6, 16, 9)  # the largest class is in the middle
DOUBLE = torch.float64


def bars(counts, side=8, seed=0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of 1 × side × side: a bright row, column or diagonal somewhere, with noise."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    X = rng.uniform(0, 0.2, size=(len(y), side, side))
    for picture, code in zip(X, y, strict=True):
        at = rng.integers(side)
        line = np.arange(side)
        places = {0: (at, line), 1: (line, at), 2: (line, (line + at) % side)}[code]
        picture[places] = rng.uniform(0.8, 1.0)
    return X.astype(np.float32), y


def make(preset="default", counts=COUNTS, seed=0, description=PICTURES, steps=100, **overrides):
    """A method whose game has 8 steps and whose auto-encoders have ``steps_per_class`` = 4."""
    kind = "pictures" if isinstance(description, ImageDescription) else "tables"
    short = {"epochs": 1, "least_steps": 8, "batch_size": 8, "steps_per_class": 4}
    counter = {"counter": 16} if preset == "original" else {}
    settings = dataclasses.replace(PRESETS[preset][kind], **{**short, **counter, **overrides})
    torch.manual_seed(seed)
    method = PictureGAMO(description, torch.tensor(counts), settings).train()
    X, y = bars(counts)
    x = torch.from_numpy(X)[:, None] if kind == "pictures" else torch.from_numpy(X[:, 0, :5])
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(1))
    data = TrainingData(Samples(x[order]), torch.from_numpy(y)[order])
    method.prepare(data)
    source = Source(data, len(counts), steps, 5, torch.device("cpu"))
    set_generator(method, source.generator)
    return method, source


def step(method, source, at):
    source.begin(at)
    return method.training_step(source)


def state(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(before, after):
    return {
        name.split(".")[1] if name.startswith("networks.") else name
        for name, value in before.items()
        if not torch.equal(value, after[name])
    }


# ---------------------------------------------------------------- losses


def test_divergence_is_zero_for_the_standard_normal_alone():
    zero = torch.zeros(1, 100)
    assert divergence(zero, zero).item() == 0
    generator = torch.Generator().manual_seed(0)
    for size in (1e-2, 1.0, 3.0):
        mu, s = size * torch.randn(2, 50, 100, generator=generator)
        assert (divergence(mu, s) > 0).all()
        assert (divergence(torch.zeros_like(mu), s) > 0).all()
        assert (divergence(mu, torch.zeros_like(s)) > 0).all()


def test_divergence_is_that_of_normal_distributions():
    generator = torch.Generator().manual_seed(0)
    mu, s = torch.randn(2, 5, 100, generator=generator, dtype=DOUBLE)
    own = torch.distributions.Normal(mu, (s / 2).exp())
    standard = torch.distributions.Normal(torch.zeros((), dtype=DOUBLE), 1.0)
    expected = torch.distributions.kl_divergence(own, standard).sum(1)
    torch.testing.assert_close(divergence(mu, s), expected)


def test_loss_is_the_articles_on_pictures_from_minus_one_to_one():
    """d · MSE over the batch, plus the divergence's mean, pixel by pixel."""
    generator = torch.Generator().manual_seed(0)
    decoded, x = torch.rand(2, 3, 1, 2, 4, generator=generator, dtype=DOUBLE)
    mu, s = torch.randn(2, 3, 100, generator=generator, dtype=DOUBLE)
    pairs = zip(decoded.flatten().tolist(), x.flatten().tolist(), strict=True)
    mse = sum(((2 * a - 1) - (2 * b - 1)) ** 2 for a, b in pairs) / 24
    pairs = zip(mu.flatten().tolist(), s.flatten().tolist(), strict=True)
    kl = sum(-0.5 * (1 + b - a**2 - math.exp(b)) for a, b in pairs) / 3
    assert vae_loss(decoded, x, mu, s).item() == pytest.approx(8 * mse + kl)


@pytest.mark.parametrize(("preset", "factor"), [("default", 0.5), ("original", 1.0)])
def test_deviation_of_z(preset, factor):
    """σ is exp(s/2), or exp(s) in the authors' code."""
    s = torch.tensor([-2.0, 0.0, 1.0]).expand(100_000, 3)
    mu = torch.tensor([5.0, 0.0, -3.0]).expand(100_000, 3)
    exponent = PRESETS[preset]["pictures"].sigma_exponent
    z = draw_latent(mu, s, exponent, torch.Generator().manual_seed(0))
    torch.testing.assert_close(z.std(0), (factor * s[0]).exp(), rtol=0.02, atol=0)
    torch.testing.assert_close(z.mean(0), mu[0], rtol=0, atol=0.03)


# ---------------------------------------------------------------- the second stage


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("preset", list(PRESETS))
def test_an_autoencoder_moves_itself_and_nothing_else(preset, shared):
    method, source = make(preset, shared=shared)
    game, second = method.settings.stages(len(source.data))
    for at in range(game):
        step(method, source, at)
    seen = []
    for at in range(game, game + 3):
        before = state(method)
        assert set(step(method, source, at)) == {"autoencoder"}
        seen.append(changed(before, state(method)))
    numbers = [0, 0, 0] if shared else [0, 1, 2]
    assert seen == [{f"autoencoder_{number}"} for number in numbers]
    assert second == (4 if shared else 12)


def test_the_game_leaves_the_autoencoders():
    method, source = make()
    before = state(method)
    step(method, source, 0)
    assert changed(before, state(method)) == {"features"}
    before, n = state(method), len(source.data)
    step(method, source, next(at for at in range(8) if method.settings.place(at, n).renews_hull))
    assert changed(before, state(method)) == {
        "classifier", "discriminator", "generator", "points",
    }  # fmt: skip


def test_loss_and_gradients_agree_with_a_plain_float64_version(monkeypatch):
    method, source = make("original", reshuffle=True)
    method = method.double()
    game, _ = method.settings.stages(len(source.data))
    generator = torch.Generator().manual_seed(4)
    eps = torch.randn(6, 100, generator=generator, dtype=DOUBLE)
    monkeypatch.setattr(torch, "randn", lambda *_, **__: eps)
    taken, shown = {}, []
    monkeypatch.setattr(pix_module, "move", lambda _, losses: taken.update(losses))
    source.begin(game)
    take = source.take
    monkeypatch.setattr(
        source, "take", lambda rows: shown.append(rows) or (take(rows)[0].double(), take(rows)[1])
    )
    method.training_step(source)
    monkeypatch.undo()
    x, y = source.take(shown[0])
    assert y.tolist() == [0] * 6
    x, vae = x.double(), method.networks["autoencoder_0"]
    with torch.no_grad():
        f = method.networks["features"].eval()(x)
    h = torch.tanh(f @ vae.encoder.hidden.weight.T + vae.encoder.hidden.bias)
    mu = h @ vae.encoder.mean.weight.T + vae.encoder.mean.bias
    s = h @ vae.encoder.spread.weight.T + vae.encoder.spread.bias
    decoded = 2 * vae.decoder(mu + torch.exp(s) * eps) - 1
    loss = torch.zeros((), dtype=DOUBLE)
    for i in range(6):
        squares = (decoded[i] - (2 * x[i] - 1)) ** 2
        loss = loss + squares.sum() - 0.5 * (1 + s[i] - mu[i] ** 2 - torch.exp(s[i])).sum()
    torch.testing.assert_close(taken["autoencoder_0"], loss / 6)
    own = list(vae.parameters())
    ours, theirs = (torch.autograd.grad(v, own) for v in (taken["autoencoder_0"], loss / 6))
    for mine, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-8, atol=1e-10)


def rows_of_second_stage(method, source, turns, monkeypatch):
    rows, take = [], source.take
    monkeypatch.setattr(source, "take", lambda r: rows.append(r) or take(r))
    game, _ = method.settings.stages(len(source.data))
    step(method, source, 0 if method.settings.update_features == "joint" else 4)
    rows.clear()
    for at in range(game, game + turns):
        step(method, source, at)
    return rows


def test_batches_of_the_authors_go_through_the_class_in_one_order(monkeypatch):
    method, source = make("original", steps_per_class=8)
    rows = rows_of_second_stage(method, source, 12, monkeypatch)
    of_class = [torch.cat(rows[code::3][:2]).tolist() for code in range(3)]
    assert [len(part) for part in rows[1::3]] == [8, 8, 8, 8]
    assert [len(part) for part in rows[2::3]] == [8, 2, 8, 2]  # two for batch normalisation
    assert sorted(of_class[1]) == source.index.rows(1).tolist()
    assert set(of_class[2]) == set(source.index.rows(2).tolist())
    assert set(of_class[0]) == set(source.index.rows(0).tolist())
    for code in (1, 2):
        assert torch.equal(rows[code], rows[code + 6])
        assert torch.equal(rows[code + 3], rows[code + 9])


def test_batches_of_the_default_are_drawn_anew(monkeypatch):
    method, source = make(steps_per_class=8)
    rows = rows_of_second_stage(method, source, 6, monkeypatch)
    for at, part in enumerate(rows):
        members = set(source.index.rows(at % 3).tolist())
        assert set(part.tolist()) <= members
        assert len(set(part.tolist())) == len(part) == min(8, len(members))
    assert rows[1].tolist() != rows[4].tolist()


def test_a_shared_autoencoder_sees_all_classes_alike(monkeypatch):
    method, source = make(shared=True, batch_size=30, steps_per_class=20)
    rows = rows_of_second_stage(method, source, 20, monkeypatch)
    counts = torch.bincount(source.data.y[torch.cat(rows)])
    assert counts.sum() == 600
    # 200 each expected; standard deviation √(600 · ⅓ · ⅔) = 11.5.
    assert counts.tolist() == pytest.approx([200] * 3, abs=46)


# ---------------------------------------------------------------- course of a run


def test_lengths_of_the_stages():
    picture = dataclasses.replace(PRESETS["original"]["pictures"], n_autoencoders=10)
    game = 25_000 + 89 * 282
    assert picture.stages(9_000) == (game, 250_000)
    assert picture.resolve_steps(9_000) == game + 250_000
    table = PRESETS["original"]["tables"]
    assert table.stages(9_000) == (25_000, 0)
    assert dataclasses.replace(table, max_steps=7).stages(9_000) == (7, 0)
    default = dataclasses.replace(PRESETS["default"]["pictures"], steps_per_class=1000,
                                  n_autoencoders=3, max_steps=40)  # fmt: skip
    assert default.stages(10) == (16, 24)  # as 2,000 to 3,000


def test_the_method_counts_its_autoencoders():
    for shared, expected in ((False, 3), (True, 1)):
        assert make(shared=shared)[0].settings.n_autoencoders == expected
    assert make(description=TableDescription(5))[0].settings.n_autoencoders == 0


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize("stop", [5, -5])
def test_stopped_and_gone_on_is_not_stopped_bit_for_bit(preset, stop):
    """Stopped in the game, and while the auto-encoders take turns."""
    method, source = make(preset)
    end = method.settings.resolve_steps(len(source.data))
    stop %= end
    for at in range(stop):
        step(method, source, at)
    kept = state(method)
    moments = {
        name: {key: value.clone() for key, value in optimizer.state_dict().items()}
        for name, optimizer in method.optimizers.items()
    }
    for at in range(stop, end):
        step(method, source, at)
    fresh, source = make(preset, seed=9)
    fresh.load_state_dict(kept)
    for name, optimizer in fresh.optimizers.items():
        optimizer.load_state_dict(moments[name])
    for at in range(stop, end):
        step(fresh, source, at)
    assert changed(state(method), state(fresh)) == set()
    assert changed(kept, state(fresh)) >= {f"autoencoder_{code}" for code in range(3)}


# ---------------------------------------------------------------- new pictures


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("preset", list(PRESETS))
def test_pictures_are_decoded_from_generated_points_in_the_order_of_the_codes(preset, shared):
    method, source = make(preset, shared=shared, sample_z=False)
    end = method.settings.resolve_steps(len(source.data))
    for at in range(end):
        step(method, source, at)
    codes = torch.tensor([2, 1, 0, 2, 2, 1])
    with torch.inference_mode():
        method.eval().conclude(source.data)
        made = method.generate(codes, torch.Generator().manual_seed(0))
        f = method.generate_features(codes, torch.Generator().manual_seed(0))
        for code, point, picture in zip(codes, f, made, strict=True):
            vae = method.networks[f"autoencoder_{0 if shared else int(code)}"]
            mu, _ = vae.encoder(point[None])
            label = torch.eye(3)[code][None] if shared else None
            torch.testing.assert_close(vae.decoder(mu, label)[0], picture)
    assert made.shape == (6, 1, 8, 8)
    assert made.min() >= 0
    assert made.max() <= 1
    for at in (1, 5):  # the largest class: decoded features of its own training pictures
        with torch.inference_mode():
            x, _ = source.take(source.index.rows(1))
            own = method.networks["features"](x)
        assert torch.isclose(own, f[at], atol=1e-5).all(1).any()


@pytest.mark.parametrize("sample_z", [True, False])
def test_pictures_are_a_function_of_the_points_unless_z_is_drawn(sample_z, monkeypatch):
    method, source = make(sample_z=sample_z)
    for at in range(9):
        step(method, source, at)
    method.eval()
    f = torch.randn(1, method.points.shape[1]).tanh().expand(4, -1)
    monkeypatch.setattr(method, "generate_features", lambda *_: f)
    with torch.inference_mode():
        made = method.generate(torch.zeros(4, dtype=torch.int64), torch.Generator())
    assert torch.allclose(made[0], made[1], atol=1e-6) != sample_z


@pytest.mark.parametrize("preset", list(PRESETS))
def test_reconstruction_of_training_pictures_improves_on_the_class_mean(preset):
    counter = {"counter": 10} if preset == "original" else {}
    method, source = make(
        preset, counts=(60, 20, 8), learning_rate=2e-3, batch_size=16, least_steps=5,
        steps_per_class=120 if preset == "default" else 300, **counter,
    )  # fmt: skip
    for at in range(method.settings.resolve_steps(len(source.data))):
        step(method, source, at)
    method.eval()
    for code in range(3):
        x, y = source.take(source.index.rows(code))
        with torch.inference_mode():
            f = method._final_features(x)
            decoded, _, _ = method._decoded(f"autoencoder_{code}", f, y, source.generator, False)
        error = (decoded - x).square().mean()
        assert error < 0.9 * (x - x.mean(0)).square().mean(), code


# ---------------------------------------------------------------- the estimator


@pytest.mark.parametrize("preset", list(PRESETS))
def test_resampled_pictures(preset, tmp_path):
    X, codes = bars((5, 12, 7), side=9)
    X, y = (255 * X).round().astype(np.uint8), np.array(["a", "b", "c"])[codes]
    model = GAMO2PIX(preset=preset, max_steps=12, random_state=0, device="cpu")
    X_new, y_new = model.fit_resample(X, y)
    assert X_new.shape == (36, 9, 9)
    assert X_new.dtype == np.uint8
    np.testing.assert_array_equal(X_new[:24], X)
    assert dict(zip(*np.unique(y_new[24:], return_counts=True), strict=True)) == {"a": 7, "c": 5}
    assert X_new[24:].std() > 0
    made = model.sample(3, "a", random_state=2)
    assert made.shape == (3, 9, 9)
    assert model.sample(4, "b").shape == (4, 9, 9)
    model.save(tmp_path / "model")
    loaded = GAMO2PIX.load(tmp_path / "model", device="cpu")
    np.testing.assert_array_equal(loaded.sample(3, "a", random_state=2), made)


def test_resampled_table_has_points_of_the_hull():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], (6, 20, 11))
    X = rng.normal(size=(37, 4)) + 3 * y[:, None]
    X_new, y_new = GAMO2PIX(max_steps=25, random_state=0, device="cpu").fit_resample(X, y)
    assert np.bincount(y_new).tolist() == [20, 20, 20]
    for code in (0, 2):
        made, own = X_new[37:][y_new[37:] == code], X[y == code]
        assert (made >= own.min(0) - 1e-5).all()
        assert (made <= own.max(0) + 1e-5).all()


def test_bad_parameters_are_refused():
    X, y = bars((4, 8, 4))
    for bad in ({"steps_per_class": 0}, {"shared": "yes"}, {"preset": "paper"}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            GAMO2PIX(**bad).fit_resample(X, y)


def test_losses_of_the_authors_stage_reach_the_optimizer_of_their_autoencoder(monkeypatch):
    method, source = make("original")
    game, _ = method.settings.stages(len(source.data))
    names = []
    monkeypatch.setattr(
        pix_module, "move", lambda opts, losses: names.extend(losses) or move(opts, losses)
    )
    for at in range(game, game + 6):
        step(method, source, at)
    assert names == [f"autoencoder_{code}" for code in (0, 1, 2, 0, 1, 2)]
    assert [int(method.optimizers[name].steps[0]) for name in names[:3]] == [2, 2, 2]


def test_training_in_bfloat16():
    X, y = bars((5, 9, 3))
    sampler = GAMO2PIX(max_steps=12, batch_size=8, device="cpu", precision="bfloat16",
                       random_state=0)  # fmt: skip
    X_new, _ = sampler.fit_resample(X, y)
    assert np.isfinite(X_new).all()
    assert {value.dtype for value in sampler.method_.state_dict().values()
            if value.is_floating_point()} == {torch.float32}  # fmt: skip


def test_no_step_on_a_table_is_for_features_alone():
    X, y = bars(COUNTS)
    rows = X[:, 0]
    samplers = [
        GAMO2PIX(update_features=update, max_steps=None, device="cpu", random_state=0)
        for update in (None, "frozen_head")
    ]
    made = [sampler.fit_resample(rows, y)[0] for sampler in samplers]
    assert samplers[0].n_steps_ == samplers[1].n_steps_
    np.testing.assert_array_equal(*made)
