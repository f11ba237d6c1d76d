from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from osrae import InputError
from osrae.data.pictures import PictureFormat, from_network, read_format, to_network

#: Shape of one picture, image_shape for flat rows, and (height, width, channels).
LAYOUTS = [
    ((9, 11), None, (9, 11, 1)),
    ((9, 11, 1), None, (9, 11, 1)),
    ((9, 11, 3), None, (9, 11, 3)),
    ((9, 11, 4), None, (9, 11, 4)),
    ((8, 8), (8, 8), (8, 8, 1)),
    ((99,), (9, 11), (9, 11, 1)),
    ((99,), (9, 11, 1), (9, 11, 1)),
    ((297,), (9, 11, 3), (9, 11, 3)),
    ((396,), [9, 11, 4], (9, 11, 4)),
]


def pictures(shape, dtype="uint8", n=2):
    """Every value differs from its neighbours; the extremes 0 and 255 (or 1) occur."""
    values = np.arange(n * np.prod(shape)) * 37 % 256
    values[:2] = 0, 255
    values = values.reshape(n, *shape)
    return values.astype(np.uint8) if dtype == "uint8" else (values / 255).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64"])
@pytest.mark.parametrize(("shape", "image_shape", "size"), LAYOUTS)
def test_pictures_come_back_in_layout_type_and_range(shape, image_shape, size, dtype):
    X = pictures(shape, dtype)
    before = X.copy()
    f = read_format(X, image_shape)
    assert (f.height, f.width, f.channels) == size
    assert f.shape == shape
    assert f.dtype == dtype
    assert f.flat == (len(shape) == 1)
    assert PictureFormat.from_json(json.loads(json.dumps(f.to_json()))) == f
    Z = to_network(X, f)
    assert Z.shape == (2, size[2], size[0], size[1])
    assert Z.shape[1:] == f.description.shape
    assert Z.dtype == ("uint8" if dtype == "uint8" else "float32")
    # Channel 1 of the pixel in row 2, column 3 of the second picture.
    place = (2 * size[1] + 3) * size[2] + min(1, size[2] - 1)
    assert Z[1, min(1, size[2] - 1), 2, 3] == np.float32(X[1].ravel()[place])
    back = from_network(Z.astype(np.float32) / f.maximum, f)
    assert back.dtype == X.dtype
    assert back.flags.c_contiguous
    # A float64 comes back as the nearest float32; all others exactly.
    np.testing.assert_array_equal(back, X.astype(np.float32) if dtype == "float64" else X)
    np.testing.assert_array_equal(X, before)


def test_decoded_values_are_rounded_to_bytes_and_clipped():
    f = read_format(pictures((8, 8)))
    rows = np.full((1, 1, 8, 8), 0.5, dtype=np.float32)
    rows[0, 0, 0, :6] = [-0.1, 1.2, 1.4 / 255, 1.6 / 255, 254.4 / 255, 254.6 / 255]
    decoded = from_network(rows, f)
    assert decoded[0, 0].tolist() == [0, 255, 1, 2, 254, 255, 128, 128]  # 127.5 to even
    floats = from_network(rows, read_format(pictures((8, 8), "float32")))
    assert (floats.min(), floats.max()) == (0, 1)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_bytes_and_floats_reach_the_network_without_a_copy(dtype):
    X = pictures((8, 8, 3), dtype)
    assert np.shares_memory(to_network(X, read_format(X)), X)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_read_only_and_mirrored_pictures_become_tensors(dtype):
    X = pictures((9, 8), dtype)
    fixed = X.copy()
    fixed.flags.writeable = False
    f = read_format(fixed)
    np.testing.assert_array_equal(torch.from_numpy(to_network(fixed, f))[:, 0], X)
    mirrored = torch.from_numpy(to_network(X[:, :, ::-1], f))
    np.testing.assert_array_equal(mirrored[:, 0], X[:, :, ::-1].copy())
    turned = X.transpose(0, 2, 1)
    np.testing.assert_array_equal(
        torch.from_numpy(to_network(turned, read_format(turned)))[:, 0], turned
    )


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (torch.uint8, "uint8"),
        (torch.float16, "float16"),
        (torch.float32, "float32"),
        (torch.bfloat16, "float32"),
    ],
)
def test_torch_tensors_are_read(dtype, name):
    X = torch.zeros(2, 8, 8, dtype=dtype)
    X[0, 0, 0] = 1
    f = read_format(X)
    assert f.dtype == name
    assert to_network(X, f).sum() == 1


def test_lists_of_pictures_are_read():
    X = pictures((8, 9))
    assert read_format(list(X)) == read_format(X)
    np.testing.assert_array_equal(to_network(list(X), read_format(X))[:, 0], X)


def test_three_grey_pictures_are_not_one_channels_first():
    assert read_format(np.zeros((3, 8, 9), np.uint8)).description.shape == (1, 8, 9)


@pytest.mark.parametrize(
    ("X", "image_shape", "message"),
    [
        (np.zeros((5, 64), np.uint8), None, "For flat rows, set image_shape"),
        (np.zeros(64, np.uint8), None, r"shape \(64,\)"),
        (np.zeros((1, 1, 8, 8, 3), np.uint8), None, r"shape \(1, 1, 8, 8, 3\)"),
        (np.zeros((5, 3, 9, 10), np.uint8), None, r"channels-first: use X.transpose\(0, 2, 3, 1\)"),
        (np.zeros((5, 9, 10, 2), np.uint8), None, r"with 1, 3 or 4 channels, as[^:]*\.$"),
        (np.zeros((9, 10, 3), np.uint8), None, r"single picture: use X\[None\]"),
        (np.zeros((9, 10, 1), np.uint8), None, r"single picture: use X\[None\]"),
        (np.zeros((5, 7, 8), np.uint8), None, "Pictures are 7 × 8 pixels .* at least 8 × 8"),
        (np.zeros((5, 8, 7, 3), np.uint8), None, "Pictures are 8 × 7 pixels"),
        (np.zeros((5, 63), np.uint8), (9, 7), "Pictures are 9 × 7 pixels"),
        (np.zeros((0, 8, 8), np.uint8), None, "Found 0 pictures"),
        (np.zeros((0, 64), np.uint8), (8, 8), "Found 0 pictures"),
        (np.zeros((5, 64), np.uint8), (8, 9), r"needs rows of 72 values.* have 64"),
        (np.zeros((5, 64), np.uint8), (8,), "must be .height, width. or"),
        (np.zeros((5, 128), np.uint8), (8, 8, 2), "1, 3 or 4 channels"),
        (np.zeros((5, 8, 8), np.uint8), (8, 9), r"has shape \(8, 8\)\. Leave out image_shape"),
        (np.zeros((5, 64), np.uint8), (-8, -8), "image_shape=.-8, -8. must be"),
        (np.zeros((5, 64), np.uint8), (8.5, 8), "image_shape=.8.5, 8. must be"),
        (np.full((5, 8, 8), 9), None, r"int64 .* from 9 to 9; .* X.astype\(np.uint8\)"),
        (np.full((5, 8, 8), -1, np.int8), None, "int8 .* from -1 to -1"),
        (np.zeros((5, 8, 8), np.uint16), None, "type uint16"),
        (np.zeros((5, 8, 8), bool), None, r"type bool .* X.astype\(np.uint8\) \* 255"),
        (np.zeros((5, 8, 8), complex), None, "type complex128"),
        (np.full((5, 8, 8), "a"), None, "type <U1"),
        (np.full((5, 8, 8), None), None, "type object"),
        (np.full((5, 8, 8), 200.0), None, "from 200 to 200; .* divide by 255"),
        (np.full((5, 8, 8), -1.0), None, r"from -1 to -1; .* use \(X \+ 1\) / 2"),
        (np.full((5, 8, 8), -2.5), None, "from -2.5 to -2.5; .* Undo the standardisation"),
        (np.full((5, 8, 8), 1e6), None, r"from 1e\+06 to 1e\+06; .* Undo the standardisation"),
        (np.full((1, 8, 8), np.nan), None, "with 64 values that are NaN or infinite"),
        (np.full((1, 8, 8), -np.inf, np.float16), None, "with 64 values that are NaN or infinite"),
        ([np.zeros((8, 8)), np.zeros((8, 9))], None, "pictures differ in size"),
        ([np.zeros((8, 8, 3)), np.zeros((9, 8, 3))], None, "pictures differ in size"),
        (torch.zeros(5, 3, 9, 10), None, "channels-first"),
    ],
)
def test_what_is_no_picture_is_refused_by_what_was_found(X, image_shape, message):
    with pytest.raises(InputError, match=message):
        read_format(X, image_shape)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_single_bad_value_is_found(value):
    X = pictures((8, 8), "float32")
    f = read_format(X)
    X[1, 3, 4] = value
    for read in (read_format, lambda X: to_network(X, f)):
        with pytest.raises(InputError, match="with 1 values that are NaN or infinite"):
            read(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pictures((8, 9, 4)), r"Found pictures of shape \(8, 9, 4\) .* had shape \(8, 9, 3\)"),
        (pictures((9, 8, 3)), "Bring them to that shape"),
        (pictures((3, 8, 9)), "channels-first, use X.transpose"),
        (pictures((216,)), r"shape \(216,\)"),
        (pictures((8, 9)), r"shape \(8, 9\)"),
        (np.zeros((0, 8, 9, 3), np.uint8), "Found 0 pictures"),
        (pictures((8, 9, 3), "float32"), "type float32, .* had type uint8, from 0 to 255"),
        (pictures((8, 9, 3)).astype(int), "type int64 .* from 0 to 255"),
        (pictures((8, 9, 3)) > 9, "type bool"),
        (np.float32(pictures((8, 9, 3))), "from 0 to 255; floats must range from 0 to 1"),
        ([np.zeros((8, 9, 3)), np.zeros((8, 9, 1))], "pictures differ in size"),
        (np.uint8(7), "Found pictures of shape"),
    ],
)
def test_pictures_unlike_those_of_training_are_refused(X, message):
    f = read_format(pictures((8, 9, 3)))
    with pytest.raises(InputError, match=message):
        to_network(X, f)


def test_bytes_after_floats_are_refused():
    f = read_format(pictures((8, 8), "float64"))
    with pytest.raises(InputError, match=r"type uint8, .* had type float64, from 0 to 1"):
        to_network(pictures((8, 8)), f)
    assert to_network(pictures((8, 8), "float16"), f).dtype == np.float32
