from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from osrae import InputError
from osrae.datasets.readers import read_svhn


def pictures(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


def write(folder, name: str, X: np.ndarray, y: np.ndarray) -> None:
    savemat(folder / f"{name}_32x32.mat", {"X": X, "y": y}, do_compression=True)


@pytest.fixture
def folder(tmp_path):
    """Three training and two test digits, as the makers lay them out: the picture axis last."""
    write(tmp_path, "train", pictures(3).transpose(1, 2, 3, 0), np.array([[1], [10], [9]], "u1"))
    write(tmp_path, "test", pictures(2).transpose(1, 2, 3, 0), np.array([[10], [2]], "u1"))
    return tmp_path


def test_svhn(folder):
    read = read_svhn(folder)
    np.testing.assert_array_equal(read.X_train, pictures(3))
    np.testing.assert_array_equal(read.X_test, pictures(2))
    assert read.y_train.tolist() == [1, 0, 9]  # ten is the digit 0
    assert read.y_test.tolist() == [0, 2]
    assert read.X_train.flags.c_contiguous


def test_missing_file(folder):
    (folder / "test_32x32.mat").unlink()
    with pytest.raises(InputError, match=r"has no test_32x32\.mat; expected train_32x32\.mat, "):
        read_svhn(folder)


@pytest.mark.parametrize("part", [0, 0.01, 0.5, 0.99])
def test_cut_short(folder, part):
    path = folder / "test_32x32.mat"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(InputError, match=r"test_32x32\.mat"):
        read_svhn(folder)


@pytest.mark.parametrize(
    ("X", "y", "match"),
    [
        (np.zeros((32, 32, 2), np.uint8), np.ones((2, 1)), r"X of shape \(32, 32, 2\)"),
        (np.zeros((32, 32, 1, 2), np.uint8), np.ones((2, 1)), r"X of shape \(32, 32, 1, 2\)"),
        (np.zeros((32, 32, 3, 2), np.uint8), np.ones((3, 1)), r"y of shape \(3, 1\)"),
        (np.zeros((32, 32, 3, 2)), np.ones((2, 1)), "pictures as float64"),
        (np.zeros((32, 32, 3, 2), np.uint8), np.zeros((2, 1)), "labels from 0.0 to 0.0"),
        (np.zeros((32, 32, 3, 2), np.uint8), np.full((2, 1), 1.5), "expected uint8, and 1 to 10"),
    ],
)
def test_other_content(folder, X, y, match):
    write(folder, "test", X, y)
    with pytest.raises(InputError, match=match):
        read_svhn(folder)


def test_other_files(folder):
    savemat(folder / "train_32x32.mat", {"Z": np.zeros(3)})
    with pytest.raises(InputError, match=r"X of shape \(\)"):
        read_svhn(folder)
    (folder / "train_32x32.mat").write_bytes(b"hello world")
    with pytest.raises(InputError, match="cannot be read as a MATLAB file"):
        read_svhn(folder)
