from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from osrae.errors import DataWarning, InputError
from osrae.evaluation import features
from osrae.evaluation.features import CustomFeatures, InceptionFeatures, RandomVGG16
from osrae.evaluation.generation import (
    compare_samples,
    frechet_distance,
    kernel_distance,
    prdc,
    prdc_per_class,
)


def digits():
    X, y = load_digits(return_X_y=True)
    return X[::2], X[1::2], y[::2], y[1::2]


def halves(pictures):
    """Pixel means of four quarters: a quick stand-in for a network."""
    return pictures.reshape(len(pictures), 2, 4, 2, 4).mean(axis=(2, 4)).reshape(len(pictures), 4)


def test_the_result_is_made_of_the_single_scores():
    real, generated, y_real, y_generated = digits()
    result = compare_samples(real, generated, y_real, y_generated, k=3, random_state=0)
    assert (result.n_real, result.n_generated, result.n_features, result.k) == (899, 898, 64, 3)
    real, generated = real.astype(np.float32), generated.astype(np.float32)
    for name, value in prdc(real, generated, 3).items():
        assert getattr(result, name) == value
    assert result.frechet == pytest.approx(frechet_distance(real, generated))
    kernel = kernel_distance(real, generated, random_state=0)
    assert (result.kernel, result.kernel_sd) == pytest.approx(kernel)
    assert result.kernel_subset_size == 449
    table = prdc_per_class(real, generated, y_real, y_generated, 3)
    assert result.per_class.equals(table)
    assert result.class_means == pytest.approx(
        table.drop(columns=["n_real", "n_generated"]).mean().to_dict()
    )


def test_a_generator_draws_the_subsets():
    real, generated, *_ = digits()
    first, second = (
        compare_samples(real[:100], generated[:100], random_state=np.random.default_rng(1))
        for _ in range(2)
    )
    assert first == second
    with pytest.raises(InputError, match="random_state='one': expected a whole number"):
        compare_samples(real, generated, random_state="one")


def test_the_text_names_extractor_and_sizes():
    real, generated, y_real, y_generated = digits()
    result = compare_samples(real, generated, y_real, y_generated, random_state=0)
    text = str(result)
    assert "898 generated samples against 899 real ones" in text
    assert "Features: columns as given (64 values); k = 5" in text
    assert f"Fréchet distance (columns as given): {result.frechet:.4g}" in text
    assert "kernel distance (columns as given)" in text
    assert "100 subsets of 449" in text
    assert f"Mean of 10 classes: precision {result.class_means['precision']:.3f}" in text
    assert "FID" not in text
    assert "KID" not in text
    plain = compare_samples(real, generated, random_state=0)
    assert plain.per_class is None
    assert plain.class_means is None
    assert "classes" not in str(plain)


class Standard(InceptionFeatures):
    """Inception's place taken by two numbers, so that no weights are needed."""

    def __init__(self):
        pass

    def __call__(self, samples):
        return halves(samples)


def test_only_inception_features_make_a_fid():
    real = load_digits().images / 16
    result = compare_samples(real[::2], real[1::2], extractor=Standard(), random_state=0)
    assert result.frechet_name == "FID"
    assert "\nFID: " in str(result)
    assert "\nKID: " in str(result)
    own = CustomFeatures(halves, "quarters")
    result = compare_samples(real[::2], real[1::2], extractor=own, random_state=0)
    assert result.frechet_name == "Fréchet distance (quarters)"
    assert result.kernel_name == "kernel distance (quarters)"


def test_pictures_use_the_default_extractor(monkeypatch):
    monkeypatch.setattr(features, "find_weights", lambda: None)
    pictures = (load_digits().images[:150] / 16).astype(np.float32)
    result = compare_samples(pictures[:80], pictures[80:], random_state=0)
    assert result.extractor == "random VGG-16, 64 features, seed 0"
    assert result.coverage > 0.8
    noise = np.random.default_rng(0).random((70, 8, 8), dtype=np.float32)
    worse = compare_samples(pictures[:80], noise, extractor=RandomVGG16(), random_state=0)
    assert worse.coverage < 0.2
    assert worse.frechet > 5 * result.frechet


def test_few_samples_warn_of_the_bias():
    real, generated, *_ = digits()
    with pytest.warns(DataWarning, match="64 features is strongly biased upwards with 40 samples"):
        compare_samples(real[:50], generated[:40], random_state=0)


@pytest.mark.parametrize(
    ("real", "generated", "arguments", "message"),
    [
        (np.zeros((9, 8, 8)), np.zeros((9, 8, 9)), {}, r"\(9, 8, 8\) and generated .*\(9, 8, 9\)"),
        (np.zeros(9), np.zeros(9), {}, r"tables \(n, d\)"),
        (
            np.zeros((5, 3)),
            np.zeros((9, 3)),
            {},
            "5 real and 9 generated samples; at least 6 of each",
        ),
        (
            np.zeros((3, 3)),
            np.zeros((9, 3)),
            {"k": 1},
            "at least 4 of each are needed: more than k=1",
        ),
        (np.zeros((9, 3)), np.zeros((9, 3)), {"k": -1}, "k=-1 must be a whole number from 1"),
        (np.zeros((9, 3)), np.zeros((9, 3)), {"y_real": [0] * 9}, "y_generated is missing"),
        (
            np.zeros((9, 3)),
            np.zeros((9, 3)),
            {"y_real": [0] * 9, "y_generated": [0] * 8},
            r"generated samples have shape \(8,\)",
        ),
        (
            np.zeros((9, 3)),
            np.zeros((9, 3)),
            {"y_real": [0] * 9, "y_generated": [0] * 8 + [None]},
            "y_generated lacks 1 label",
        ),
        (
            np.zeros((9, 3)),
            np.zeros((9, 3)),
            {"y_real": [0] * 9, "y_generated": [1] * 9},
            r"classes \[0\] and the generated ones \[1\]",
        ),
        (
            np.zeros((9, 8, 8), dtype=np.uint8),
            np.zeros((9, 8, 8)),
            {},
            "Real pictures are of type uint8 and generated ones of type float64",
        ),
        (
            np.zeros((9, 3)),
            np.full((9, 3), np.nan),
            {},
            "Row 0 of the generated features holds NaN",
        ),
        (
            np.zeros((9, 3)),
            np.zeros((9, 3)),
            {"extractor": CustomFeatures(lambda rows: rows[:2], "broken")},
            "'broken' returned 2 rows for 9 real samples",
        ),
    ],
)
def test_bad_input(real, generated, arguments, message):
    with pytest.raises(InputError, match=message):
        compare_samples(real, generated, **arguments)
