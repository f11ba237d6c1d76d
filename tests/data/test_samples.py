from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from osrae import InputError
from osrae.data.codec import fit_codec
from osrae.data.samples import Samples, TableRows

CPU = torch.device("cpu")
ROWS = np.array([[0.0, 1.0], [2.0, 1.5], [4.0, 7.0]])

HOLED = np.array([[0.0, 1.0, 5.0], [np.nan, 1.5, 5.0], [4.0, 7.0, 5.0], [1.0, 2.0, 5.0]])


@pytest.mark.parametrize(
    "X",
    [
        HOLED,
        HOLED.astype(np.float32),
        np.array([[1, 0], [0, 1], [3, 1]]),
        sparse.csr_matrix(np.nan_to_num(HOLED)),
        sparse.csc_matrix(np.nan_to_num(HOLED)),
    ],
    ids=lambda X: f"{type(X).__name__}-{X.dtype}",
)
def test_rows_of_numbers_are_encoded_when_they_are_taken(X):
    codec = fit_codec(X, None, "auto")
    rows = codec.rows(X)
    assert isinstance(rows, TableRows)
    assert len(rows) == X.shape[0]
    places = torch.tensor([2, 0, 0, 1])
    assert torch.equal(rows[places], torch.from_numpy(codec.encode(X)[places.numpy()]))


@pytest.mark.parametrize(
    "X", [pd.DataFrame(ROWS), np.array([["a", 1], ["b", 2], ["a", 3]], dtype=object)]
)
def test_rows_of_frames_and_categories_are_encoded_at_once(X):
    codec = fit_codec(X, None, "auto")
    assert torch.equal(codec.rows(X), torch.from_numpy(codec.encode(X)))


def test_rows_of_an_array_are_not_copied():
    X = np.zeros((3, 2))
    rows = fit_codec(ROWS, None, "auto").rows(X)
    before = rows[torch.arange(3)]
    X += 1
    assert not torch.equal(rows[torch.arange(3)], before)


def test_a_number_that_cannot_be_used_is_named_by_its_row():
    rows = fit_codec(ROWS, None, "auto").rows(np.array([[0.0, 1.0], [2.0, 1e301]]))
    with pytest.raises(InputError, match="column 1 holds 1e\\+301 in row 1"):
        rows[torch.tensor([1])]


def test_bytes_become_values_between_zero_and_one():
    pictures = torch.tensor([[0, 51], [255, 102]], dtype=torch.uint8)
    data = Samples(pictures)
    rows = data.take(torch.tensor([1, 0, 1]), torch.device("cpu"))
    torch.testing.assert_close(rows, torch.tensor([[1.0, 0.4], [0.0, 0.2], [1.0, 0.4]]))
    assert pictures[0, 1] == 51


def test_float_rows_are_gathered_as_they_are():
    x = torch.randn(4, 3)
    rows = Samples(x).take(torch.tensor([2, 2]), torch.device("cpu"))
    assert torch.equal(rows, x[[2, 2]])


def test_some_samples_are_those_places_of_all():
    x = torch.randn(5, 3)
    some = Samples(x, torch.tensor([4, 0, 2], dtype=torch.int32))
    assert len(some) == 3
    assert torch.equal(some.take(torch.tensor([2, 0]), CPU), x[[2, 4]])


def test_blocks_are_all_samples_in_order():
    x = torch.randn(7, 3)
    blocks = list(Samples(x).blocks(3, CPU))
    assert [len(block) for block in blocks] == [3, 3, 1]
    assert torch.equal(torch.cat(blocks), x)
