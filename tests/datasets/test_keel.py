from __future__ import annotations

import pandas as pd
import pytest

from osrae import InputError
from osrae.datasets.keel import read_keel

KEEL = """@relation ships
@attribute Length real [1.5, 30.0]
@attribute Masts integer [1, 4]
@attribute Rig {sloop, ketch,yawl}
@attribute Class {positive,negative}
@inputs Length, Masts, Rig
@outputs Class
@data
1.5, 1, sloop, negative
30.0, 4, ketch, positive
<null>, 2, ?, negative
"""
ARFF = """% made by hand
@RELATION 'odd names'
@ATTRIBUTE 'first value' NUMERIC
@ATTRIBUTE kind {'a','b'}

@DATA
% a comment
1,'a'
2.5,'b'
"""


def test_keel_types_and_missing_values(tmp_path):
    path = tmp_path / "ships.dat"
    path.write_text(KEEL)
    table = read_keel(path)
    assert table.X_train.dtypes.astype(str).tolist() == ["float64", "int64", "category"]
    assert table.X_train["Rig"].cat.categories.tolist() == ["sloop", "ketch", "yawl"]
    assert table.X_train.isna().sum().tolist() == [1, 0, 1]
    assert table.X_train["Masts"].tolist() == [1, 4, 2]
    assert table.y_train.tolist() == ["negative", "positive", "negative"]


def test_arff_takes_the_last_attribute_as_the_class(tmp_path):
    path = tmp_path / "odd.arff"
    path.write_text(ARFF)
    table = read_keel(path)
    pd.testing.assert_frame_equal(table.X_train, pd.DataFrame({"first value": [1.0, 2.5]}))
    assert table.y_train.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("@data", "data", "no KEEL or ARFF file"),
        ("1.5, 1, sloop, negative", "1.5, 1, sloop", "row 1 .* has 3 values; expected 4"),
        ("30.0, 4", "thirty, 4", "'Length', which is real"),
        ("@outputs Class", "@outputs Kind", "'Kind' as its output"),
    ],
)
def test_damaged_files(tmp_path, old, new, message):
    path = tmp_path / "ships.dat"
    path.write_text(KEEL.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_keel(path)


def test_files_without_rows_or_not_there(tmp_path):
    path = tmp_path / "ships.dat"
    path.write_text(KEEL.partition("@data\n")[0] + "@data\n")
    with pytest.raises(InputError, match="no rows"):
        read_keel(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_keel(tmp_path / "none.dat")
