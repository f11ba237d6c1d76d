from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from osrae import InputError
from osrae.datasets.readers import read_idx, read_optical_digits


def idx(values: np.ndarray, kind: int) -> bytes:
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
    content = idx(np.zeros((3, 4), np.uint8), 8)
    path = tmp_path / "t10k"
    for wrong, match in [
        (content[:-1], "promises 12 bytes"),
        (content[:6], "no IDX file"),
        (b"hello world", "no IDX file"),
        (b"", "no IDX file"),
    ]:
        path.write_bytes(wrong)
        with pytest.raises(InputError, match=match):
            read_idx(path)
    packed = tmp_path / "t10k.gz"
    packed.write_bytes(gzip.compress(content)[:-9])
    with pytest.raises(InputError, match=r"t10k\.gz cannot be read"):
        read_idx(packed)
    with pytest.raises(InputError, match="cannot be read"):
        read_idx(tmp_path / "nowhere")


def test_optical_digits(tmp_path):
    path = tmp_path / "optdigits.tra"
    path.write_text("\n".join(",".join(map(str, [*range(64), digit])) for digit in (3, 8)))
    X, digits = read_optical_digits(path)
    np.testing.assert_array_equal(X, np.tile(np.arange(64.0), (2, 1)))
    assert list(digits) == [3, 8]
    path.write_text("1,2,3\n")
    with pytest.raises(InputError, match="3 columns"):
        read_optical_digits(path)
    path.write_text("a,b\n")
    with pytest.raises(InputError, match=r"optdigits\.tra"):
        read_optical_digits(path)
