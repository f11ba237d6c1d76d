from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from osrae.methods.losses import (
    DEFERRAL,
    LOSSES,
    CosineClassifier,
    balanced_softmax,
    cross_entropy,
    effective_number_weights,
    focal,
    inverse_frequency_weights,
    ldam,
    ldam_margins,
    logit_adjustment,
    weighted_mean,
)

COUNTS = torch.tensor([30, 4, 1000, 4])  # neither sorted nor distinct
BETA = 0.9999


def draws(n: int = 12, seed: int = 0, scale: float = 3.0):
    generator = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(n, len(COUNTS), generator=generator, dtype=torch.float64)
    return logits, torch.randint(len(COUNTS), (n,), generator=generator)


def log_sum_exp(row) -> float:
    top = max(row)
    return top + math.log(sum(math.exp(value - top) for value in row))


# ---------------------------------------------------------------- the formulas, by hand


def by_hand(name: str, f: list[float], y: int, n: list[int]) -> float:
    """One sample's loss, from the article's formula."""
    if name == "focal":
        p = math.exp(f[y] - log_sum_exp(f))
        return -((1 - p) ** 2) * math.log(p)
    if name == "ldam":
        constant = 0.5 / max(count**-0.25 for count in n)  # the largest margin is 0.5
        f = [value - 30 * constant * n[c] ** -0.25 * (c == y) for c, value in enumerate(f)]
    if name == "logit_adjustment":
        f = [value + math.log(count / sum(n)) for value, count in zip(f, n, strict=True)]
    if name == "balanced_softmax":
        total = sum(count * math.exp(value) for value, count in zip(f, n, strict=True))
        return -math.log(n[y] * math.exp(f[y]) / total)
    return log_sum_exp(f) - f[y]


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_their_formulas(name):
    logits, y = draws()
    values = LOSSES[name].of_samples(logits, y, COUNTS)
    expected = [
        by_hand(name, f, int(label), COUNTS.tolist())
        for f, label in zip(logits.tolist(), y, strict=True)
    ]
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    single = LOSSES[name].of_samples(logits.float(), y, COUNTS)
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single, expected, rtol=2e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_those_of_differences(name):
    logits, y = draws(5)
    loss = LOSSES[name].of_samples
    assert torch.autograd.gradcheck(
        lambda f: loss(f, y, COUNTS), logits.requires_grad_(), atol=1e-7
    )


@pytest.mark.parametrize("name", LOSSES)
def test_classes_may_be_in_any_order(name):
    logits, y = draws()
    order = torch.tensor([2, 0, 3, 1])
    moved = LOSSES[name].of_samples(logits[:, order], order.argsort()[y], COUNTS[order])
    np.testing.assert_allclose(moved, LOSSES[name].of_samples(logits, y, COUNTS), rtol=1e-12)
    weights = LOSSES[name].class_weights
    np.testing.assert_allclose(weights(COUNTS[order]), weights(COUNTS)[order], rtol=1e-12)


def test_the_focal_loss_is_exact_where_the_class_is_nearly_certain():
    # p = 1 / (1 + 3 e^-20): by the series 1 - p = 3 e^-20 and -log p = 3 e^-20 to first order.
    logits = torch.tensor([[20.0, 0.0, 0.0, 0.0]], requires_grad=True)
    loss = focal(logits, torch.tensor([0]), COUNTS)
    assert loss.item() == pytest.approx((3 * math.exp(-20)) ** 3, rel=1e-4)
    loss.sum().backward()
    assert torch.isfinite(logits.grad).all()


def test_gamma_zero_is_the_cross_entropy():
    logits, y = draws()
    torch.testing.assert_close(
        focal(logits, y, COUNTS, gamma=0.0), cross_entropy(logits, y, COUNTS)
    )


def test_margins_go_with_the_fourth_root_and_at_most_to_a_half():
    margins = ldam_margins(COUNTS.double())
    assert margins.argmax() in (1, 3)
    assert margins.max().item() == pytest.approx(0.5)
    assert (margins[0] / margins[2]).item() == pytest.approx((1000 / 30) ** 0.25)


def test_a_margin_only_lowers_the_own_logit():
    logits, y = draws()
    without = cross_entropy(logits, y, COUNTS)
    assert (ldam(logits, y, COUNTS) > without).all()
    shifted = logits.clone()
    shifted[torch.arange(len(y)), y] += 30 * ldam_margins(COUNTS.double())[y]
    torch.testing.assert_close(ldam(shifted, y, COUNTS), without)


def test_balanced_softmax_is_logit_adjustment_with_tau_one():
    logits, y = draws()
    logits.requires_grad_()
    values, slopes = [], []
    for loss in (balanced_softmax, logit_adjustment):
        values.append(loss(logits, y, COUNTS))
        slopes.append(torch.autograd.grad(values[-1].sum(), logits)[0])
    torch.testing.assert_close(values[0], values[1], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-12, atol=1e-12)
    other = logit_adjustment(logits, y, COUNTS, tau=0.5)
    assert not torch.allclose(values[0], other)


# ---------------------------------------------------------------- weights


def test_inverse_frequencies_weigh_classes_alike_and_samples_one_on_average():
    weights = inverse_frequency_weights(COUNTS)
    total = COUNTS.sum().item()
    np.testing.assert_allclose(weights, [total / (4 * n) for n in COUNTS.tolist()], rtol=1e-12)
    assert (weights * COUNTS).sum().item() == pytest.approx(total)


def test_effective_numbers():
    raw = [(1 - BETA) / (1 - BETA**n) for n in COUNTS.tolist()]
    expected = np.array(raw) * 4 / sum(raw)
    np.testing.assert_allclose(effective_number_weights(COUNTS), expected, rtol=1e-9)
    assert effective_number_weights(COUNTS).sum().item() == pytest.approx(4)


def test_effective_numbers_lie_between_no_weights_and_inverse_frequencies():
    np.testing.assert_allclose(effective_number_weights(COUNTS, 1e-9), np.ones(4), rtol=1e-6)
    inverse = 1 / COUNTS.double()
    np.testing.assert_allclose(
        effective_number_weights(COUNTS, 1 - 1e-12), 4 * inverse / inverse.sum(), rtol=1e-6
    )


def test_weights_are_deferred_for_ldam_alone():
    effective = effective_number_weights(COUNTS)
    ones = torch.ones(4, dtype=torch.float64)
    assert DEFERRAL == 0.8
    for progress, expected in ((0.0, ones), (0.799, ones), (0.8, effective), (1.0, effective)):
        torch.testing.assert_close(LOSSES["ldam"].weights_at(progress, COUNTS), expected)
        torch.testing.assert_close(LOSSES["class_balanced"].weights_at(progress, COUNTS), effective)
        torch.testing.assert_close(
            LOSSES["weighted"].weights_at(progress, COUNTS), inverse_frequency_weights(COUNTS)
        )
    for name in ("cross_entropy", "focal", "logit_adjustment", "balanced_softmax"):
        torch.testing.assert_close(LOSSES[name].weights_at(1.0, COUNTS), ones)


def test_weighted_mean_of_samples_with_two_labels():
    losses = torch.tensor([[1.0, 2.0], [3.0, 5.0]])
    weights = torch.tensor([[2.0, 1.0], [0.5, 4.0]])
    shares = torch.tensor([[0.25, 1.0], [0.75, 0.0]])
    total = 0.25 * 2 * 1 + 0.75 * 0.5 * 3 + 1 * 2
    plain = weighted_mean(losses, weights, shares, normalised=False)
    assert plain.item() == pytest.approx(total / 2)
    normalised = weighted_mean(losses, weights, shares, normalised=True)
    assert normalised.item() == pytest.approx(total / (0.25 * 2 + 0.75 * 0.5 + 1))


def test_only_ldam_divides_by_the_weights_in_the_batch():
    assert [name for name, loss in LOSSES.items() if loss.normalised] == ["ldam"]


# ---------------------------------------------------------------- what priors are learned

#: P(x | c) of four values of x, for C = 4 classes.
LIKELIHOOD = torch.tensor(
    [[0.7, 0.1, 0.1, 0.1], [0.2, 0.5, 0.1, 0.2], [0.1, 0.2, 0.6, 0.1], [0.25, 0.25, 0.25, 0.25]],
    dtype=torch.float64,
)


def best_logits(loss, drawn: torch.Tensor) -> torch.Tensor:
    """Logits (x, C), free for every value x, that minimise the expected loss."""
    f = torch.zeros(4, 4, dtype=torch.float64, requires_grad=True)
    frequency = drawn / drawn.sum() * LIKELIHOOD.T  # P(x, c)
    weights = frequency * loss.weights_at(1.0, COUNTS)
    optimizer = torch.optim.LBFGS(
        [f], max_iter=2000, tolerance_grad=1e-12, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def expected():
        optimizer.zero_grad()
        y = torch.arange(4).repeat(4)
        values = loss.of_samples(f.repeat_interleave(4, 0), y, COUNTS).view(4, 4)
        total = (weights * values).sum() / weights.sum()
        total.backward()
        return total

    optimizer.step(expected)
    return f.detach()


@pytest.mark.parametrize(
    "name", ["cross_entropy", "weighted", "class_balanced", "logit_adjustment", "balanced_softmax"]
)
@pytest.mark.parametrize("sampling", ["instance", "balanced", "square_root"])
def test_learned_priors_are_those_of_the_minimiser(name, sampling):
    drawn = {
        "instance": COUNTS.double(),
        "balanced": torch.ones(4, dtype=torch.float64),
        "square_root": COUNTS.double().sqrt(),
    }[sampling]
    priors = LOSSES[name].learned_priors(drawn, COUNTS)
    assert priors.sum().item() == pytest.approx(1)
    posterior = priors * LIKELIHOOD.T  # by Bayes' rule, up to the sum
    posterior /= posterior.sum(1, keepdim=True)
    learned = best_logits(LOSSES[name], drawn).softmax(1)
    np.testing.assert_allclose(learned, posterior, atol=1e-5)


def test_corrections_leave_equal_priors():
    for name in ("weighted", "logit_adjustment", "balanced_softmax"):
        priors = LOSSES[name].learned_priors(COUNTS.double(), COUNTS)
        np.testing.assert_allclose(priors, np.full(4, 0.25), rtol=1e-12)
    frequencies = (COUNTS / COUNTS.sum()).double()
    for name in ("cross_entropy", "focal"):
        priors = LOSSES[name].learned_priors(COUNTS.double(), COUNTS)
        np.testing.assert_allclose(priors, frequencies, rtol=1e-6)


# ---------------------------------------------------------------- the cosine classifier


def test_cosine_classifier_sees_directions_only():
    torch.manual_seed(0)
    head = CosineClassifier(5, 3)
    x = torch.randn(7, 5)
    np.testing.assert_allclose(head.weight.detach().norm(dim=1), np.ones(3), rtol=1e-6)
    w = head.weight.detach().double()
    cosines = x.double() @ w.T / (x.double().norm(dim=1)[:, None] * w.norm(dim=1))
    np.testing.assert_allclose(head(x).detach(), 30 * cosines, atol=1e-4)
    with torch.no_grad():
        head.weight.mul_(torch.tensor([[2.0], [0.1], [7.0]]))
    np.testing.assert_allclose(head(3 * x).detach(), 30 * cosines, atol=1e-4)


def test_cosine_classifier_keeps_its_digits_under_autocast():
    torch.manual_seed(0)
    head, x = CosineClassifier(64, 3), torch.randn(7, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = head(x)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, head(x))
