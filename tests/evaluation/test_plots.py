from __future__ import annotations

import io

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from osrae.evaluation.plots import latent_space, project, sample_rows, training_curves


def drawn(figure: Figure) -> np.ndarray:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return np.asarray(Image.open(buffer).convert("RGB"))


def test_training_curves_have_one_panel_per_quantity():
    history = [
        {"step": 10, "encoder": 2.0, "validation_acsa": 0.5, "seconds": 1.0},
        {"step": 20, "encoder": 1.0, "critic": 0.3, "validation_acsa": 0.7, "seconds": 2.0},
    ]
    figure = training_curves(history)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["loss of the encoder", "loss of the critic", "validation ACSA (%)"]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xydata(), [[10, 2], [20, 1]])
    np.testing.assert_array_equal(figure.axes[1].lines[0].get_xydata(), [[20, 0.3]])
    assert len(np.unique(drawn(figure))) > 10


def test_a_run_without_validation_has_no_panel_for_it():
    figure = training_curves([{"step": 1, "encoder": 1.0, "validation_acsa": None, "seconds": 1.0}])
    assert len(figure.axes) == 1


def test_latent_space_shows_every_point():
    points = np.arange(12.0).reshape(6, 2)
    labels = np.array([0, 0, 1, 1, 1, 0])
    figure = latent_space(points, labels, np.array([0, 0, 0, 0, 1, 1], bool), {0: 7, 1: 3})
    shown = np.concatenate([c.get_offsets() for c in figure.axes[0].collections])
    assert sorted(map(tuple, shown)) == sorted(map(tuple, points))
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == ["0  (n = 7)", "1  (n = 3)"]


def test_sample_rows_draw_real_and_generated_pictures():
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 255, (3, 8, 8), dtype=np.uint8)
    colour = rng.random((12, 8, 8, 3))
    figure = sample_rows([("owl", grey, grey), ("eagle", grey, grey)], per_row=5)
    block = figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(block[1:9, 1:9], grey[0])
    assert block.shape == (10, 50)
    assert not block[:, 30:].any()
    figure = sample_rows([("owl", colour, colour)])
    np.testing.assert_array_equal(
        figure.axes[1].images[0].get_array()[1:9, 1:9], np.rint(colour[0] * 255)
    )
    assert len(np.unique(drawn(figure))) > 10


def test_the_projection_is_the_same_at_every_call_and_keeps_clusters_apart():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(40, 5)).astype(np.float16)
    z[20:] += 30
    points = project(z)
    assert points.shape == (40, 2)
    assert np.array_equal(points, project(z))
    near, far = points[:20], points[20:]
    spread = max(np.ptp(near, axis=0).max(), np.ptp(far, axis=0).max())
    assert np.linalg.norm(near.mean(0) - far.mean(0)) > spread / 2


def test_a_latent_space_of_one_dimension_has_a_projection():
    assert project(np.arange(12.0)[:, None]).shape == (12, 2)
