from __future__ import annotations

import io

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_digits, load_iris

from osrae.data.codec import fit_codec
from osrae.report.page import DataTable, Strips
from osrae.report.samples import generated_samples, sample_items


def iris() -> tuple[pd.DataFrame, np.ndarray]:
    data = load_iris(as_frame=True)
    X = data.data.drop_duplicates()
    return X.assign(site=np.where(np.arange(len(X)) % 2, "a", "b")), data.target[X.index].to_numpy()


def test_copies_show_and_new_rows_do_not():
    X, y = iris()
    rng = np.random.default_rng(0)

    def sample(n, label, random_state):
        rows = X[y == label].head(n).copy()
        if label != 0:  # class 0 is learned by heart
            rows.iloc[:, :4] += rng.normal(0, 0.3, (n, 4))
        return rows

    codec = fit_codec(X, None, "auto")
    found = generated_samples(sample, codec, X, y, np.arange(3), seed=0)
    np.testing.assert_allclose(found[0].ratios, 0, atol=1e-6)
    np.testing.assert_array_equal(found[0].nearest, np.flatnonzero(y == 0)[:20])
    assert (found[1].ratios > 0.1).all()
    assert found[0].same.all()

    table, *rows = sample_items(found, codec, X, list(X.columns))
    assert isinstance(table, DataTable)
    assert {row[0]: row[4] for row in table.rows} == {"0": 20, "1": 0, "2": 0}
    first = next(one for one in rows if one.caption.startswith("0:"))
    assert first.rows[0][1:6] == first.rows[1][1:6]
    assert [column.kind for column in first.columns[1:6]] == ["number"] * 4 + ["text"]


def test_distances_are_relative_to_those_between_real_rows():
    X = np.array([[0.0], [1.0], [2.0], [3.0], [20.0], [24.0]])
    y = np.array([0, 0, 0, 0, 1, 1])

    def sample(n, label, random_state):
        return np.full((n, 1), 0.5 if label == 0 else 22.0)

    found = generated_samples(sample, fit_codec(X, None, "auto"), X, y, np.arange(2), seed=0)
    np.testing.assert_allclose(found[0].ratios, 0.5, rtol=1e-5)
    np.testing.assert_allclose(found[1].ratios, 0.5, rtol=1e-5)
    assert found[1].same.all()


def test_duplicates_and_single_rows_have_no_usual_distance():
    X = np.array([[1.0], [1.0], [1.0], [5.0]])
    codec = fit_codec(X, None, "auto")
    found = generated_samples(
        lambda n, label, random_state: np.full((n, 1), 2.0),
        codec, X, np.array([0, 0, 0, 1]), np.arange(2), seed=0,
    )  # fmt: skip
    assert np.isnan(found[0].ratios).all()
    assert np.isfinite(found[1].ratios).all()
    table, *_ = sample_items(found, codec, X, None)
    assert {row[0]: row[4] for row in table.rows} == {"0": None, "1": 0}  # not known, not none


def test_long_text_is_shortened():
    X, y = iris()
    X = X.assign(site=[f"{n % 2} {'long ' * 50}" for n in range(len(X))])
    codec = fit_codec(X, None, "auto")
    found = generated_samples(
        lambda n, label, random_state: X[y == label].head(n), codec, X, y, np.arange(3), seed=0
    )
    _, first, *_ = sample_items(found, codec, X, list(X.columns))
    assert first.rows[0][5].startswith("0 long long ")
    assert len(first.rows[0][5]) == 60


def shown(colour: bool) -> list[Strips]:
    images, y = load_digits(n_class=2, return_X_y=True)
    X = (images.reshape(-1, 8, 8) * 15).astype(np.uint8)
    if colour:
        X = np.stack([X, X // 2, X // 4], axis=-1)
    names = np.array(["<zero>", "one"])
    codec = fit_codec(X, None, "auto")

    def sample(n, label, random_state):
        return X[y == names.tolist().index(label)][:n]

    found = generated_samples(sample, codec, X, y, names, seed=0)
    _, *strips = sample_items(found, codec, X, None)
    return strips


def test_pictures_line_up_with_those_nearest_to_them():
    strips = shown(colour=False)
    assert [one.title.split(" · ")[0] for one in strips] == ["<zero>", "one"]
    real, new, nearest = (Image.open(io.BytesIO(strip.content)) for strip in strips[0].strips)
    assert real.size == new.size == nearest.size == (8 * 64 + 7 * 4, 64)
    assert np.array_equal(np.asarray(new), np.asarray(nearest))
    assert new.format == "PNG"
    assert "<zero>" in strips[0].strips[0].alt


def test_colour_is_kept_and_small():
    strips = shown(colour=True)
    picture = Image.open(io.BytesIO(strips[0].strips[0].content))
    assert picture.format == "WEBP"
    red, green, blue = np.asarray(picture.convert("RGB"))[10:50, 10:50].reshape(-1, 3).mean(0)
    assert red > 1.5 * green > 2 * blue
    assert len(strips[0].strips[0].content) < 30_000


def test_large_pictures_are_made_smaller():
    X = np.random.default_rng(0).integers(0, 256, (6, 300, 200), dtype=np.uint8)
    codec = fit_codec(X, None, "auto")
    found = generated_samples(
        lambda n, label, random_state: X[np.arange(n) % 6], codec, X, np.zeros(6, int),
        np.array(["x"]), seed=0,
    )  # fmt: skip
    _, strips = sample_items(found, codec, X, None)
    assert Image.open(io.BytesIO(strips.strips[1].content)).size[1] == 96
