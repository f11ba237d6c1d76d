from __future__ import annotations

import io
import subprocess
import sys
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from osrae.errors import InputError
from osrae.evaluation.statistics import (
    all_pairs,
    average_ranks,
    bayesian_correlated_t,
    bayesian_signed_rank,
    critical_difference_diagram,
    nemenyi_cd,
    posterior_density,
    posterior_simplex,
    score_table,
)
from osrae.evaluation.statistics.diagrams import _cliques, _levels


def drawn(figure: Figure) -> np.ndarray:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return np.asarray(Image.open(buffer).convert("RGB"))


def random_table(k: int, names=None, n: int = 12):
    scores = np.random.default_rng(k).normal(size=(n, k)) + np.linspace(0, 2, k)
    return score_table(pd.DataFrame(scores, columns=names or [f"m{i}" for i in range(k)]))


def bars(figure: Figure) -> list[int]:
    """The sizes of the groups of methods that are joined, largest last."""
    return sorted(
        len(line.get_xdata()) for line in figure.axes[0].lines if line.get_marker() == "o"
    )


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_groups_of_garcia_herrera_2008(garcia_herrera):
    figure = critical_difference_diagram(garcia_herrera)
    # Ranks 2.1, 2.2, 3.117, 3.25, 4.333 and a critical difference of 1.114.
    assert bars(figure) == [2, 3, 3]
    assert "critical difference 1.11" in words(figure)
    assert "Kernel  4.33" in words(figure)
    figure = critical_difference_diagram(garcia_herrera, test="bergmann_hommel")
    assert bars(figure) == [2, 2]
    assert not any("critical" in text for text in words(figure))


def test_ranks_and_the_critical_difference_are_to_scale(garcia_herrera):
    axes = critical_difference_diagram(garcia_herrera).axes[0]
    place = {text.get_text(): text.get_position()[0] for text in axes.texts}
    unit = place["1"] - place["2"]
    assert unit > 0
    length = np.ptp(axes.lines[6].get_xdata())
    assert length / unit == pytest.approx(nemenyi_cd(30, 5))
    starts = [
        line.get_xdata()[0]
        for line in axes.lines
        if len(line.get_xdata()) == 3 and line.get_marker() == "None"
    ]
    ends = {round(float((place["1"] - start) / unit + 1), 3) for start in starts}
    assert ends == {2.1, 2.2, 3.117, 3.25, 4.333}


@pytest.mark.parametrize("k", [2, 3, 6, 15])
@pytest.mark.parametrize("test", ["nemenyi", "shaffer"])
@pytest.mark.parametrize("length", [1, 45])
def test_no_words_overlap_or_leave_the_picture(k, test, length):
    names = [f"m{i}" + "x" * length for i in range(k)]
    figure = critical_difference_diagram(random_table(k, names, 3), test=test)
    assert len(np.unique(drawn(figure))) > 2
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    for box in boxes:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.width
        assert box.y1 <= figure.bbox.height
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)


def test_names_with_dollars_are_no_formulas():
    figure = critical_difference_diagram(random_table(2, ["a$b", "$c$"]))
    drawn(figure)
    assert any(r"\$c\$" in text for text in words(figure))


def test_cliques_are_found_by_brute_force():
    random = np.random.default_rng(0)
    for _ in range(20):
        alike = np.triu(random.uniform(size=(7, 7)) < 0.6, 1)
        alike = alike | alike.T | np.eye(7, dtype=bool)
        groups = [
            set(group)
            for size in range(2, 8)
            for group in combinations(range(7), size)
            if alike[np.ix_(group, group)].all()
        ]
        largest = [g for g in groups if not any(g < other for other in groups)]
        assert sorted(map(sorted, largest)) == _cliques(alike)


@pytest.mark.parametrize("test", ["nemenyi", "shaffer"])
def test_forty_tied_methods_are_one_group(test):
    table = score_table(pd.DataFrame(np.ones((5, 40))))
    assert bars(critical_difference_diagram(table, test=test)) == [40]


@pytest.mark.parametrize("test", ["nemenyi", "bonferroni", "holm"])
def test_the_picture_joins_the_pairs_that_the_table_does_not_tell_apart(test):
    table = random_table(8, n=31)
    rank = average_ranks(table).round(3)
    assert rank.is_unique
    frame = all_pairs(table, adjust=test)
    alike = frame[frame[test] > 0.05]
    expected = {
        frozenset([rank[first], rank[second]])
        for first, second in zip(alike["first"], alike["second"], strict=True)
    }
    axes = critical_difference_diagram(table, test=test).axes[0]
    place = {text.get_text(): text.get_position()[0] for text in axes.texts}
    unit = place["1"] - place["2"]
    dots = [line.get_xdata() for line in axes.lines if line.get_marker() == "o"]
    joined = {
        frozenset(np.round((place["1"] - np.array(pair)) / unit + 1, 3))
        for bar in dots
        for pair in combinations(bar, 2)
    }
    assert 0 < len(joined) < 28
    assert joined == expected


def test_bars_on_a_level_do_not_touch():
    assert _levels([[0, 1], [1, 2], [2, 3], [4, 5]]) == [
        (0, [0, 1]), (1, [1, 2]), (0, [2, 3]), (0, [4, 5])]  # fmt: skip


def test_bad_parameters_are_refused(garcia_herrera):
    with pytest.raises(InputError, match="alpha 5"):
        critical_difference_diagram(garcia_herrera, alpha=5)
    with pytest.raises(InputError, match="no adjustment 'dunn'"):
        critical_difference_diagram(garcia_herrera, test="dunn")


def test_the_simplex_shows_the_samples_in_their_corners():
    wide = pd.DataFrame({"a": 0.0, "b": np.linspace(4, 5, 20)})
    posterior = bayesian_signed_rank(score_table(wide), "a", "b", rope=1, random_state=0)
    figure = posterior_simplex(posterior)
    assert {"a better\n0.000", "b better\n1.000"} <= set(words(figure))
    axes = figure.axes[0]
    place = {text.get_text().split()[0]: text.get_position()[0] for text in axes.texts}
    centres = axes.collections[0].get_offsets()
    assert (np.abs(centres[:, 0] - place["b"]) < np.abs(centres[:, 0] - place["a"])).all()
    assert len(np.unique(drawn(figure))) > 10
    without = bayesian_signed_rank(score_table(wide), "a", "b", rope=0, n_samples=10)
    with pytest.raises(InputError, match="rope = 0, so there is no triangle"):
        posterior_simplex(without)


def test_the_density_has_the_areas_of_the_posterior():
    x, y = np.random.default_rng(0).normal(0.8, 0.02, (2, 30))
    posterior = bayesian_correlated_t(x, y, rope=0.01, test_fraction=0.1)
    figure = posterior_density(posterior, ("nbc", "aode"))
    areas = []
    for region in figure.axes[0].collections:
        outline = region.get_paths()[0].vertices
        px, py = outline.T
        areas.append(abs(np.dot(px, np.roll(py, 1)) - np.dot(py, np.roll(px, 1))) / 2)
    expected = [posterior.p_left, posterior.p_rope, posterior.p_right]
    # 0.1 % of the distribution is cut off on either side.
    np.testing.assert_allclose(areas, expected, atol=2e-3)
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend[0] == f"nbc better: {posterior.p_left:.3f}"
    assert len(np.unique(drawn(figure))) > 10
    point = bayesian_correlated_t(x, x, rope=0.01, test_fraction=0.1)
    with pytest.raises(InputError, match="the posterior is a point"):
        posterior_density(point)


def test_the_tests_do_not_import_matplotlib():
    code = (
        "import sys, osrae.evaluation.statistics as s; assert 'matplotlib' not in sys.modules;"
        "assert 'torch' not in sys.modules; s.posterior_simplex;"
        "assert 'matplotlib' in sys.modules;"
        "assert set(s.__all__) == set(dir(s)) and all(hasattr(s, name) for name in s.__all__)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
