from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from pandas.testing import assert_frame_equal
from scipy import sparse

from osrae import InputError
from osrae.data.codec import PictureCodec, TableCodec, append_decoded, codec_from_json, fit_codec
from osrae.data.description import ImageDescription, TableDescription

ROWS = np.array([[0.0, 1.0], [2.0, 1.5], [4.0, 7.0]])
PICTURES = (np.arange(3 * 8 * 9) % 256).astype(np.uint8).reshape(3, 8, 9)


def restored(codec):
    return codec_from_json(json.loads(json.dumps(codec.to_json(), allow_nan=False)))


@pytest.mark.parametrize(
    ("X", "image_shape", "expected"),
    [
        (ROWS, None, TableDescription(2)),
        (ROWS.tolist(), None, TableDescription(2)),
        (sparse.csr_matrix(ROWS), None, TableDescription(2)),
        (pd.DataFrame(ROWS), None, TableDescription(2)),
        (pl.DataFrame(ROWS), None, TableDescription(2)),
        (np.array([["a", 1], ["b", 2]], dtype=object), None, TableDescription(1, (2,))),
        (PICTURES, None, ImageDescription(8, 9, 1)),
        (PICTURES[..., None], None, ImageDescription(8, 9, 1)),
        (torch.from_numpy(PICTURES), None, ImageDescription(8, 9, 1)),
        (PICTURES.reshape(3, 72), (8, 9), ImageDescription(8, 9, 1)),
        (PICTURES.reshape(3, 72)[:, :24].repeat(9, 1), (8, 9, 3), ImageDescription(8, 9, 3)),
    ],
)
def test_the_kind_is_found_from_the_data(X, image_shape, expected):
    codec = fit_codec(X, image_shape, "auto")
    assert type(codec) is (TableCodec if isinstance(expected, TableDescription) else PictureCodec)
    assert codec.description == expected
    assert codec.encode(X).shape[1:] == expected.shape
    assert restored(codec).description == expected


def test_flat_rows_are_a_table_unless_a_shape_is_given():
    flat = PICTURES.reshape(3, 72)
    assert fit_codec(flat, None, "auto").description.shape == (72,)
    assert fit_codec(flat, (8, 9), "auto").description.shape == (1, 8, 9)


def test_categorical_features_reach_the_table():
    assert fit_codec(ROWS, None, [0]).description == TableDescription(1, (3,))
    with pytest.raises(InputError, match="categorical_features"):
        fit_codec(ROWS, None, [2])


def test_table_codecs_come_back_from_json():
    X = pd.DataFrame({"x": [1.0, None, 3.0], "t": ["a", "b", None], 7: [1, 2, 4]})
    codec = fit_codec(X, None, [7])
    copy = restored(codec)
    assert isinstance(copy, TableCodec)
    Z = codec.encode(X)
    np.testing.assert_array_equal(copy.encode(X), Z)
    assert_frame_equal(codec.decode(Z), X)
    assert_frame_equal(copy.decode(Z), X)


@pytest.mark.parametrize("X", [PICTURES, (PICTURES / 255).astype(np.float16)])
@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 1), (72,)])
def test_picture_codecs_come_back_from_json(X, shape):
    X = X.reshape(3, *shape)
    codec = fit_codec(X, (8, 9) if len(shape) == 1 else None, "auto")
    copy = restored(codec)
    assert isinstance(copy, PictureCodec)
    Z = codec.encode(X)
    np.testing.assert_array_equal(copy.encode(X), Z)
    rows = Z.astype(np.float32) / codec.format.maximum
    for each in (codec, copy):
        decoded = each.decode(rows)
        assert decoded.dtype == X.dtype
        np.testing.assert_array_equal(decoded, X)


@pytest.mark.parametrize(
    "X",
    [ROWS, sparse.csc_matrix(ROWS), pd.DataFrame(ROWS), pl.DataFrame(ROWS), PICTURES],
    ids=lambda X: type(X).__name__,
)
def test_decoded_rows_are_appended_to_the_users_rows(X):
    codec = fit_codec(X, None, "auto")
    Z = codec.encode(X).astype(np.float32)
    Z = Z / 255 if X is PICTURES else Z
    appended = append_decoded(codec, X, iter([Z[:2], Z[2:]]), 3)
    assert type(appended) is type(X)
    values = appended.toarray() if sparse.issparse(appended) else np.asarray(appended)
    first = X.toarray() if sparse.issparse(X) else np.asarray(X)
    np.testing.assert_array_equal(values[:3], first)
    np.testing.assert_allclose(values[3:], first, atol=1e-6)


@pytest.mark.parametrize("X", [np.ones((2, 3)), np.array([["a", "b"]], dtype=object)])
def test_other_columns_than_in_training_are_refused_before_any_row_is_taken(X):
    with pytest.raises(InputError, match="training"):
        fit_codec(ROWS, None, "auto").rows(X)
