from __future__ import annotations

from itertools import permutations, product

import pytest
import torch

from osrae.methods.cross_fitting import cross_entropy, kept_labels, kept_weights
from osrae.methods.rae_losses import classification_loss


def test_what_is_held_back_does_not_count_nor_a_mixture_that_it_is_in():
    logits, mixed = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    y = torch.tensor([0, 1, 2, 0])
    held_by = torch.tensor([[1, -1, 0, -1], [-1, -1, 1, -1]])
    labels = kept_labels(y, held_by, 2, 2, 2)
    assert labels.shape == (2, 4, 4)
    counted = [(0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 3)]  # of the second encoder
    terms = [-logits[place].log_softmax(0)[y[place[1]]] for place in counted]
    terms += [-mixed[turn, n].log_softmax(0)[y[n]] for turn in (0, 1) for n in (1, 3)]
    loss = classification_loss(logits, mixed, labels[1])
    torch.testing.assert_close(loss, torch.stack(terms).sum() / 4)
    weights = torch.tensor([1.0, 2.0, 5.0])
    places = [1, 2, 3, 0, 1, 3, 1, 3, 1, 3]
    terms = [term * weights[y[n]] for term, n in zip(terms, places, strict=True)]
    loss = classification_loss(logits, mixed, labels[1], weights.double())
    torch.testing.assert_close(loss, torch.stack(terms).sum() / 4)


def test_nothing_counts_where_all_of_a_batch_is_held_back():
    labels = kept_labels(torch.tensor([0, 1]), torch.zeros(2, 2), 2, 2, 0)
    logits = torch.randn(2, 2, 3, requires_grad=True)
    loss = classification_loss(logits, None, labels[0])
    loss.backward()
    assert loss == 0
    assert not logits.grad.any()
    assert cross_entropy(logits[0], labels[0, 0], None, "none").tolist() == [0, 0]


def test_without_rows_held_back_every_label_is_there():
    y = torch.tensor([2, 0])
    assert torch.equal(kept_labels(y, None, 3, 2, 1), y.expand(3, 3, 2))


@pytest.mark.parametrize("t", [2, 3])
@pytest.mark.parametrize("n_mixtures", [0, 1, 3])
def test_every_class_counts_as_much_as_it_is_drawn(t, n_mixtures):
    """Over all tuples that can be drawn, weights and terms that count come to t + R."""
    y = torch.tensor([0, 0, 0, 0, 0, 1, 1, 2])
    held_by = torch.tensor([0, 0, -1, 1, -1, 1, -1, -1])
    weights = kept_weights(y, held_by, 2, 3, t, n_mixtures)
    assert weights.shape == (2, 3)
    for encoder, code in product(range(2), range(3)):
        members = torch.nonzero(y == code)[:, 0].tolist()
        enough = len(members) >= t
        tuples = list(permutations(members, t)) if enough else list(product(members, repeat=t))
        held = held_by[torch.tensor(tuples).T]  # (t, number of tuples)
        labels = kept_labels(y[torch.tensor(tuples)[:, 0]], held, 2, t, n_mixtures)[encoder]
        counted = (labels >= 0).sum() / len(tuples)
        assert (weights[encoder, code] * counted).item() == pytest.approx(t + n_mixtures)
