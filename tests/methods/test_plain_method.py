from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch.nn import functional as F

from osrae.methods.losses import (
    LOSSES,
    effective_number_weights,
    inverse_frequency_weights,
    ldam_margins,
)
from osrae.methods.mixtures import beta_share, mix, remix_share
from osrae.methods.plain_method import PlainClassifier
from osrae.methods.plain_settings import PRESETS, PlainSettings
from osrae.training.augmentation import POLICIES
from osrae.training.batches import TrainingData

from .deep_cases import PICTURES, TABLE, data_of, source_at

COUNTS = torch.tensor([20, 4, 60])
SMALL = PlainSettings(encoder="residual", latent_dim=6, batch_size=16)


def make(settings=SMALL, description=PICTURES, **changes) -> PlainClassifier:
    torch.manual_seed(0)
    method = PlainClassifier(description, COUNTS, dataclasses.replace(settings, **changes))
    method.prepare(data(description))
    return method.train()


def data(description=PICTURES) -> TrainingData:
    made = data_of(description, tuple(COUNTS.tolist()))
    return TrainingData(made.x, made.y.int())  # as estimators give it


def weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in module.named_parameters()}


# ---------------------------------------------------------------- one step


def forward(method: PlainClassifier, x: torch.Tensor) -> torch.Tensor:
    """The logits in training, in float64."""
    exact = copy.deepcopy(method).double().train()
    return exact.networks["classifier"](exact.networks["encoder"](x.double())).detach()


def expected_loss(name: str, logits: torch.Tensor, y: torch.Tensor, step: int) -> float:
    """The loss that belongs to step ``step`` of 100, from its definition, in float64."""
    rows, y, counts = torch.arange(len(y)), y.long(), COUNTS.double()
    class_weights = torch.ones(3, dtype=torch.float64)
    if name == "weighted":
        class_weights = inverse_frequency_weights(COUNTS)
    if name == "class_balanced" or (name == "ldam" and step >= 80):
        class_weights = effective_number_weights(COUNTS)
    if name == "ldam":
        logits[rows, y] -= 30 * ldam_margins(counts)[y]
    if name in ("logit_adjustment", "balanced_softmax"):
        logits = logits + (counts / counts.sum()).log()
    log_p = logits.log_softmax(1)[rows, y]
    losses = -log_p * ((1 - log_p.exp()) ** 2 if name == "focal" else 1)
    total = (class_weights[y] * losses).sum()
    return float(total / (class_weights[y].sum() if name == "ldam" else len(y)))


@pytest.mark.parametrize("step", [79, 80])
@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_of_a_step_and_deferred_weights_from_80_percent_on(name, step):
    method, source = make(loss=name), source_at(step, data())
    x, y = source.take(source.epoch_rows(16, step * 16))
    expected = expected_loss(name, forward(method, x), y, step)
    losses = method.training_step(source)
    assert losses.keys() == {"classifier"}
    assert losses["classifier"].item() == pytest.approx(expected, rel=1e-4)


def test_deferred_weights_change_the_loss_of_these_batches():
    method, source = make(loss="ldam"), source_at(80, data())
    x, y = source.take(source.epoch_rows(16, 80 * 16))
    early = expected_loss("ldam", forward(method, x), y, 79)
    assert abs(early - method.training_step(source)["classifier"].item()) > 1e-2


@pytest.mark.parametrize("description", [PICTURES, TABLE])
@pytest.mark.parametrize("name", ["cross_entropy", "ldam"])
def test_a_step_moves_every_weight_of_encoder_and_head(name, description):
    encoder = "residual" if description is PICTURES else "mlp"
    method = make(loss=name, description=description, encoder=encoder, weight_decay=0.0)
    before = weights(method.networks)
    method.training_step(source_at(3, data(description)))
    still = {n for n, now in weights(method.networks).items() if torch.equal(now, before[n])}
    # A batch normalisation subtracts the bias of the linear layer before it: no gradient.
    assert all(name.endswith("0.bias") for name in still), still


@pytest.mark.parametrize("decoupled", [True, False])
def test_the_step_is_torchs_adam_or_adamw(decoupled):
    method = make(
        weight_decay=0.1, decoupled_decay=decoupled, learning_rate=1e-3, weight_averaging=0.0
    )
    twin = copy.deepcopy(method.networks).train()
    adam = torch.optim.AdamW if decoupled else torch.optim.Adam
    # In the middle of the run half of a cosine from 1 to 0, after 5 % of warm-up.
    factor = 0.5 * (1 + np.cos(np.pi * (0.5 - 0.05) / 0.95))
    optimizer = adam(twin.parameters(), lr=1e-3 * factor, weight_decay=0.1)
    for step in (50, 50):
        source = source_at(step, data())
        x, y = source.take(source.epoch_rows(16, step * 16))
        optimizer.zero_grad()
        F.cross_entropy(twin["classifier"](twin["encoder"](x)), y.long()).backward()
        optimizer.step()
        method.training_step(source)
    for name, weight in weights(method.networks).items():
        torch.testing.assert_close(weight, twin.get_parameter(name), rtol=1e-3, atol=2e-5)


def test_the_two_stage_rate_falls_as_a_cosine_from_the_first_step_on():
    method = make(PRESETS["two-stage"]["pictures"], encoder="residual", batch_size=8)
    for step, factor in ((0, 1.0), (50, 0.5), (75, 0.5 * (1 + np.cos(0.75 * np.pi)))):
        method.training_step(source_at(step, data()))
        assert method.optimizers["classifier"].rate_factor == pytest.approx(factor)


def test_results_come_from_the_averages():
    method = make(weight_averaging=0.9)
    start = weights(method.networks)
    method.training_step(source_at(3, data()))
    # The decay grows from 0.1 as (1 + step) / (10 + step).
    for name, now in weights(method.networks).items():
        average = method.averaged.get_parameter(name)
        torch.testing.assert_close(average, 4 / 13 * start[name] + 9 / 13 * now)
    x = torch.rand(4, 1, 8, 8)
    method.eval()
    own = method.averaged["classifier"](method.averaged["encoder"](x))
    torch.testing.assert_close(method.logits(x), own - (COUNTS / COUNTS.sum()).log())
    assert "averaged" not in {name.split(".")[0] for name in make(weight_averaging=0).state_dict()}


def test_pictures_are_augmented_before_they_are_mixed():
    method = make(augmentation="digits", mixup="mixup")
    replay, seen = source_at(5, data()), []
    x, _ = replay.take(replay.epoch_rows(16, 80))
    augmented = POLICIES["digits"](x, replay.generator)
    share = beta_share(1.0, replay.generator)
    partner = torch.randperm(16, generator=replay.generator)
    method.networks["encoder"].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    method.training_step(source_at(5, data()))
    torch.testing.assert_close(seen, [share * augmented + (1 - share) * augmented[partner]])


@pytest.mark.parametrize(
    ("loss", "sampling", "expected"),
    [
        ("cross_entropy", "instance", COUNTS.double()),
        ("cross_entropy", "balanced", torch.ones(3)),
        ("cross_entropy", "deferred", torch.ones(3)),
        ("cross_entropy", "square_root", COUNTS.double().sqrt()),
        ("weighted", "instance", torch.ones(3)),
        ("logit_adjustment", "instance", torch.ones(3)),
        ("balanced_softmax", "instance", torch.ones(3)),
        ("class_balanced", "instance", COUNTS * effective_number_weights(COUNTS)),
        ("ldam", "instance", COUNTS * effective_number_weights(COUNTS)),
        ("logit_adjustment", "balanced", 1 / COUNTS.double()),
    ],
)
def test_priors_that_training_implied_are_taken_off_the_logits(loss, sampling, expected):
    method = make(loss=loss, sampling=sampling).eval()
    method.past_deferral.fill_(True)
    priors = (expected / expected.sum()).double()
    torch.testing.assert_close(method.learned_priors(), priors)
    x = torch.rand(4, 1, 8, 8)
    own = method.averaged["classifier"](method.averaged["encoder"](x))
    torch.testing.assert_close(method.logits(x), own - priors.log().float())


# ---------------------------------------------------------------- sampling


def drawn_rows(sampling: str, steps: range, max_steps: int = 1000) -> torch.Tensor:
    method = make(sampling=sampling)
    source = source_at(0, data(), max_steps)
    rows = []
    for step in steps:
        source.begin(step)
        rows.append(method._rows(source))
    return torch.cat(rows)


def test_instance_sampling_takes_every_row_once_in_an_epoch():
    rows = drawn_rows("instance", range(63))  # 63 · 16 = 12 epochs of 84
    for epoch in rows.split(84):
        assert epoch.sort().values.tolist() == list(range(84))


@pytest.mark.parametrize(
    ("sampling", "first", "share"),
    [
        ("balanced", 0, [1 / 3, 1 / 3, 1 / 3]),
        ("square_root", 0, (COUNTS.double().sqrt() / COUNTS.double().sqrt().sum()).tolist()),
        ("deferred", 800, [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_classes_are_drawn_with_their_probabilities_and_members_alike(sampling, first, share):
    rows = drawn_rows(sampling, range(first, first + 200))
    y = data().y
    observed = torch.bincount(y[rows].long(), minlength=3).numpy()
    assert chisquare(observed, np.array(share) * len(rows)).pvalue > 1e-3
    members = [int((rows == row).sum()) for row in (y == 0).nonzero().flatten()]
    assert chisquare(members).pvalue > 1e-3


def test_deferred_sampling_is_instance_sampling_before_80_percent():
    same = torch.equal(
        drawn_rows("deferred", range(780, 800)), drawn_rows("instance", range(780, 800))
    )
    assert same
    assert not torch.equal(
        drawn_rows("deferred", range(800, 801)), drawn_rows("instance", range(800, 801))
    )


# ---------------------------------------------------------------- mixtures


@pytest.mark.parametrize("mixup", ["mixup", "remix"])
@pytest.mark.parametrize("name", LOSSES)
def test_a_step_on_mixtures_shares_the_loss_between_two_labels(name, mixup):
    method = make(loss=name, mixup=mixup, mixup_alpha=0.7, sampling="balanced")
    replay = source_at(90, data())
    x, y = replay.take(method._rows(replay))
    y = y.long()
    share = beta_share(0.7, replay.generator)
    partner = torch.randperm(16, generator=replay.generator)
    logits = forward(method, mix(x, partner, share))
    own = share.expand(16)
    if mixup == "remix":
        own = remix_share(share, COUNTS[y], COUNTS[y[partner]])
        assert ((own == 0) | (own == 1)).any()
    per_label = [
        torch.tensor(
            [
                LOSSES[name].of_samples(logits[i : i + 1], label[i : i + 1], COUNTS).item()
                for i in range(16)
            ],
            dtype=torch.float64,
        )
        for label in (y, y[partner])
    ]
    w = LOSSES[name].weights_at(0.9, COUNTS)
    w_own, w_other = own * w[y], (1 - own) * w[y[partner]]
    expected = (w_own * per_label[0] + w_other * per_label[1]).sum()
    expected /= (w_own + w_other).sum() if name == "ldam" else 16
    value = method.training_step(source_at(90, data()))["classifier"].item()
    assert value == pytest.approx(expected.item(), rel=1e-4)


def test_mixup_of_the_loss_is_the_loss_against_mixed_labels():
    method = make(mixup="mixup")
    replay = source_at(10, data())
    x, y = replay.take(replay.epoch_rows(16, 160))
    mixed, labels, shares = method._mixed(x, y.long(), replay.generator)
    soft = (F.one_hot(labels, 3) * shares[..., None]).sum(0)
    expected = F.cross_entropy(forward(method, mixed), soft.double())
    value = method.training_step(source_at(10, data()))["classifier"].item()
    assert value == pytest.approx(expected.item(), rel=1e-4)


@pytest.mark.parametrize("mirrored", [True, False])
def test_pictures_may_be_classified_with_their_mirror_images(mirrored):
    method = make(augmentation="flip-crop", classify_mirrored=mirrored).eval()
    x = torch.rand(4, *PICTURES.shape)
    with torch.no_grad():
        alike = torch.allclose(method.logits(x), method.logits(x.flip(3)), atol=1e-5)
    assert alike is mirrored
