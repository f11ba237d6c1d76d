from __future__ import annotations

import math
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import torch

from osrae.data.description import ImageDescription, TableDescription
from osrae.data.samples import Samples
from osrae.methods import dgc_method
from osrae.methods.dgc_method import DGC, mmd, moment_loss, oversampled, reconstruction_loss
from osrae.methods.dgc_settings import DGCSettings, presets_for
from osrae.networks.layers import one_hot
from osrae.training.batches import Source, TrainingData
from osrae.training.callbacks import Callback
from osrae.training.engine import RunSettings, train
from osrae.training.optimisation import move
from osrae.training.seeding import seeded_initialisation

PICTURES = ImageDescription(9, 8, 1)
TABLE = TableDescription(3, (2, 4))
KINDS = {"pictures": PICTURES, "tables": TABLE}
COUNTS = (12, 30, 6)


def rows(description, counts=COUNTS, seed=0) -> TrainingData:
    generator = torch.Generator().manual_seed(seed)
    y = torch.cat([torch.full((n,), c) for c, n in enumerate(counts)])
    x = 0.3 * torch.rand(len(y), *description.shape, generator=generator)
    return TrainingData(Samples(x + 0.3 * y.view(-1, *[1] * (x.dim() - 1))), y)


def make(description, data=None, **options) -> DGC:
    data = rows(description) if data is None else data
    settings = replace(DGCSettings(latent_dim=4, batch_size=10, max_steps=100), **options)
    with seeded_initialisation(0):
        method = DGC(description, torch.bincount(data.y), settings)
    method.prepare(data)
    return method.train()


def source_at(data, step, max_steps=100) -> Source:
    source = Source(data, 3, max_steps, 0, torch.device("cpu"))
    source.begin(step)
    return source


def trained(description, **options) -> DGC:
    """A method whose networks are no longer symmetric, with its codes kept."""
    data = rows(description)
    method = make(description, data, **options)
    for step in range(60):
        method.training_step(source_at(data, step))
    method.eval()
    with torch.inference_mode():
        method.conclude(data)
    return method


# ---------------------------------------------------------------- the equations, by hand


def plain_mmd(z: np.ndarray, z0: np.ndarray) -> float:
    """The double loop, in float64."""
    n, m = z.shape
    total = 0.0
    for s in (0.1, 0.2, 0.5, 1, 2, 5, 10):
        c = 2 * m * s
        for i in range(n):
            for j in range(n):
                if i != j:
                    total += c / (c + ((z[i] - z[j]) ** 2).sum()) / (n * (n - 1))
                    total += c / (c + ((z0[i] - z0[j]) ** 2).sum()) / (n * (n - 1))
                total -= 2 * c / (c + ((z[i] - z0[j]) ** 2).sum()) / n**2
    return total


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
    x, y = data.x.take(torch.arange(20), torch.device("cpu")).double(), data.y[:20]
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
    assert moves_of(method, monkeypatch, source_at(data, 0)) == [({"recogniser"}, {"recogniser"})]
    assert moves_of(method, monkeypatch, source_at(data, 1)) == [
        ({"recogniser"}, {"recogniser"}),
        ({"model"}, everything),
        ({"classifier"}, {"classifier"}),
    ]
    method = make(KINDS[kind], data, warm_up_steps=0, extra_encoder_step=False)
    assert moves_of(method, monkeypatch, source_at(data, 0)) == [
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
    losses = method.training_step(source_at(data, 0))
    extra, joint, repeated = seen
    batch = source_at(data, 0).epoch_rows(10, 0)
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
    method.training_step(source_at(data, 0))
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
    method.training_step(source_at(data, 60))
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
            method.training_step(source_at(data, step))
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
    losses = [method.training_step(source_at(data, step, 8)) for step in range(8)]
    assert all(torch.isfinite(value) for found in losses for value in found.values())
    assert losses[-1]["reconstruction"] < losses[2]["reconstruction"]
    method.eval()
    with torch.inference_mode():
        assert method.logits(torch.rand(2, *description.shape)).shape == (2, 3)


# ---------------------------------------------------------------- the warm-up


def test_the_warm_up_is_short_for_a_short_run_and_ends_when_moments_match(monkeypatch):
    data = rows(TABLE)
    assert int(make(TABLE, data).n_warm_up) == 100 // 4
    assert int(make(TABLE, data, max_steps=4000).n_warm_up) == 200
    method = make(TABLE, data)
    monkeypatch.setattr(dgc_method, "_MATCHED", 0.0)
    assert set(method.training_step(source_at(data, 0))) == {"warm_up"}
    assert int(method.n_warm_up) == 25
    monkeypatch.setattr(dgc_method, "_MATCHED", 1e6)
    assert set(method.training_step(source_at(data, 1))) == {"warm_up"}
    assert int(method.n_warm_up) == 2
    assert "model" in method.training_step(source_at(data, 2))


def test_the_warm_up_matches_moments(monkeypatch):
    data = rows(TABLE, (60, 200, 40))
    method = make(TABLE, data, learning_rate=1e-3, max_steps=400)
    with torch.no_grad():
        method.recogniser.mean.bias.fill_(3.0)
    losses = []
    for step in range(100):
        found = method.training_step(source_at(data, step, 400))
        if "warm_up" not in found:
            break
        losses.append(found["warm_up"].item())
    assert losses[0] > 5
    assert losses[-1] < 0.1 <= min(losses[:-1])
    assert int(method.n_warm_up) == len(losses)


class Stop(Callback):
    def __init__(self, step):
        self.step = step

    def on_step(self, state):
        state.stop = state.step == self.step


@pytest.mark.parametrize("stop", [2, 30])
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, stop, monkeypatch):
    """Stopped in the warm-up, or after one that ended before its time."""
    monkeypatch.setattr(dgc_method, "_MATCHED", 1.0)
    data = rows(TABLE, (30, 90, 20))

    def run(folder, *callbacks) -> DGC:
        method = make(TABLE, data, max_steps=40, learning_rate=1e-3)
        with torch.no_grad():
            method.recogniser.mean.bias.fill_(1.5)
        settings = RunSettings(40, 20, 0, checkpoint=tmp_path / folder, resume=True)
        train(method, data, None, settings, callbacks)
        return method

    whole = run("whole").state_dict()
    run("stopped", Stop(stop))
    resumed = run("stopped").state_dict()
    assert 2 < int(whole["n_warm_up"]) < 10
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


# ---------------------------------------------------------------- classification


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_one_sample_label_and_code_at_a_time(kind):
    method = trained(KINDS[kind], n_codes=3, recon_weight=0.5).double()
    x = rows(KINDS[kind], seed=1).x.take(torch.tensor([0, 13, 44]), torch.device("cpu")).double()
    expected = np.empty((3, 3))
    with torch.inference_mode():
        found = method.logits(x)
        for row in range(3):
            for label in range(3):
                one = one_hot(torch.tensor([label]), 3, torch.float64)
                mean, log_variance = method.recogniser(x[row : row + 1], one)
                likelihoods = []
                for code in range(3):
                    z = mean + method.noise[code] * torch.sqrt(1e-8 + torch.exp(log_variance))
                    error = float(((x[row] - method.networks["decoder"](z)[0]) ** 2).sum())
                    posterior = method.networks["classifier"](z).softmax(1)[0, label]
                    likelihoods.append(math.exp(-0.5 * 0.5 * error) * float(posterior))
                expected[row, label] = math.log(np.mean(likelihoods))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_do_not_depend_on_other_rows_or_on_blocks(kind, monkeypatch):
    method = trained(KINDS[kind])
    x = rows(KINDS[kind], seed=1).x.take(torch.arange(12), torch.device("cpu"))
    if kind == "tables":
        method.double()  # as estimators compute tables
    tolerance = {"rtol": 1e-12, "atol": 1e-12} if kind == "tables" else {"rtol": 0, "atol": 1e-4}
    with torch.inference_mode():
        together = method.logits(x)
        assert torch.equal(method.logits(x), together)
        single = torch.cat([method.logits(row[None]) for row in x])
        monkeypatch.setattr(dgc_method, "_LEAST_VALUES", 1)
        monkeypatch.setattr(dgc_method, "_DECODED_VALUES", {"cpu": 7 * x[0].numel()})
        blocks = method.logits(x)
    torch.testing.assert_close(single, together, **tolerance)
    torch.testing.assert_close(blocks, together, **tolerance)
    assert together.std(0).min() > 0.01  # rows do differ


def test_the_trunk_runs_once(monkeypatch):
    method, calls = trained(PICTURES), []
    trunk = method.recogniser.trunk
    forward = trunk.forward
    monkeypatch.setattr(trunk, "forward", lambda x: calls.append(len(x)) or forward(x))
    with torch.inference_mode():
        method.logits(torch.rand(5, *PICTURES.shape))
    assert calls == [5]


def test_more_codes_make_steadier_scores():
    method = trained(TABLE)
    x = rows(TABLE, seed=1).x.take(torch.arange(6), torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)

    def spread(n_codes: int) -> float:
        method.settings = replace(method.settings, n_codes=n_codes)
        scores = []
        for _ in range(20):
            method.noise = torch.randn(n_codes, 4, generator=generator)
            with torch.inference_mode():
                scores.append(method.logits(x))
        return float(torch.stack(scores).var(0).mean())

    assert spread(20) < spread(1) / 4  # independent codes: about a twentieth


def test_with_a_decoder_that_ignores_the_code_the_classifier_decides():
    method = trained(TABLE, n_codes=1)
    x = rows(TABLE, seed=1).x.take(torch.arange(48), torch.device("cpu"))
    with torch.inference_mode():
        method.networks["decoder"].output.weight.zero_()
        scores = method.logits(x)
        log_y = []
        for label in range(3):
            y = torch.full((48,), label)
            mean, log_variance = method.recogniser(x, one_hot(y, 3, torch.float))
            z = mean + method.noise[0] * (log_variance / 2).exp()
            log_y.append(method.networks["classifier"](z).log_softmax(1)[:, label])
    log_y = torch.stack(log_y, dim=1)
    shift = (scores - log_y).mean(1, keepdim=True)
    torch.testing.assert_close(scores, log_y + shift, rtol=1e-4, atol=1e-4)


def test_fewer_evaluations_the_more_there_is_to_decode():
    assert make(TABLE).n_evaluations == 400 // 30
    assert make(TABLE, n_codes=1).n_evaluations == 40
    assert make(TABLE, n_codes=1000).n_evaluations == 4


# ---------------------------------------------------------------- new samples


def kept(method) -> tuple[torch.Tensor, torch.Tensor]:
    """Means and log-variances of the members kept, class by class."""
    sizes = [min(n, method.kept_means.shape[1]) for n in COUNTS]
    return tuple(
        torch.cat([part[code, :n] for code, n in enumerate(sizes)])
        for part in (method.kept_means, method.kept_log_variances)
    )


def test_codes_of_evenly_spread_members_are_kept(monkeypatch):
    monkeypatch.setattr(dgc_method, "_KEPT_OF_CLASS", 8)
    method, data = trained(TABLE), rows(TABLE)
    # Of 12, 30 and 6 members, which follow each other: 8, 8 and 6.
    places = [i * 12 // 8 for i in range(8)] + [12 + i * 30 // 8 for i in range(8)]
    places += range(42, 48)
    x, y = data.x.take(torch.tensor(places), torch.device("cpu")), data.y[places]
    with torch.inference_mode():
        recognised = method.recogniser(x, one_hot(y, 3, torch.float))
    torch.testing.assert_close(kept(method), recognised)


def test_how_many_codes_are_kept(monkeypatch):
    assert make(TABLE).kept_means.shape == (3, 1000, 4)
    monkeypatch.setattr(dgc_method, "_KEPT", 18)
    assert make(TABLE).kept_means.shape == (3, 6, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_new_samples_are_decoded_codes_of_their_class(kind):
    method = trained(KINDS[kind])
    codes = torch.tensor([2, 0, 1, 2] * 30)
    method.kept_log_variances.fill_(-50.0)  # codes are the means: every sample is a member's
    with torch.inference_mode():
        new = method.generate(codes, torch.Generator().manual_seed(0))
        decoded = method.networks["decoder"](kept(method)[0])
    distances = (new.flatten(1)[:, None] - decoded.flatten(1)).abs().amax(2)
    kept_classes = torch.repeat_interleave(torch.tensor(COUNTS))
    nearest = distances.argmin(1)
    assert distances.min(1).values.max() < 1e-3
    assert torch.equal(kept_classes[nearest], codes)
    assert len(nearest[codes == 2].unique()) == COUNTS[2]  # every member has its turn


def test_new_samples_scatter_around_the_mean():
    method = trained(TABLE, n_codes=1)
    seen = []
    method.networks["decoder"].forward = lambda z: seen.append(z) or z
    with torch.inference_mode():
        method.kept_means.fill_(2.0)
        method.kept_log_variances.fill_(math.log(0.25))
        method.generate(torch.zeros(5000, dtype=torch.int64), torch.Generator().manual_seed(0))
    assert seen[0].mean().item() == pytest.approx(2, abs=0.02)
    assert seen[0].std().item() == pytest.approx(0.5, abs=0.02)
