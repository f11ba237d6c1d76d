from __future__ import annotations

import tarfile

import numpy as np
import pytest
from PIL import Image

from osrae import InputError
from osrae.datasets.readers.class_folders import read_class_folders


@pytest.fixture
def birds(tmp_path):
    """Two classes of grey pictures; the value of a picture's pixels is its number."""
    for part, numbers in (("train", range(6)), ("test", range(10, 12))):
        for number in numbers:
            name = ("wren", "robin")[number % 2]
            folder = tmp_path / "birds" / part / name
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 9), number, np.uint8)).save(folder / f"{number}.png")
    return tmp_path / "birds"


def test_labels_count_the_sorted_names(birds):
    data = read_class_folders(birds)
    assert data.class_names == ("robin", "wren")
    assert data.X_train.shape == (6, 8, 9)
    np.testing.assert_array_equal(data.y_train, 1 - data.X_train[:, 0, 0] % 2)
    np.testing.assert_array_equal(data.y_test, 1 - data.X_test[:, 0, 0] % 2)


def test_an_archive_reads_alike(birds, tmp_path):
    with tarfile.open(tmp_path / "birds.tar.gz", "w:gz") as archive:
        archive.add(birds, "birds")
    packed, plain = read_class_folders(tmp_path / "birds.tar.gz"), read_class_folders(birds)
    np.testing.assert_array_equal(packed.X_train, plain.X_train)
    np.testing.assert_array_equal(packed.y_test, plain.y_test)


def test_parts_that_do_not_fit(birds):
    (birds / "test" / "robin").rename(birds / "test" / "rook")
    with pytest.raises(InputError, match=r"\['robin', 'rook'\] .* only one of train and test"):
        read_class_folders(birds)
    (birds / "test" / "rook").rename(birds / "test" / "robin")
    for file in (birds / "test").glob("*/*.png"):
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(file)
    with pytest.raises(InputError, match=r"\(8, 9\), the test pictures \(8, 8\)"):
        read_class_folders(birds)
