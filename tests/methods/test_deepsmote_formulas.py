from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch import nn
from torch.nn import functional as F

from osrae.data.description import TableDescription
from osrae.methods.deepsmote import (
    interpolate,
    nearest_neighbours,
    order_of_appearance,
    penalty_loss,
    reconstruction_loss,
)
from osrae.methods.deepsmote_settings import PRESETS
from osrae.training.seeding import fresh_generator

from .deep_cases import data_of
from .deepsmote_cases import make

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
