from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris

from osrae.evaluation.data_plots import data_overview

IMAGES, LABELS = load_digits(return_X_y=True)
PICTURES = (IMAGES.reshape(-1, 8, 8) * 15).astype(np.uint8)


def test_bars_are_as_high_as_the_classes_are_common():
    counts = {"training": [100, 30, 4], "test": [10, 10, 10]}
    figure = data_overview("digits", counts, ["a", "b", "c"], PICTURES, LABELS % 3)
    bars = figure.subfigs[0].axes[0].patches
    assert [bar.get_height() for bar in bars] == [100, 30, 4, 10, 10, 10]


def test_pictures_stand_in_the_row_of_their_class():
    figure = data_overview("digits", {"all": [178] * 10}, list("0123456789"), PICTURES, LABELS)
    (image,) = figure.subfigs[1].axes[0].images
    canvas = image.get_array()
    for label in range(10):
        first = PICTURES[label == LABELS][0]
        row = canvas[label * 10 : label * 10 + 8]
        places = [x for x in range(row.shape[1] - 8) if np.array_equal(row[:, x : x + 8], first)]
        assert len(places) == 1


@pytest.mark.parametrize("n_classes", [21, 100])
def test_many_classes_get_lines_and_every_one_a_picture(n_classes):
    y = np.arange(len(PICTURES)) % n_classes
    colour = np.repeat(PICTURES[..., None], 3, axis=3)
    names = [f"a rather long name {number}" for number in range(n_classes)]
    figure = data_overview("many", {"training": range(1, n_classes + 1)}, names, colour, y)
    upper, lower = (part.axes[0] for part in figure.subfigs)
    np.testing.assert_array_equal(upper.lines[0].get_ydata(), range(1, n_classes + 1))
    assert len(lower.texts) == n_classes


def test_tables_with_categories_gaps_and_one_column():
    X, y = load_iris(return_X_y=True, as_frame=True)
    X = X.assign(kind=pd.Categorical(["a", "b"] * 75))
    X.iloc[3, 0] = np.nan
    for table in (X, X[["kind"]], X.iloc[:, :1], X.iloc[:, :4].fillna(0).to_numpy()):
        figure = data_overview("iris", {"all": [50] * 3}, list("abc"), table, y.to_numpy())
        scattered = figure.subfigs[1].axes[0].collections
        assert sum(len(part.get_offsets()) for part in scattered) == 150
        assert all(np.isfinite(part.get_offsets()).all() for part in scattered)
