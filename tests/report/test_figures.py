from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from osrae.evaluation.statistics import score_table
from osrae.report.figures import (
    class_marks,
    critical_difference,
    latent_space,
    reliability,
    training_curves,
)
from osrae.report.svg import inline_svg


def test_curves_are_drawn_and_told():
    history = [
        {"step": 10, "encoder": 2.0, "validation_acsa": 0.5, "seconds": 1.0},
        {"step": 20, "encoder": 1.0, "critic": 0.3, "validation_acsa": None, "seconds": 2.0},
    ]
    gallery = training_curves(history)
    assert [figure.caption for figure in gallery.figures] == [
        "Validation ACSA, %", "Loss of the encoder", "Loss of the critic"
    ]  # fmt: skip
    assert "2 at step 10, 1 at step 20" in gallery.figures[1].alt
    assert list(gallery.data.rows) == [(10, 50.0, 2.0, None), (20, None, 1.0, 0.3)]


def test_32_classes_look_different():
    marks = class_marks(100)
    assert len(set(marks[:32])) == 32
    assert marks[32:64] == marks[:32]


def test_latent_space_draws_every_class_twice_and_counts_neighbours():
    points = np.array([[0, 0], [0, 1], [9, 0], [9, 1], [0, 2], [0.5, 0.5]])
    codes = np.array([0, 0, 1, 1, 1, 0])
    mixed = np.array([False] * 5 + [True])
    figure = latent_space(points, codes, mixed, ["<b>", "$x^2$", "none"], "held-out samples")
    for part in ("class-0.real", "class-0.mixed", "class-1.real"):
        assert f'id="{part}"' in figure.content
    assert [entry.label for entry in figure.legend] == ["<b>", "$x^2$"]
    assert list(figure.data.rows) == [("<b>", 2, 100.0), ("$x^2$", 3, pytest.approx(200 / 3))]
    assert "5 held-out samples and 1 mixtures" in figure.alt
    assert "&lt;b" not in figure.content  # names stand in the legend only


def test_reliability_is_told_in_numbers():
    table = pd.DataFrame(
        {"low": [0.4], "high": [0.5], "share": [1.0], "confidence": [0.45], "accuracy": [0.9]}
    )
    figure = reliability(table, 0.45)
    assert "differ by 45.0 points" in figure.alt
    assert list(figure.data.rows) == [(40.0, 50.0, 100.0, 45.0, 90.0)]


def test_critical_difference_names_the_order_in_words():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        [
            {"dataset": f"d{d}", "method": m, "score": s + 0.01 * rng.random()}
            for d in range(8)
            for m, s in (("<i>", 0.9), ("$b$", 0.8), ("c", 0.7))
        ]
    )
    figure = critical_difference(score_table(frame))
    assert "best first: <i> (1.00), $b$ (2.00), c (3.00)" in figure.alt
    assert "<i>" not in inline_svg(figure.content, "p-", figure.alt).split(">", 1)[1]
    assert list(figure.data.rows) == [("<i>", 1.0), ("$b$", 2.0), ("c", 3.0)]
