from __future__ import annotations

import gzip
import sys

import numpy as np
import pandas as pd
import pytest

from osrae import InputError
from osrae.datasets.readers import read_openml

DENSE = """% a comment
@RELATION letters

@ATTRIBUTE 'f 1' REAL
@ATTRIBUTE flag {0,1}
@attribute class {'1','2','26'}
@ATTRIBUTE f3 INTEGER
@DATA
% another
0.5,1,'1',3
?,0,26,4
-1e3,1,2,5
"""
SPARSE = """@RELATION pages
@ATTRIBUTE f0 NUMERIC
@ATTRIBUTE f1 {5,7}
@ATTRIBUTE class {-1,1}
@ATTRIBUTE f3 NUMERIC
@data

{0 2.5, 2 1}
{1 7, 3 -4}
{ }
"""


@pytest.fixture
def write(tmp_path):
    def written(content: str, name: str = "x.arff"):
        path = tmp_path / name
        data = content.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return written


@pytest.mark.parametrize("name", ["x.arff", "x.arff.gz", "X.ARFF"])
@pytest.mark.parametrize("minority", [(1, 2), ("1", "2"), (1.0, 2)])
def test_dense_arff(write, name, minority):
    read = read_openml(write(DENSE, name), "class", minority)
    np.testing.assert_array_equal(
        read.X_train, [[0.5, 1, 3], [np.nan, 0, 4], [-1000, 1, 5]], strict=True
    )
    assert read.y_train.tolist() == [1, -1, 1]
    assert read.X_test is None


def test_sparse_arff(write):
    """What a row leaves out is 0, and of a category the first one declared."""
    read = read_openml(write(SPARSE), "class", ["1"])
    np.testing.assert_array_equal(read.X_train, [[2.5, 5, 0], [0, 7, -4], [0, 5, 0]], strict=True)
    assert read.y_train.tolist() == [1, -1, -1]


def test_sparse_arff_with_a_numeric_class(write):
    content = SPARSE.replace("{-1,1}", "NUMERIC")
    assert read_openml(write(content), "class", [1]).y_train.tolist() == [1, -1, -1]


@pytest.mark.parametrize("name", ["x.pq", "x.parquet"])
@pytest.mark.parametrize("kind", ["category", "str", "int64", "float64"])
def test_parquet(tmp_path, name, kind):
    classes = pd.Series(["1", "26", "2"] if kind in ("category", "str") else [1, 26, 2])
    frame = pd.DataFrame(
        {
            "a": [0.5, np.nan, 2],
            "class": classes.astype(kind),
            "flag": pd.Series(["1", "0", "1"], dtype="category"),
            "b": [True, False, True],
        }
    )
    frame.to_parquet(tmp_path / name)
    read = read_openml(tmp_path / name, "class", [1, 2])
    np.testing.assert_array_equal(read.X_train, [[0.5, 1, 1], [np.nan, 0, 0], [2, 1, 1]])
    assert read.X_train.dtype == np.float64
    assert read.y_train.tolist() == [1, -1, 1]


@pytest.mark.parametrize(
    ("target", "minority", "match"),
    [
        ("Class", [1], r"has no column 'Class'; it has f 1, flag, class, f3"),
        ("class", [3], "column class of .* holds 1, 2, 26; expected 3 as the minority"),
        ("class", [1, 2, 26], "expected 1, 2, 26 as the minority, and others"),
        ("class", [], "as the minority, and others"),
    ],
)
def test_target_and_minority(write, tmp_path, target, minority, match):
    with pytest.raises(InputError, match=match):
        read_openml(write(DENSE), target, minority)
    frame = pd.DataFrame({"f 1": [1, 2, 3], "flag": 0, "class": [1, 2, 26], "f3": 1})
    frame.to_parquet(tmp_path / "x.pq")
    with pytest.raises(InputError, match=match):
        read_openml(tmp_path / "x.pq", target, minority)


def test_features_that_are_no_numbers(write, tmp_path):
    content = DENSE.replace("{0,1}", "{no,yes}").replace(",1,'1'", ",no,'1'")
    with pytest.raises(InputError, match=r"A feature of .*x\.arff is no number .*'no'"):
        read_openml(write(content), "class", [1])
    pd.DataFrame({"a": ["x", "y"], "class": [1, 2]}).to_parquet(tmp_path / "x.pq")
    with pytest.raises(InputError, match=r"A feature of .*x\.pq is no number"):
        read_openml(tmp_path / "x.pq", "class", [1])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "hello",
        DENSE.replace("0.5,1", "0.5"),
        DENSE.replace("0.5", "half"),
        DENSE.replace("26,4", "27,4"),
        DENSE[: DENSE.index("@DATA")],
        SPARSE.replace("{0 2.5", "{9 2.5"),
        SPARSE.replace("{0 2.5, 2 1}", "{0 2.5, 2 1"),
        SPARSE[: SPARSE.index("{0 2.5")],
    ],
)
def test_damaged_arff(write, content):
    with pytest.raises(
        InputError, match=r"x\.arff (cannot be read as ARFF|holds no rows|has no col)"
    ):
        read_openml(write(content), "class", [1])


def test_damaged_files(write, tmp_path):
    (tmp_path / "x.arff").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InputError, match="cannot be read as ARFF"):
        read_openml(tmp_path / "x.arff", "class", [1])
    path = write(DENSE, "x.arff.gz")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"x\.arff\.gz cannot be read"):
        read_openml(path, "class", [1])
    for name in ("x.pq", "y.parquet"):
        (tmp_path / name).write_bytes(b"PAR1 and no more")
        with pytest.raises(InputError, match="cannot be read as a Parquet file"):
            read_openml(tmp_path / name, "class", [1])
    with pytest.raises(InputError, match=r"x\.csv ends in none of \.arff, \.arff\.gz, \.parquet"):
        read_openml(tmp_path / "x.csv", "class", [1])
    for name in ("nowhere.arff", "nowhere.pq"):
        with pytest.raises(InputError, match="cannot be read"):
            read_openml(tmp_path / name, "class", [1])


def test_missing_package_is_named(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "arff", None)
    with pytest.raises(InputError, match=r"liac-arff is needed: pip install 'osrae\[datasets\]'"):
        read_openml(write(DENSE), "class", [1])
