from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from osrae.data.description import ImageDescription
from osrae.data.samples import Samples
from osrae.methods.deepsmote import interpolate
from osrae.methods.deepsmote_settings import PRESETS
from osrae.training.batches import TrainingData
from osrae.training.device import place
from osrae.training.engine import RunSettings, train
from osrae.training.seeding import fresh_generator

from .deep_cases import CPU, KINDS, data_of, source_at
from .deepsmote_cases import make, tiny_images

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
    uniform = torch.rand(3, 3, generator=fresh_generator(0, "sampling"))
    turn = method.class_order.argsort()[torch.tensor([0, 1, 2])].argsort()
    uniform[turn] = uniform.clone()
    z = interpolate(
        method.latents, method.neighbours, method.class_counts, torch.arange(3), uniform
    )
    torch.testing.assert_close(made, (method.networks["decoder"](z) + 1) / 2)


# ---------------------------------------------------------------- a run


@pytest.mark.parametrize("preset", list(PRESETS))
def test_the_loss_falls(preset):
    X, y = tiny_images()
    data = TrainingData(Samples(torch.from_numpy(X)[:, None]), torch.from_numpy(y))
    method = make(preset, ImageDescription(12, 12, 1), data, batch_size=16)
    place(method, CPU, torch.float32)
    state = train(method, data, None, RunSettings(max_steps=50, evaluate_every=1, seed=0))
    losses = [row["autoencoder"] for row in state.history]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def trained(preset: str, max_steps: int, data: TrainingData):
    method = make(preset, data=data, learning_rate=0.2, batch_size=8)
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


def test_default_keeps_the_last_weights():
    _, state = trained("default", 3, data_of())
    assert state.kept_step is None


# ---------------------------------------------------------------- new samples


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
