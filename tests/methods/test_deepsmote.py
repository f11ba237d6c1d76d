from __future__ import annotations

import copy
import dataclasses
import math
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import chisquare
from sklearn.datasets import load_iris
from torch import nn
from torch.nn import functional as F

from osrae.data.description import ImageDescription, TableDescription
from osrae.data.samples import Samples
from osrae.errors import InputError
from osrae.methods.deepsmote import (
    DeepSMOTE,
    DeepSMOTEMethod,
    interpolate,
    nearest_neighbours,
    order_of_appearance,
    penalty_loss,
    reconstruction_loss,
)
from osrae.methods.deepsmote_settings import PRESETS, DeepSMOTESettings
from osrae.networks import deepsmote as authors
from osrae.networks import image, tabular
from osrae.training.batches import TrainingData
from osrae.training.callbacks import Callback
from osrae.training.device import place
from osrae.training.engine import RunSettings, train
from osrae.training.seeding import fresh_generator

from .deep_cases import CPU, KINDS, PICTURES, TABLE, data_of, source_at

FAST = {"device": "cpu", "random_state": 0, "precision": "float32"}
SMALL = {"latent_dim": 6, "batch_size": 16, "class_sample_size": 16}


@pytest.fixture
def narrow(monkeypatch):
    """The authors' networks with fewer channels."""
    presets = {
        name: {kind: dataclasses.replace(settings, width=4) for kind, settings in variants.items()}
        for name, variants in PRESETS.items()
    }
    monkeypatch.setattr(DeepSMOTE, "_presets", presets)


def settings_of(preset="default", description=PICTURES, **changes) -> DeepSMOTESettings:
    kind = "pictures" if isinstance(description, ImageDescription) else "tables"
    return dataclasses.replace(PRESETS[preset][kind], width=4, **{**SMALL, **changes})


def make(preset="default", description=PICTURES, data=None, **changes) -> DeepSMOTEMethod:
    data = data or data_of(description)
    torch.manual_seed(0)
    method = DeepSMOTEMethod(
        description, torch.bincount(data.y), settings_of(preset, description, **changes)
    )
    method.prepare(data)
    return method.train()


def blobs(counts=(12, 120, 40), n_features=8):
    """Three Gaussians, the rarest first."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(np.arange(3), counts))
    centres = 4 * rng.normal(size=(3, n_features))
    return centres[y] + rng.normal(size=(len(y), n_features)), y


def tiny_images(counts=(20, 8, 60)):
    """Bars at three angles, 12 × 12, with noise."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), counts)
    along = np.mgrid[:12, :12] - 5.5
    turns = np.pi / 3 * y + rng.normal(size=len(y)) * 0.1
    offset = np.cos(turns)[:, None, None] * along[0] + np.sin(turns)[:, None, None] * along[1]
    x = np.clip(255 * np.exp(-(offset**2) / 4) + 8 * rng.normal(size=offset.shape), 0, 255)
    return x.astype(np.uint8), y


# ---------------------------------------------------------------- the penalty (section 2.4)


def networks(seed=0):
    torch.manual_seed(seed)
    encode = nn.Sequential(nn.Linear(7, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 3)).double()
    decode = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 7)).double()
    return encode, decode, torch.randn(6, 7, dtype=torch.float64)


@pytest.mark.parametrize("shift", [0, 1, 4])
def test_the_reference_penalty_is_reconstruction_whatever_the_permutation(shift):
    encode, decode, sample = networks()
    loss = penalty_loss(encode, decode, sample, "reference")
    order = torch.randperm(6, generator=torch.Generator().manual_seed(shift)).roll(shift)
    as_the_code_has_it = F.mse_loss(decode(encode(sample).detach()[order]), sample[order])
    torch.testing.assert_close(loss, as_the_code_has_it)
    torch.testing.assert_close(loss, reconstruction_loss(encode, decode, sample))


def test_the_reference_penalty_teaches_the_decoder_alone():
    encode, decode, sample = networks()
    penalty_loss(encode, decode, sample, "reference").backward()
    assert all(weight.grad is None for weight in encode.parameters())
    assert all(weight.grad is not None for weight in decode.parameters())
    reconstruction_loss(encode, decode, sample).backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in encode[3].parameters())


def test_the_published_penalty_of_one_sample_is_reconstruction():
    encode, decode, sample = networks()
    encode.eval(), decode.eval()
    one = sample[:1]
    torch.testing.assert_close(
        penalty_loss(encode, decode, one, "published"), reconstruction_loss(encode, decode, one)
    )


def test_the_published_penalty_compares_with_another_sample():
    x = torch.tensor([[0.0, 1.0], [2.0, 1.0], [5.0, -1.0]])
    loss = penalty_loss(nn.Identity(), nn.Identity(), x, "published")  # a perfect auto-encoder
    assert loss.item() == pytest.approx(((4 + 0) + (9 + 4) + (25 + 4)) / 6)


def test_the_published_penalty_teaches_both():
    encode, decode, sample = networks()
    penalty_loss(encode, decode, sample, "published").backward()
    for network in (encode[3], decode[0]):
        assert all(weight.grad.any() for weight in network.parameters())


# ---------------------------------------------------------------- SMOTE (sections 2.6, 1.3)


@pytest.mark.parametrize(("n", "k"), [(1, 5), (2, 5), (5, 5), (6, 5), (40, 5), (40, 1)])
def test_nearest_neighbours_are_the_nearest_other_rows(n, k):
    z = torch.randn(n, 4, generator=torch.Generator().manual_seed(n))
    found = nearest_neighbours(z, k).numpy()
    assert found.shape == (n, k)
    distances = np.linalg.norm(z.numpy()[:, None] - z.numpy()[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    k_eff = min(k, n - 1)
    np.testing.assert_array_equal(found[:, :k_eff], distances.argsort(1)[:, :k_eff])
    assert (found[:, k_eff:] == np.arange(n)[:, None]).all()


def test_copies_of_a_row_are_its_neighbours_but_it_is_not():
    z = torch.tensor([[1.0], [1.0], [1.0], [7.0]])
    found = nearest_neighbours(z, 2)
    assert [set(row) for row in found[:3].tolist()] == [{1, 2}, {0, 2}, {0, 1}]


def test_interpolation_by_hand():
    z = torch.tensor([[10.0], [0.0], [1.0], [3.0], [20.0], [24.0]])  # classes of 1, 3 and 2 rows
    neighbours = torch.tensor([[0, 0], [2, 3], [1, 3], [2, 1], [5, 4], [4, 5]])
    counts = torch.tensor([1, 3, 2])
    codes = torch.tensor([1, 0, 2, 1, 1])
    uniform = torch.tensor(
        [[0.5, 0.6, 0.25], [0.9, 0.9, 0.9], [0.4, 0.9, 0.5], [0.99, 0.1, 0.5], [0.0, 0.0, 0.0]]
    )
    # Bases: row 2, 0, 4, 3 and 1; partners: 3, itself, 5 (k_eff = 1), 2 and 2.
    expected = [[1 + 0.25 * 2], [10.0], [22.0], [2.0], [0.0]]
    found = interpolate(z, neighbours, counts, codes, uniform)
    torch.testing.assert_close(found, torch.tensor(expected))


def test_bases_and_neighbours_are_drawn_uniformly():
    z = torch.eye(8)
    neighbours = nearest_neighbours(torch.arange(8.0)[:, None], 3)
    uniform = torch.rand(4000, 3, generator=torch.Generator().manual_seed(0))
    uniform[:, 2] = 0.25  # z' = 3/4 base + 1/4 partner
    made = interpolate(z, neighbours, torch.tensor([8]), torch.zeros(4000, dtype=int), uniform)
    bases, partners = (made == 0.75).long().argmax(1), (made == 0.25).long().argmax(1)
    pairs = torch.bincount(8 * bases + partners, minlength=64).view(8, 8)
    drawn = torch.stack([pairs[i, neighbours[i]] for i in range(8)]).flatten()
    assert drawn.sum() == 4000
    assert chisquare(drawn.numpy()).pvalue > 1e-3


@pytest.mark.parametrize("preset", list(PRESETS))
def test_with_identities_as_networks_it_is_smote(preset):
    """Every new row is on a segment between a row and one of its five nearest of the class."""
    description = TableDescription(4)
    data = data_of(description, counts=(9, 30, 6))
    method = make(preset, description, data, latent_dim=4)
    method.networks["encoder"] = method.networks["decoder"] = nn.Identity()
    with torch.inference_mode():
        method.eval().conclude(data)
        made = method.generate(torch.tensor([0, 2] * 50), fresh_generator(0, "sampling"))
    for code, rows in ((0, made[::2]), (2, made[1::2])):
        own = data.x.x[data.y == code].numpy()
        distances = np.linalg.norm(own[:, None] - own[None], axis=2)
        np.fill_diagonal(distances, np.inf)
        base, near = np.repeat(np.arange(len(own)), 5), distances.argsort(1)[:, :5].ravel()
        a, b = own[base], own[near]
        for row in rows.numpy():
            u = ((row - a) * (b - a)).sum(1) / ((b - a) ** 2).sum(1)
            away = np.linalg.norm(a + u.clip(0, 1)[:, None] * (b - a) - row, axis=1)
            assert away.min() < 1e-6


def test_order_of_appearance():
    y = torch.tensor([2, 2, 0, 2, 3, 1, 0], dtype=torch.int32)
    assert order_of_appearance(y, 4).tolist() == [2, 0, 3, 1]


# ---------------------------------------------------------------- a step


@pytest.mark.parametrize("penalty", ["reference", "published"])
@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_step_against_a_plain_version(preset, penalty):
    """The loss, and Adam's first step of every weight, without dropout and in float64."""
    data = data_of(counts=(5, 20, 4))
    method = make(preset, data=data, penalty=penalty, penalty_weight=0.5).double()
    method.prepare(data)
    for layer in method.modules():
        if hasattr(layer, "p"):
            layer.p = 0.0
    data.x.x = data.x.x.double()
    plain = copy.deepcopy(method)
    source = source_at(0, data)
    losses = method.training_step(source)
    assert set(losses) == {"autoencoder"}

    source.begin(0)
    encode, decode = plain.networks["encoder"], plain.networks["decoder"]
    code = int(
        plain.class_order[torch.randint(3, (), generator=source.generator)]
    )  # the step's first random number
    rows, members = source.epoch_rows(16, 0), source.members(code, 16)
    x, sample = (data.x.x[places] for places in (rows, members))
    if preset == "original":
        x, sample = 2 * x - 1, 2 * sample - 1
    reconstruction = (decode(encode(x)) - x).square().mean()
    if preset == "default":
        plain.eval()
    if penalty == "reference":
        penalised = (decode(encode(sample).detach()) - sample).square().mean()
    else:
        turned = torch.cat([encode(sample)[1:], encode(sample)[:1]])
        penalised = (decode(turned) - sample).square().mean()
    loss = reconstruction + 0.5 * penalised
    assert losses["autoencoder"].item() == pytest.approx(loss.item(), rel=1e-10)
    loss.backward()
    torch.optim.Adam(plain.networks.parameters(), lr=2e-4).step()
    for name, weight in plain.networks.named_parameters():
        moved = method.get_parameter(f"networks.{name}")
        torch.testing.assert_close(moved, weight, rtol=0, atol=1e-7, msg=name)


@pytest.mark.parametrize(
    ("statistics", "code", "passes"), [("running", 1, 1), ("own", 1, 2), ("own", 0, 1)]
)
@pytest.mark.parametrize("kind", list(KINDS))
def test_what_moves_running_statistics(kind, statistics, code, passes, monkeypatch):
    """The batch does; the sample of one class only with statistics of its own, if it has any."""
    data = data_of(KINDS[kind], counts=(1, 20, 3))
    method = make(description=KINDS[kind], data=data, sample_statistics=statistics)
    alone = copy.deepcopy(method)
    monkeypatch.setattr(method, "_class_sample", lambda source: source.members(code, 16))
    assert torch.isfinite(method.training_step(source_at(0, data))["autoencoder"])
    assert all(layer.training for layer in method.modules())
    alone.encode(data.x.x[source_at(0, data).epoch_rows(16, 0)])
    counted = [v for name, v in method.named_buffers() if name.endswith("num_batches_tracked")]
    assert counted == [passes] * len(counted)
    first = next(name for name, _ in method.named_buffers() if name.endswith("running_mean"))
    assert torch.equal(method.get_buffer(first), alone.get_buffer(first)) == (passes == 1)


def test_class_samples_are_of_one_class_drawn_uniformly():
    data = data_of(counts=(4, 60, 20))
    method = make(data=data, class_sample_size=10)
    drawn = []
    for step in range(300):
        rows = method._class_sample(source_at(step, data))
        (code,) = data.y[rows].unique().tolist()
        assert len(rows) == len(rows.unique()) == min(10, int((data.y == code).sum()))
        drawn.append(code)
    assert chisquare(np.bincount(drawn, minlength=3)).pvalue > 1e-3


# ---------------------------------------------------------------- settings and networks


def test_presets():
    for kind in ("pictures", "tables"):
        default, original = PRESETS["default"][kind], PRESETS["original"][kind]
        for settings in (default, original):
            assert (settings.learning_rate, settings.batch_size, settings.epochs) == (
                2e-4,
                100,
                200,
            )
            assert (settings.k_neighbors, settings.class_sample_size) == (5, 100)
            assert (settings.penalty, settings.penalty_weight) == ("reference", 1.0)
            assert settings.resolve_steps(9000) == 200 * 90
        assert (default.resolve_steps(150), original.resolve_steps(150)) == (1500, 300)
        assert (default.keep, original.keep) == ("last", "lowest_loss")
        assert (default.sample_statistics, original.sample_statistics) == ("running", "own")


@pytest.mark.parametrize(
    ("description", "default", "original"),
    [
        (ImageDescription(28, 28, 1), 64, 300),
        (ImageDescription(32, 32, 3), 256, 600),
        (TABLE, 8, 8),
    ],
)
def test_latent_dimensions(description, default, original):
    kind = "tables" if description is TABLE else "pictures"
    assert PRESETS["default"][kind].resolve_latent_dim(description) == default
    assert PRESETS["original"][kind].resolve_latent_dim(description) == original


def test_networks_of_the_presets():
    for preset, description, encoder, decoder in (
        ("default", PICTURES, image.Encoder, image.Decoder),
        ("original", PICTURES, authors.Encoder, authors.Decoder),
        ("default", TABLE, tabular.Encoder, tabular.Decoder),
        ("original", TABLE, tabular.Encoder, tabular.Decoder),
    ):
        found = make(preset, description).networks
        assert type(found["encoder"]) is encoder
        assert type(found["decoder"]) is decoder
        assert getattr(found["decoder"], "n_classes", None) is None


def test_the_authors_networks_see_and_make_pictures_in_minus_one_to_one():
    data = data_of()
    method, seen = make("original", data=data), []
    method.networks["encoder"].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    method.training_step(source_at(0, data))
    with torch.inference_mode():
        method.eval().conclude(data)
    x = torch.cat(seen)
    assert x.min() < -0.9
    assert x.max() > 0.9
    made = method.generate(torch.tensor([0, 1, 2]), fresh_generator(0, "sampling"))
    torch.manual_seed(0)
    uniform = torch.rand(3, 3, generator=fresh_generator(0, "sampling"))
    turn = method.class_order.argsort()[torch.tensor([0, 1, 2])].argsort()
    uniform[turn] = uniform.clone()
    z = interpolate(
        method.latents, method.neighbours, method.class_counts, torch.arange(3), uniform
    )
    torch.testing.assert_close(made, (method.networks["decoder"](z) + 1) / 2)


# ---------------------------------------------------------------- which weights are kept


def trained(preset: str, max_steps: int, data: TrainingData, **changes):
    method = make(preset, data=data, learning_rate=0.2, batch_size=8, **changes)
    place(method, CPU, torch.float32)
    run = RunSettings(max_steps=max_steps, evaluate_every=1, seed=0)
    return method, train(method, data, None, run)


def test_original_keeps_the_weights_of_the_lowest_training_loss():
    data = data_of()
    method, state = trained("original", 14, data)
    losses = [row["autoencoder"] for row in state.history]
    assert state.kept_step == 1 + int(np.argmin(losses)) < 14
    stopped, _ = trained("original", state.kept_step, data)
    for name, weight in stopped.networks.state_dict().items():
        assert torch.equal(weight, method.networks.state_dict()[name]), name


def test_epochs_are_compared_not_parts_of_them():
    X, y = blobs((10, 30, 20))  # 8 batches of 8 in an epoch
    for max_steps, epochs in ((7, 1), (16, 2), (50, 6), (5000, 200)):
        settings = dataclasses.replace(
            PRESETS["original"]["tables"], max_steps=max_steps, batch_size=8
        )
        counts = torch.tensor([10, 30, 20])
        assert DeepSMOTEMethod(TABLE, counts, settings).n_evaluations == epochs
    sampler = DeepSMOTE(preset="original", max_steps=20, batch_size=8, **FAST)
    sampler.fit_resample(X, y)
    assert [row["step"] for row in sampler.history_] == [10, 20]


def test_default_keeps_the_last_weights():
    data = data_of()
    _, state = trained("default", 3, data)
    assert state.kept_step is None


# ---------------------------------------------------------------- results


@pytest.mark.parametrize("preset", list(PRESETS))
def test_pictures_are_balanced(preset, narrow):
    X, y = tiny_images((3, 9, 5))
    sampler = DeepSMOTE(preset=preset, max_steps=6, batch_size=8, latent_dim=4, **FAST)
    X_new, y_new = sampler.fit_resample(X, y)
    assert X_new.dtype == np.uint8
    assert X_new.shape == (27, 12, 12)
    np.testing.assert_array_equal(X_new[:17], X)
    np.testing.assert_array_equal(y_new[:17], y)
    np.testing.assert_array_equal(np.bincount(y_new), [9, 9, 9])
    np.testing.assert_array_equal(y_new[17:], [0] * 6 + [2] * 4)
    more = sampler.sample(5, 1, random_state=1)  # of the majority, too
    assert more.shape == (5, 12, 12)


@pytest.mark.parametrize("counts", [(1, 2, 12), (5, 12, 1), (6, 1, 2)])
def test_classes_of_any_size(counts):
    X, y = blobs(counts)
    sampler = DeepSMOTE(max_steps=12, batch_size=8, **FAST)
    with pytest.warns(UserWarning, match="one sample"):
        X_new, y_new = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_new[: len(X)], X)
    np.testing.assert_array_equal(np.bincount(y_new), [max(counts)] * 3)
    assert np.isfinite(X_new).all()
    single = counts.index(1)
    alone = X_new[len(X) :][y_new[len(X) :] == single]
    np.testing.assert_array_equal(alone, np.broadcast_to(alone[0], alone.shape))
    pair = sampler.sample(20, counts.index(2) if 2 in counts else counts.index(5))
    assert len(np.unique(pair, axis=0)) == 20


def test_tables_with_categories():
    X, y = blobs()
    frame = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    frame["colour"] = pd.Categorical(np.array(["red", "green", "blue"])[y])
    frame["many"] = y > 0
    sampler = DeepSMOTE(max_steps=300, learning_rate=2e-3, **FAST)
    X_new, y_new = sampler.fit_resample(frame, y)
    assert list(X_new.dtypes) == list(frame.dtypes)
    pd.testing.assert_frame_equal(X_new[: len(X)], frame)
    np.testing.assert_array_equal(np.bincount(y_new), [120, 120, 120])
    made, classes = X_new[len(X) :], y_new[len(X) :]
    assert (made["colour"] == np.array(["red", "green", "blue"])[classes]).mean() > 0.95
    for code in (0, 2):
        away = made.loc[classes == code, ["a", "b", "c"]].mean() - X[y == code, :3].mean(0)
        assert np.abs(away).max() < 0.5  # the blobs' standard deviation is 1


@pytest.mark.parametrize("preset", list(PRESETS))
def test_the_loss_falls(preset):
    X, y = tiny_images()
    data = TrainingData(Samples(torch.from_numpy(X)[:, None]), torch.from_numpy(y))
    method = make(preset, ImageDescription(12, 12, 1), data, batch_size=16)
    place(method, CPU, torch.float32)
    state = train(method, data, None, RunSettings(max_steps=50, evaluate_every=1, seed=0))
    losses = [row["autoencoder"] for row in state.history]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


@pytest.mark.parametrize("names", [(2, 0, 1), (1, 0, 2)])
def test_other_names_of_the_classes_change_the_names_and_nothing_else(names):
    X, y = blobs((12, 30, 5))
    renamed = np.array(names)[y]
    results = [DeepSMOTE(max_steps=30, **FAST).fit_resample(X, labels) for labels in (y, renamed)]
    (first, y_first), (second, y_second) = results
    for code in range(3):
        np.testing.assert_array_equal(first[y_first == code], second[y_second == names[code]])


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


def test_training_in_bfloat16():
    X, y = tiny_images((3, 9, 5))
    sampler = DeepSMOTE(max_steps=2, batch_size=8, device="cpu", precision="bfloat16")
    X_new, _ = sampler.fit_resample((X / 255).astype(np.float32), y)
    assert np.isfinite(X_new).all()
    assert math.isfinite(sampler.history_[-1]["autoencoder"])


# ---------------------------------------------------------------- files and stops


class StopAt(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_step(self, state) -> None:
        state.stop = state.step == self.step


@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(preset, tmp_path, narrow):
    X, y = tiny_images((3, 9, 5))
    options = {"preset": preset, "max_steps": 7, "latent_dim": 4, "batch_size": 8, **FAST}
    whole = DeepSMOTE(**options).fit_resample(X, y)
    folder = tmp_path / "run"
    for stop in (2, 5, None):
        callbacks = None if stop is None else [StopAt(stop)]
        sampler = DeepSMOTE(**options, checkpoint_dir=folder, resume=True, callbacks=callbacks)
        resumed = sampler.fit_resample(X, y)
        assert sampler.n_steps_ == (stop or 7)
    np.testing.assert_array_equal(resumed[0], whole[0])


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_is_kept_generates_the_same(kind):
    description = KINDS[kind]
    data = data_of(description)
    method = make(description=description, data=data).to(torch.float64)
    with torch.inference_mode():
        method.eval().conclude(data)
    kept = {
        name: value.float() if value.is_floating_point() else value
        for name, value in method.kept_tensors().items()
    }
    assert not any("encoder" in name for name in kept)
    other = make(description=description, data=data).to(torch.float64)
    other.networks["decoder"].load_state_dict(method.networks["decoder"].state_dict())
    other.load_kept_tensors(kept)
    codes = torch.tensor([0, 1, 2])
    made, again = (
        m.eval().generate(codes, fresh_generator(0, "sampling")) for m in (method, other)
    )
    assert torch.equal(made, again)


def test_pickle():
    X, y = blobs((12, 30, 5))
    sampler = DeepSMOTE(max_steps=3, **FAST)
    sampler.fit_resample(X, y)
    copied = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(
        sampler.sample(4, 2, random_state=0), copied.sample(4, 2, random_state=0)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"preset": "paper"},
        {"penalty": "none"},
        {"k_neighbors": 0},
        {"latent_dim": 0},
        {"class_sample_size": 0},
        {"penalty_weight": -1.0},
    ],
)
def test_wrong_parameters_are_refused(wrong):
    X, y = blobs((12, 30, 5))
    with pytest.raises((InputError, ValueError), match=next(iter(wrong))):
        DeepSMOTE(**wrong).fit_resample(X, y)


def test_training_goes_on_with_other_rows():
    X, y = load_iris(return_X_y=True)
    sampler = DeepSMOTE(max_steps=20, random_state=0, device="cpu", warm_start=True)
    sampler.fit_resample(X[:110], y[:110])
    before = sampler.method_.networks["decoder"].output.weight.clone()
    _, resampled = sampler.fit_resample(X[20:130], y[20:130])
    assert np.bincount(resampled).tolist() == [50, 50, 50]
    after = sampler.method_.networks["decoder"].output.weight
    assert 0 < (after - before).abs().max() < 0.01  # 20 steps of 2e-4, not a new start
    with pytest.raises(InputError, match="ask for others"):
        sampler.set_params(latent_dim=3).fit_resample(X[:110], y[:110])
