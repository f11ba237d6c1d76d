from __future__ import annotations

import math
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import torch

from osrae.data.description import ImageDescription
from osrae.methods import dgc_method
from osrae.methods.dgc_method import DGC, mmd, moment_loss, oversampled, reconstruction_loss
from osrae.methods.dgc_settings import presets_for
from osrae.networks.layers import one_hot
from osrae.training.batches import Source
from osrae.training.optimisation import move

from .deep_cases import CPU, TABLE, source_at
from .dgc_cases import COUNTS, KINDS, make, plain_mmd, rows

# ---------------------------------------------------------------- the equations, by hand


def test_mmd_is_the_double_loop():
    rng = np.random.default_rng(0)
    z, z0 = rng.normal(0.5, 2, (7, 3)), rng.normal(size=(7, 3))
    found = mmd(torch.tensor(z), torch.tensor(z0)).item()
    assert found == pytest.approx(plain_mmd(z, z0), rel=1e-12)
    rounded = mmd(torch.tensor(z).float(), torch.tensor(z0).float()).item()
    assert rounded == pytest.approx(plain_mmd(z, z0), abs=1e-5)


def test_mmd_tells_distributions_apart():
    generator = torch.Generator().manual_seed(0)
    z, z0, other = torch.randn(3, 500, 8, generator=generator)
    assert abs(mmd(z, z0).item()) < 0.1
    assert mmd(other + 2, z0).item() > 1
    assert mmd(3 * other, z0).item() > 1


def test_moment_loss_compares_means_and_covariances():
    rng = np.random.default_rng(0)
    z, z0 = rng.normal(1, 2, (9, 3)), rng.normal(size=(9, 3))
    means = ((z.mean(0) - z0.mean(0)) ** 2).mean()
    covariances = ((np.cov(z.T) - np.cov(z0.T)) ** 2).mean()
    found = moment_loss(torch.tensor(z), torch.tensor(z0)).item()
    assert found == pytest.approx(means + covariances, rel=1e-12)


def test_reconstruction_sums_over_values_and_averages_over_samples():
    x, decoded = (
        torch.zeros(2, 1, 2, 2),
        torch.tensor([1.0, 3.0]).view(2, 1, 1, 1).expand(2, 1, 2, 2),
    )
    assert reconstruction_loss(x, decoded).item() == 0.5 * (4 * 1 + 4 * 9) / 2
    assert reconstruction_loss(x, decoded, 0.1).item() == pytest.approx(1.0)


@pytest.mark.parametrize("rate", [0.25, 0.6, 1.0])
def test_rare_classes_have_more_copies(rate):
    counts = torch.tensor([40, 400, 75, 7])
    y = torch.tensor([1, 0, 2, 1, 0, 2, 0, 1, 1, 2, 1])  # the last class is not in the batch
    chosen = oversampled(y, counts, rate)
    n_batch = [3, 5, 3, 0]
    expected = [
        math.floor(b * (1 + rate * (400 - n) / n))
        for b, n in zip(n_batch, counts.tolist(), strict=True)
    ]
    assert torch.bincount(y[chosen], minlength=4).tolist() == expected
    copies = torch.bincount(chosen, minlength=len(y))
    for code in range(3):
        of_class = copies[y == code]
        assert 1 <= of_class.min() <= of_class.max() <= of_class.min() + 1


def test_a_rate_of_zero_changes_nothing():
    y = torch.tensor([2, 0, 1, 1, 2])
    assert oversampled(y, torch.tensor([4, 50, 9]), 0.0).tolist() == [0, 1, 2, 3, 4]


# ---------------------------------------------------------------- training


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sums", [False, True])
def test_joint_loss_in_float64(kind, sums):
    description = KINDS[kind]
    data = rows(description)
    method = make(
        description, data, mmd_weight=10.0, recon_weight=0.7,
        cross_entropy="sum" if sums else "mean",
    )  # fmt: skip
    method.double().eval()
    x, y = data.x.take(torch.arange(20), CPU).double(), data.y[:20]
    prior = torch.randn(20, 4, dtype=torch.float64)
    noise = torch.randn(20, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    joint = method._joint(x, y, prior, torch.Generator().manual_seed(3))
    mean, log_variance = method.recogniser(x, one_hot(y, 3, torch.float64))
    z = (mean + noise * (log_variance.exp() + 1e-8).sqrt()).detach()
    decoded = method.networks["decoder"](z).detach().numpy()
    errors = ((x.numpy() - decoded) ** 2).reshape(20, -1).sum(1)
    logits = method.networks["classifier"](z).detach().numpy()
    entropy = np.log(np.exp(logits).sum(1)) - logits[np.arange(20), y.numpy()]
    expected = (
        0.7 * errors.mean() / 2
        + 10 * plain_mmd(z.numpy(), prior.numpy())
        + (entropy.sum() if sums else entropy.mean())
    )
    assert joint.loss.item() == pytest.approx(expected, rel=1e-9)
    assert torch.equal(joint.mean, mean)
    assert not joint.mean.requires_grad


def moves_of(method, monkeypatch, source) -> list[tuple[set[str], set[str]]]:
    """Losses, and the networks whose weights change, of every update of one step."""
    seen = []

    def watch(optimizers, losses):
        before = {name: value.clone() for name, value in method.networks.named_parameters()}
        move(optimizers, losses)
        changed = {
            name.split(".")[0]
            for name, value in method.networks.named_parameters()
            if not torch.equal(value, before[name])
        }
        seen.append((set(losses), changed))

    with monkeypatch.context() as patch:
        patch.setattr(dgc_method, "move", watch)
        method.training_step(source)
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_what_each_update_moves(kind, monkeypatch):
    data = rows(KINDS[kind])
    everything = {"recogniser", "decoder", "classifier"}
    method = make(KINDS[kind], data, warm_up_steps=1)
    assert moves_of(method, monkeypatch, source_at(0, data)) == [({"recogniser"}, {"recogniser"})]
    assert moves_of(method, monkeypatch, source_at(1, data)) == [
        ({"recogniser"}, {"recogniser"}),
        ({"model"}, everything),
        ({"classifier"}, {"classifier"}),
    ]
    method = make(KINDS[kind], data, warm_up_steps=0, extra_encoder_step=False)
    assert moves_of(method, monkeypatch, source_at(0, data)) == [
        ({"model"}, everything),
        ({"classifier"}, {"classifier"}),
    ]


def test_the_classifier_learns_from_new_codes_of_repeated_rows(monkeypatch):
    data = rows(TABLE)
    method, seen = make(TABLE, data, warm_up_steps=0), []
    forward = method.networks["classifier"].forward
    monkeypatch.setattr(
        method.networks["classifier"], "forward", lambda z: seen.append(z) or forward(z)
    )
    losses = method.training_step(source_at(0, data))
    extra, joint, repeated = seen
    batch = source_at(0, data).epoch_rows(10, 0)
    assert len(extra) == len(joint) == 10
    chosen = oversampled(data.y[batch], torch.tensor(COUNTS), 0.6)
    assert len(repeated) == len(chosen) > 10
    assert len(torch.unique(repeated, dim=0)) == len(chosen)  # every copy is drawn anew
    assert joint.requires_grad
    assert not repeated.requires_grad
    assert set(losses) == {"recogniser", "model", "classifier", "reconstruction", "mmd"}


def test_both_kinds_of_steps_on_the_classifier_share_their_moments():
    data = rows(TABLE)
    method = make(TABLE, data, warm_up_steps=0)
    method.training_step(source_at(0, data))
    model = method.optimizers["model"]
    taken = {name: int(n) for (name, _), n in zip(
        method.networks.named_parameters(), model.steps, strict=True)}  # fmt: skip
    assert {n for name, n in taken.items() if name.startswith("classifier")} == {2}
    assert {n for name, n in taken.items() if not name.startswith("classifier")} == {1}
    assert {int(n) for n in method.optimizers["recogniser"].steps} == {1}
    assert {o.betas for o in method.optimizers.values()} == {(0.5, 0.999)}


def test_the_rate_follows_the_schedule_after_the_warm_up():
    data = rows(TABLE)
    method = make(TABLE, data, warm_up_steps=20, rate_schedule="exponential", epochs=7)
    method.n_warm_up.fill_(20)
    method.training_step(source_at(60, data))
    factors = [optimizer.rate_factor for optimizer in method.optimizers.values()]
    assert factors == pytest.approx([0.1, 0.1])  # half of what follows the warm-up is done


def test_batches_are_new_epochs_or_the_first_one_again(monkeypatch):
    data, seen = rows(TABLE), []
    take = Source.take
    monkeypatch.setattr(
        Source, "take", lambda self, chosen: seen.append(chosen.tolist()) or take(self, chosen)
    )
    for reshuffle in (True, False):
        method = make(TABLE, data, warm_up_steps=0, reshuffle=reshuffle)
        for step in range(12):
            method.training_step(source_at(step, data))
    fresh, repeated = seen[:12], seen[12:]
    series = list(chain(*fresh))
    assert sorted(series[:48]) == sorted(series[48:96]) == list(range(48))
    assert series[48:96] != series[:48]
    # 48 rows in batches of 10: the fifth begins at row 38 of the epoch.
    assert repeated[5:10] == repeated[:5]
    assert repeated[4][:2] == repeated[3][-2:]
    assert sorted(set(chain(*repeated[:5]))) == list(range(48))


@pytest.mark.parametrize("shape", [(12, 12, 1), (64, 64, 3)])
def test_the_authors_method_trains_and_classifies(shape):
    description = ImageDescription(*shape)
    data = rows(description, (3, 6, 2))
    settings = replace(
        presets_for(description)["original"]["pictures"],
        n_filters=32, batch_size=11, max_steps=8, n_codes=2, learning_rate=1e-3,
    )  # fmt: skip
    method = DGC(description, torch.bincount(data.y), settings)
    method.prepare(data)
    method.train()
    losses = [method.training_step(source_at(step, data, 8)) for step in range(8)]
    assert all(torch.isfinite(value) for found in losses for value in found.values())
    assert losses[-1]["reconstruction"] < losses[2]["reconstruction"]
    method.eval()
    with torch.inference_mode():
        assert method.logits(torch.rand(2, *description.shape)).shape == (2, 3)
