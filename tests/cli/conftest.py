"""Small real data that the commands are tried on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from .shell import FAST, iris_frame, osrae


@pytest.fixture(scope="module")
def iris(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("iris") / "iris.csv"
    iris_frame().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def iris_model(iris) -> Path:
    osrae("fit", iris, "--target", "species", "-o", iris.parent / "model", *FAST)
    return iris.parent / "model"


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("digits") / "digits"
    images, labels = load_digits(n_class=2, return_X_y=True)
    for label, count in ((0, 20), (1, 8)):
        (folder / f"is {label}").mkdir(parents=True)
        for number, row in enumerate(images[labels == label][:count]):
            picture = (row.reshape(8, 8) * 15).astype(np.uint8)
            Image.fromarray(picture).save(folder / f"is {label}" / f"{number:02}.png")
    return folder
