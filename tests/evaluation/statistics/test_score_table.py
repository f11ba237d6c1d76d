from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from osrae.errors import DataWarning, InputError
from osrae.evaluation.statistics import (
    all_pairs,
    average_ranks,
    bayesian_signed_rank,
    critical_difference_diagram,
    effect_sizes,
    friedman_test,
    one_against_all,
    score_table,
)

LONG = pd.DataFrame(
    [
        ("wine", "b", 0, 0.7),
        ("wine", "a", 0, 0.5),
        ("wine", "a", 1, 0.7),
        ("iris", "a", 0, 0.9),
        ("iris", "b", 0, 0.8),
        ("iris", "b", 1, 0.9),
        ("iris", "b", 2, 1.0),
    ],
    columns=["dataset", "method", "seed", "score"],
)
ENDLESS = LONG.assign(score=LONG["score"].replace(1.0, -np.inf))
EVEN = LONG[LONG["seed"] == 0]
WIDE = pd.DataFrame(
    {"a": [1.0, 2.0, 3.0], "b": [4.0, np.nan, 6.0], "c": [7.0, 8.0, 9.0]}, index=list("xyz")
)


def test_a_long_table_is_averaged_over_its_seeds():
    with pytest.warns(DataWarning):
        table = score_table(LONG.assign(seconds=1.0))
    assert table.datasets == ("wine", "iris")
    assert table.methods == ("b", "a")
    np.testing.assert_allclose(table.scores, [[0.7, 0.6], [0.9, 0.9]])
    np.testing.assert_allclose(table.spread, [[np.nan, np.sqrt(0.02)], [0.1, np.nan]])
    np.testing.assert_array_equal(table.seeds, [[1, 2], [3, 1]])
    assert not table.equal_seeds
    assert score_table(EVEN).equal_seeds


def test_means_over_fewer_seeds_are_named():
    with pytest.warns(DataWarning) as caught:
        score_table(LONG)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    text = str(caught[0].message)
    assert text.startswith(
        "3 of 4 means are over fewer seeds than others (data set, method, seeds): "
        "(wine, b, 1 of 3), (wine, a, 2 of 3), (iris, a, 1 of 3). "
    )
    # A run without a score is a seed that is not there.
    twice = pd.concat([EVEN, EVEN.assign(seed=1)], ignore_index=True)
    twice.loc[1, "score"] = np.nan
    with pytest.warns(DataWarning, match=r"1 of 4 means .*: \(wine, a, 1 of 2\)\. "):
        table = score_table(twice)
    np.testing.assert_array_equal(table.seeds, [[2, 1], [2, 2]])
    np.testing.assert_allclose(table.scores, [[0.7, 0.5], [0.8, 0.9]])


def test_seeds_that_are_equal_after_dropping_are_no_cause_for_a_warning():
    uneven = pd.DataFrame({"dataset": "digits", "method": "a", "seed": [0, 1], "score": 0.5})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score_table(WIDE[["a", "c"]])
        table = score_table(pd.concat([EVEN, uneven]), missing="drop datasets")
    assert table.dropped_datasets == ("digits",)
    assert table.equal_seeds


def test_the_order_of_rows_does_not_matter_for_the_scores():
    long = pd.concat([EVEN, EVEN.assign(seed=1, score=[0.1, 0.2, 0.3, 0.4])], ignore_index=True)
    mixed, table = score_table(long.sample(frac=1, random_state=3)), score_table(long)
    rows = [mixed.datasets.index(name) for name in table.datasets]
    columns = [mixed.methods.index(name) for name in table.methods]
    np.testing.assert_allclose(mixed.scores[np.ix_(rows, columns)], table.scores)


def test_a_wide_table_is_taken_as_it_is():
    table = score_table(WIDE[["c", "a"]], higher_is_better=False)
    np.testing.assert_array_equal(table.scores, [[7, 1], [8, 2], [9, 3]])
    assert np.isnan(table.spread).all()
    assert (table.seeds == 1).all()
    assert (table.datasets, table.methods) == (("x", "y", "z"), ("c", "a"))
    assert not table.higher_is_better
    assert table.dropped_datasets == table.dropped_methods == ()


def test_missing_scores_are_an_error_that_names_them():
    with pytest.raises(InputError, match=r"1 of 9 scores are missing .*\(y, b\).*1 of 3.*1 of 3"):
        score_table(WIDE)
    with pytest.raises(InputError, match=r"2 of 4 scores .*\(wine, b\), \(iris, a\)"):
        score_table(LONG.iloc[[1, 4]])


def test_what_is_dropped_is_in_the_result():
    table = score_table(WIDE, missing="drop datasets")
    assert (table.datasets, table.dropped_datasets) == (("x", "z"), ("y",))
    np.testing.assert_array_equal(table.scores, [[1, 4, 7], [3, 6, 9]])
    table = score_table(WIDE, missing="drop methods")
    assert (table.methods, table.dropped_methods) == (("a", "c"), ("b",))
    np.testing.assert_array_equal(table.scores, [[1, 7], [2, 8], [3, 9]])


def test_a_score_of_nan_is_missing_in_a_long_table_too():
    long = WIDE.melt(var_name="method", value_name="score", ignore_index=False)
    long = long.rename_axis("dataset").reset_index()
    with pytest.raises(InputError, match=r"1 of 9 scores are missing .*\(y, b\)"):
        score_table(long)
    for missing in ("drop datasets", "drop methods"):
        table, expected = (score_table(data, missing=missing) for data in (long, WIDE))
        np.testing.assert_array_equal(table.scores, expected.scores)
        assert (table.datasets, table.methods) == (expected.datasets, expected.methods)
        assert table.dropped_datasets == expected.dropped_datasets
        assert table.dropped_methods == expected.dropped_methods


def test_what_has_no_score_at_all_is_missing_by_its_name():
    failed = pd.DataFrame({"dataset": ["wine", "iris"], "method": "d", "seed": 0, "score": np.nan})
    table = score_table(pd.concat([EVEN, failed]), missing="drop methods")
    assert (table.methods, table.dropped_methods) == (("b", "a"), ("d",))
    with pytest.raises(InputError, match="4 of 4 scores are missing"):
        score_table(EVEN.assign(score=np.nan))


def test_long_lists_are_cut():
    gaps = pd.DataFrame(np.full((30, 2), np.nan), columns=["a", "b"])
    with pytest.raises(InputError, match=r"60 of 60 .* and 40 more"):
        score_table(gaps)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (np.ones((3, 2)), {}, "ndarray; give a pandas DataFrame"),
        (WIDE, {"missing": "ignore"}, "missing is 'ignore'"),
        (LONG.drop(columns="method"), {}, "has a column 'dataset' but not all of"),
        (pd.concat([LONG, LONG[:1]]), {}, r"1 row\(s\) repeat .*\(wine, b, 0\).*Keep one"),
        (LONG.drop(columns="seed"), {}, r"3 row\(s\) repeat .*Add a column 'seed'"),
        (ENDLESS, {}, r"1 score\(s\) are infinite: \(iris, b, 2\).*to NaN"),
        (LONG.assign(score="good"), {}, "score hold no numbers"),
        (LONG.assign(seed=np.nan), {}, r"Column 'seed' is empty in 7 row\(s\)"),
        (WIDE[["a", "c"]].replace(9, np.inf), {}, r"1 score\(s\) are infinite: \(z, c\)"),
        (WIDE[["a", "a"]], {}, r"1 method\(s\) occur twice: a"),
        (WIDE[["a", "c"]].loc[["x", "x"]], {}, r"1 data set\(s\) occur twice: x"),
        (WIDE[["a", "c"]].reset_index(), {}, r"index hold no numbers.*set_index"),
        (WIDE[["a"]], {}, r"3 data set\(s\) and 1 method\(s\); a comparison needs at least two"),
        (WIDE[["a", "c"]][:1], {}, r"1 data set\(s\) and 2 method"),
        (WIDE[["a", "b"]], {"missing": "drop methods"}, r"1 method\(s\) after leaving out"),
    ],
)
def test_bad_tables_are_refused_with_advice(data, options, message):
    with pytest.raises(InputError, match=message):
        score_table(data, **options)


@pytest.mark.parametrize(
    "use",
    [
        average_ranks,
        friedman_test,
        all_pairs,
        critical_difference_diagram,
        lambda df: one_against_all(df, "a"),
        lambda df: effect_sizes(df, "a", "c"),
        lambda df: bayesian_signed_rank(df, "a", "c", rope=0.01),
    ],
)
def test_a_frame_where_a_score_table_belongs_is_refused(use):
    with pytest.raises(InputError, match=r"DataFrame, not a ScoreTable; pass score_table\(df\)"):
        use(WIDE[["a", "c"]])


def test_nullable_columns_are_read():
    table = score_table(WIDE.convert_dtypes(), missing="drop datasets")
    np.testing.assert_array_equal(table.scores, [[1, 4, 7], [3, 6, 9]])


def test_rank_one_is_best_in_both_directions():
    wide = pd.DataFrame([[1.0, 3.0, 2.0], [5.0, 5.0, 1.0]], columns=list("abc"))
    np.testing.assert_array_equal(score_table(wide).ranks(), [[3, 1, 2], [1.5, 1.5, 3]])
    errors = score_table(wide, higher_is_better=False)
    np.testing.assert_array_equal(errors.ranks(), [[1, 3, 2], [2.5, 2.5, 1]])


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1.0, 1e9])
def test_rounding_errors_do_not_break_ties(scale):
    wide = pd.DataFrame({"a": [(0.1 + 0.2), 1.0], "b": [0.3, 2.0]}) * scale
    assert wide["a"][0] != wide["b"][0]
    table = score_table(wide)
    np.testing.assert_array_equal(table.ranks(), [[1.5, 1.5], [2, 1]])
    np.testing.assert_allclose(table.differences("a", "b"), [0, -scale], rtol=1e-12, atol=0)


def test_differences_are_positive_where_the_first_is_better():
    wide = WIDE[["a", "c"]]
    np.testing.assert_array_equal(score_table(wide).differences("a", "c"), [-6, -6, -6])
    table = score_table(wide, higher_is_better=False)
    np.testing.assert_array_equal(table.differences("a", "c"), [6, 6, 6])
    with pytest.raises(InputError, match="no method 'b' in the table; it has a, c"):
        table.differences("a", "b")
