from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from osrae.data.samples import Samples
from osrae.training.batches import Source, TrainingData

Y = torch.tensor([2, 0, 0, 1, 0, 1, 0, 0])  # counts 5, 2, 1
DATA = TrainingData(Samples(torch.arange(8.0)[:, None]), Y)


def draw_many(tuple_size: int, batch_size: int = 30_000, probabilities=(1.0, 1.0, 1.0)):
    source = Source(DATA, 3, max_steps=1, seed=3, device=torch.device("cpu"))
    source.begin(0)
    return source._tuples(batch_size, tuple_size, torch.tensor(probabilities, dtype=torch.float64))


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


# ---------------------------------------------------------------- the source of a step


def source(step: int = 0, seed: int = 3) -> Source:
    made = Source(DATA, 3, max_steps=10, seed=seed, device=torch.device("cpu"))
    made.begin(step)
    return made


def test_rows_come_with_their_classes():
    x, y = source().take(torch.tensor([3, 0]))
    assert x.tolist() == [[3.0], [0.0]]
    assert y.tolist() == [1, 2]


def test_tuples_are_taken_from_the_data():
    batch = source(step=4).tuples(6, 2, torch.ones(3, dtype=torch.float64))
    assert batch.x.shape == (2, 6, 1)
    assert torch.equal(Y[batch.x[..., 0].long()], batch.y.expand(2, 6))
    assert (batch.step, batch.progress) == (4, 0.4)


def test_epochs_hold_every_row_once_and_batches_run_across_them():
    made = source()
    rows = torch.cat([made.epoch_rows(3, 3 * step) for step in range(16)])
    epochs = rows.unflatten(0, (6, 8))
    assert torch.equal(epochs.sort(dim=1).values, torch.arange(8).expand(6, 8))
    assert len({tuple(epoch.tolist()) for epoch in epochs}) > 1
    assert torch.equal(source(step=7).epoch_rows(20, 5), rows[5:25])  # from any step on


def test_members_are_distinct_and_all_of_a_small_class():
    made = source()
    assert set(made.members(1, 10).tolist()) == {3, 5}
    drawn = torch.stack([made.members(0, 2) for _ in range(2000)])
    assert (drawn[:, 0] != drawn[:, 1]).all()
    assert chisquare(torch.bincount(drawn.flatten())[[1, 2, 4, 6, 7]].numpy()).pvalue > 1e-4


def test_random_rows_follow_the_classes_probabilities():
    rows = source().random_rows(3000, torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64))
    observed = torch.bincount(Y[rows], minlength=3)
    assert observed[0] == 0
    assert chisquare(observed[1:].numpy(), np.array([750, 2250])).pvalue > 1e-4


def test_a_step_has_random_numbers_of_its_own():
    first, again, other = source(2), source(2), source(3)
    draws = [torch.rand(4, generator=made.generator).tolist() for made in (first, again, other)]
    assert draws[0] == draws[1] != draws[2]
    assert torch.equal(first.members(0, 5), again.members(0, 5))


def test_a_batch_says_which_encoder_holds_its_rows_back():
    held_by = torch.tensor([0, -1, 2, 1, -1, 0, 1, 2])
    source = Source(
        TrainingData(DATA.x, Y, held_by), 3, max_steps=1, seed=0, device=torch.device("cpu")
    )
    source.begin(0)
    batch = source.tuples(50, 2, torch.ones(3, dtype=torch.float64))
    assert torch.equal(batch.held_by, held_by[batch.x[..., 0].long()])
