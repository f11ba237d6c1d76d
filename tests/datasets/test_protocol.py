from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from sklearn.datasets import load_digits

from osrae import InputError
from osrae.datasets.protocol import (
    CLASS_COUNTS,
    DIGIT_COUNTS,
    load_protocol,
    long_tailed_digits,
    subsample,
)

TAIL = [1000, 500, 250, 187, 125, 87, 50, 25, 15, 10]


def write_idx(path, values: np.ndarray) -> None:
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}i", *values.shape)
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header + values.astype(np.uint8).tobytes())


@pytest.fixture(scope="module")
def mnist_like(tmp_path_factory):
    """Files of MNIST's layout; each picture carries its own number, so that rows are known."""
    folder = tmp_path_factory.mktemp("data") / "mnist"
    folder.mkdir()
    for part, per_class in (("train", 4300), ("t10k", 980)):
        labels = np.repeat(np.arange(10), per_class)
        numbers = np.arange(len(labels))
        pictures = np.zeros((len(labels), 2, 2))
        pictures[:, 0, 0], pictures[:, 0, 1], pictures[:, 1, 0] = (
            numbers % 256,
            numbers // 256,
            labels,
        )
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", pictures)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)
    return folder.parent


def counts(y) -> list[int]:
    return np.unique(y, return_counts=True)[1].tolist()


def test_class_distributions_of_table_7(mnist_like):
    split = load_protocol("mnist", mnist_like, seed=0)
    assert counts(split.y_train) == [4000, 2000, 1000, 750, 500, 350, 200, 100, 60, 40]
    assert counts(split.y_test_balanced) == [800] * 10
    assert counts(split.y_test_imbalanced) == [980, *TAIL[1:]]
    np.testing.assert_array_equal(split.X_train[:, 1, 0], split.y_train)
    assert counts(split.y_validation) == [300] * 10
    X = np.concatenate([split.X_train, split.X_validation])
    rows = X[:, 0, 0] + 256 * X[:, 0, 1].astype(int)
    assert len(np.unique(rows)) == len(rows)


def test_the_seed_decides_the_subsample(mnist_like):
    first, same, other = (load_protocol("mnist", mnist_like, seed=s).X_train for s in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_environment_names_the_folder(mnist_like, monkeypatch):
    monkeypatch.setenv("OSRAE_DATA", str(mnist_like))
    assert len(load_protocol("mnist").y_train) == sum(CLASS_COUNTS["mnist"])


def test_what_is_not_there_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("OSRAE_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="OSRAE_DATA"):
        load_protocol("cifar10")
    with pytest.raises(InputError, match="there are mnist, fashion-mnist, cifar10, optdigits"):
        load_protocol("imagenet")


def test_optical_digits_have_the_eight_as_minority(tmp_path):
    X, digits = load_digits(return_X_y=True)
    table = np.column_stack([X, digits]).astype(int)
    (tmp_path / "optdigits").mkdir()
    np.savetxt(tmp_path / "optdigits" / "optdigits.tra", table, fmt="%d", delimiter=",")
    split = load_protocol("optdigits", tmp_path)
    y = np.concatenate([split.y_train, split.y_test_balanced])
    assert len(y) == 2 * len(digits)
    assert (y == 1).sum() == 2 * (digits == 8).sum()
    shares = (split.y_train == 1).mean(), (split.y_test_balanced == 1).mean()
    assert shares[0] == pytest.approx(shares[1], abs=0.002)


def test_long_tailed_digits_leave_no_test_row_for_validation_whatever_the_seed():
    splits = [long_tailed_digits(seed) for seed in (0, 1)]
    np.testing.assert_array_equal(*(split.X_test_balanced for split in splits))
    assert not np.array_equal(*(split.X_train for split in splits))
    images, _ = load_digits(return_X_y=True)
    for split in splits:
        assert counts(split.y_train) == list(DIGIT_COUNTS)
        parts = [split.X_train, split.X_test_balanced, split.X_validation]
        every = np.concatenate([part.reshape(len(part), 64) for part in parts])
        whole = np.rint(images * (255 / 16)).astype(np.uint8)
        np.testing.assert_array_equal(every[np.lexsort(every.T)], whole[np.lexsort(whole.T)])


def test_subsample_says_what_there_is():
    y = np.array([0, 0, 0, 1, 1])
    rng = np.random.default_rng(0)
    assert counts(y[subsample(y, [2, 1], rng)]) == [2, 1]
    with pytest.raises(InputError, match="3 samples of class 1 are asked for; there are 2"):
        subsample(y, [1, 3], rng)
    with pytest.raises(InputError, match="3 class sizes"):
        subsample(y, [1, 1, 1], rng)
