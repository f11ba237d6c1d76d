from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from osrae.errors import InputError
from osrae.methods.mixtures import (
    beta_share,
    check_mixup,
    cutmix,
    mix,
    mix_across,
    remix_share,
)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_are_beta_distributed(alpha):
    generator = torch.Generator().manual_seed(0)
    shares = np.array([beta_share(alpha, generator).item() for _ in range(2000)])
    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 0.01
    again = beta_share(alpha, torch.Generator().manual_seed(0))
    assert again.item() == shares[0]


def test_shares_are_numbers_for_the_smallest_alpha():
    generator = torch.Generator().manual_seed(0)
    shares = torch.stack([beta_share(1e-4, generator) for _ in range(200)])
    assert ((shares >= 0) & (shares <= 1)).all()


def test_mix_by_hand():
    x = torch.tensor([[0.0, 4.0], [1.0, 0.0], [2.0, 8.0]])
    mixed = mix(x, torch.tensor([1, 2, 2]), torch.tensor(0.75))
    expected = [[0.25, 3.0], [0.75 * 1 + 0.25 * 2, 2.0], [2.0, 8.0]]
    torch.testing.assert_close(mixed, torch.tensor(expected))


@pytest.mark.parametrize(
    ("share", "n_own", "n_partner", "expected"),
    [
        # The own class is κ = 3 times as frequent: it loses its share below τ = 0.5.
        (0.4, 90, 30, 0.0),
        (0.49, 1000, 1, 0.0),
        (0.5, 1000, 1, 0.5),
        (0.7, 90, 30, 0.7),
        # The own class is 3 times as rare: it takes all where the partner's share is below τ.
        (0.6, 30, 90, 1.0),
        (0.51, 1, 1000, 1.0),
        (0.5, 1, 1000, 0.5),
        (0.4, 30, 90, 0.4),
        # Neither: as in mixup.
        (0.4, 89, 30, 0.4),
        (0.6, 30, 89, 0.6),
        (0.1, 30, 30, 0.1),
        (0.9, 30, 30, 0.9),
    ],
)
def test_remix_gives_the_label_to_the_rarer_class(share, n_own, n_partner, expected):
    value = remix_share(torch.tensor(share), torch.tensor([n_own]), torch.tensor([n_partner]))
    assert value.item() == pytest.approx(expected)


def test_remix_treats_both_sides_alike():
    generator = torch.Generator().manual_seed(0)
    counts = torch.tensor([1, 3, 9, 10, 100])
    own, partner = (torch.randint(5, (200,), generator=generator) for _ in range(2))
    for share in torch.rand(20, generator=generator):
        one = remix_share(share, counts[own], counts[partner])
        other = remix_share(1 - share, counts[partner], counts[own])
        torch.testing.assert_close(one, 1 - other)


def test_cutmix_puts_a_rectangle_of_the_partner_into_every_picture():
    own, other = torch.zeros(1, 2, 8, 16), torch.ones(1, 2, 8, 16)
    x, centre = torch.cat([own, other]), torch.tensor([0.5, 0.5])
    mixed, share = cutmix(x, torch.tensor([1, 0]), torch.tensor(0.75), centre)
    # The sides are half as long: 4 × 8 of 8 × 16 pixels, in the middle.
    expected = torch.zeros(8, 16)
    expected[2:6, 4:12] = 1
    torch.testing.assert_close(mixed[0], expected.expand(2, 8, 16))
    torch.testing.assert_close(mixed[1], 1 - expected.expand(2, 8, 16))
    assert share.item() == 0.75


def test_what_reaches_beyond_the_border_is_not_the_partners_share():
    x = torch.stack([torch.zeros(1, 8, 8), torch.ones(1, 8, 8)])
    mixed, share = cutmix(x, torch.tensor([1, 0]), torch.tensor(0.75), torch.tensor([0.0, 1.0]))
    assert mixed[0].sum().item() == 4  # a quarter of 4 × 4 pixels
    assert mixed[0, 0, :2, 6:].sum().item() == 4
    assert share.item() == 1 - 4 / 64


@pytest.mark.parametrize(("share", "left"), [(1.0, 1.0), (0.0, 0.0)])
def test_cutmix_of_all_or_nothing(share, left):
    x = torch.rand(3, 1, 9, 8)
    partner = torch.tensor([1, 2, 0])
    mixed, own = cutmix(x, partner, torch.tensor(share), torch.tensor([0.5, 0.5]))
    torch.testing.assert_close(mixed, x if left else x[partner])
    assert own.item() == left


@pytest.mark.parametrize("mixup", ["mixup", "cutmix"])
def test_labels_are_mixed_like_the_samples(mixup):
    """Pictures that show their class in every pixel: their mean is the mixed label."""
    y = torch.arange(6)
    x = y.float().view(-1, 1, 1, 1).expand(6, 1, 10, 10).contiguous()
    generator = torch.Generator().manual_seed(3)
    for _ in range(20):
        mixed = mix_across(x, y, mixup, 0.5, generator)
        torch.testing.assert_close(mixed.shares.sum(0), torch.ones(6))
        assert mixed.labels[0].tolist() == y.tolist()
        assert sorted(mixed.labels[1].tolist()) == y.tolist()
        expected = (mixed.shares * mixed.labels).sum(0)
        torch.testing.assert_close(mixed.x.mean((1, 2, 3)), expected)


@pytest.mark.parametrize("mixup", ["mixup", "cutmix"])
def test_so_many_batches_are_mixed(mixup):
    x, y = torch.rand(4, 1, 8, 8), torch.arange(4)
    generator = torch.Generator().manual_seed(0)
    mixed = [mix_across(x, y, mixup, 1.0, generator, 0.25) for _ in range(400)]
    left = [m for m in mixed if bool((m.shares[0] == 1).all())]
    assert all(torch.equal(m.x, x) for m in left)
    assert 270 < len(left) < 330


def test_tables_have_no_pieces_to_exchange():
    check_mixup("cutmix", (3, 8, 8))
    check_mixup("mixup", (7,))
    with pytest.raises(InputError, match="this is a table; leave mixup out"):
        check_mixup("cutmix", (7,))
