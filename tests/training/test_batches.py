from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from osrae.training.batches import TupleSampler

Y = torch.tensor([2, 0, 0, 1, 0, 1, 0, 0])  # counts 5, 2, 1


def draw_many(tuple_size: int, batch_size: int = 30_000, probabilities=(1.0, 1.0, 1.0)):
    sampler = TupleSampler(Y, 3, tuple_size, batch_size)
    generator = torch.Generator().manual_seed(3)
    return sampler.draw(torch.tensor(probabilities, dtype=torch.float64), generator)


def test_members_have_the_class_of_their_tuple():
    indices, y = draw_many(3)
    assert indices.shape == (3, 30_000)
    assert (Y[indices] == y).all()


def test_classes_follow_their_probabilities():
    _, y = draw_many(2, probabilities=(1.0, 2.0, 5.0))
    observed = torch.bincount(y, minlength=3).numpy()
    assert chisquare(observed, np.array([1, 2, 5]) / 8 * len(y)).pvalue > 1e-4


@pytest.mark.parametrize("tuple_size", [2, 3, 5])
def test_large_enough_classes_give_every_ordered_tuple_alike(tuple_size):
    indices, y = draw_many(tuple_size)
    tuples = indices[:, y == 0]
    distinct = torch.stack([column.unique() for column in tuples.T])
    assert distinct.shape[1] == tuple_size  # nothing twice inside a tuple
    members = torch.tensor([1, 2, 4, 6, 7])
    for position in range(tuple_size):
        observed = [int((tuples[position] == member).sum()) for member in members]
        assert chisquare(observed).pvalue > 1e-4


def test_pairs_of_a_class_are_independent_of_order():
    indices, y = draw_many(2)
    pairs = indices[:, y == 0]
    codes, observed = (pairs[0] * 10 + pairs[1]).unique(return_counts=True)
    assert len(codes) == 5 * 4
    assert chisquare(observed.numpy()).pvalue > 1e-4


def test_small_classes_are_drawn_with_replacement():
    indices, y = draw_many(3)
    assert (indices[:, y == 2] == 0).all()  # the only member, three times
    pairs_of_two = indices[:, y == 1]
    assert set(pairs_of_two.unique().tolist()) == {3, 5}


def test_the_same_generator_state_draws_the_same_batch():
    first, second = draw_many(2), draw_many(2)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
