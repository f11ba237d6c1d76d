from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from osrae import InputError
from osrae.datasets.readers import read_idx, read_idx_pictures


def idx(values: np.ndarray, kind: int = 8) -> bytes:
    header = bytes([0, 0, kind, values.ndim]) + struct.pack(f">{values.ndim}i", *values.shape)
    return header + values.tobytes()


@pytest.mark.parametrize(("kind", "dtype"), [(8, ">u1"), (11, ">i2"), (13, ">f4"), (14, ">f8")])
@pytest.mark.parametrize("packed", [False, True])
def test_idx(tmp_path, kind, dtype, packed):
    values = np.arange(24).reshape(2, 3, 4).astype(dtype)
    content = idx(values, kind)
    path = tmp_path / ("x-ubyte.gz" if packed else "x-ubyte")
    path.write_bytes(gzip.compress(content) if packed else content)
    read = read_idx(path)
    np.testing.assert_array_equal(read, values)
    assert read.dtype.isnative


def test_damaged_idx_files_are_named(tmp_path):
    content = idx(np.zeros((3, 4), np.uint8))
    path = tmp_path / "t10k"
    for wrong, match in [
        (content[:-1], "promises 12 bytes"),
        (content + b"x", "it holds 13"),
        (content[:6], "no IDX file"),
        (b"hello world", "no IDX file"),
        (b"", "no IDX file"),
    ]:
        path.write_bytes(wrong)
        with pytest.raises(InputError, match=match):
            read_idx(path)
    packed = tmp_path / "t10k.gz"
    for wrong in (gzip.compress(content)[:-9], gzip.compress(content)[:-8] + b"\0" * 8, b"plain"):
        packed.write_bytes(wrong)
        with pytest.raises(InputError, match=r"t10k\.gz cannot be read"):
            read_idx(packed)
    with pytest.raises(InputError, match="cannot be read"):
        read_idx(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "shape",
    [
        (2**31 - 1,) * 9,  # more than memory has
        (2**16, 2**16, 2**16, 2**16),  # 0 in 64 bits
        (-1, -1),  # their product is that of (1, 1)
        (0, 2**31 - 1, -5),
    ],
)
def test_impossible_shapes_are_refused(tmp_path, shape):
    path = tmp_path / "x"
    path.write_bytes(bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}i", *shape) + b"1")
    with pytest.raises(InputError, match="its header promises"):
        read_idx(path)


def files(mark: str, end: str) -> dict[str, bytes]:
    """Two training pictures and one for testing."""
    contents = {}
    for part, n in (("train", 2), ("t10k", 1)):
        contents[f"{part}-images{mark}idx3-ubyte{end}"] = idx(
            np.arange(n * 6, dtype=np.uint8).reshape(n, 2, 3)
        )
        contents[f"{part}-labels{mark}idx1-ubyte{end}"] = idx(np.arange(7, 7 + n, dtype=np.uint8))
    return {name: gzip.compress(content) if end else content for name, content in contents.items()}


@pytest.mark.parametrize("mark", ["-", "."])
@pytest.mark.parametrize("end", ["", ".gz"])
def test_pictures(pack, mark, end):
    read = read_idx_pictures(pack("mnist", files(mark, end)))
    assert read.X_train.tolist() == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]
    assert read.y_train.tolist() == [7, 8]
    assert read.X_test.tolist() == [[[0, 1, 2], [3, 4, 5]]]
    assert read.y_test.tolist() == [7]
    assert read.y_test.dtype == np.int64


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("train-labels-idx1-ubyte", None, r"none of train-labels-idx1-ubyte, .*\.gz"),
        (
            "t10k-labels-idx1-ubyte",
            idx(np.zeros(3, np.uint8)),
            r"t10k files .* \(1, 2, 3\) .*\(3,\)",
        ),
        ("t10k-images-idx3-ubyte", idx(np.zeros(1, np.uint8)), "t10k files"),
        ("t10k-images-idx3-ubyte", idx(np.zeros((1, 5, 5), np.uint8)), "two data sets"),
        ("train-labels-idx1-ubyte", idx(np.zeros(2, ">f4"), 13), "float32"),
    ],
)
def test_files_that_do_not_fit(pack, name, content, match):
    contents = files("-", "")
    contents.pop(name)
    folder = pack("mnist", contents | ({name: content} if content else {}))
    with pytest.raises(InputError, match=match):
        read_idx_pictures(folder)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_real_files(real_data, name):
    read = read_idx_pictures(real_data / name)
    assert read.X_train.shape == (60000, 28, 28)
    assert read.X_test.shape == (10000, 28, 28)
    # As the makers state: Fashion-MNIST is balanced, MNIST has 980 zeros for testing.
    assert np.bincount(read.y_test)[0] == (980 if name == "mnist" else 1000)
