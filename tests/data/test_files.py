"""Files of tables."""

from __future__ import annotations

import errno
import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from osrae.data.files import TABLE_SUFFIXES, is_table, read_table, split_target, write_table
from osrae.errors import InputError

FRAME = pd.DataFrame(
    {
        "amount": [1.5, np.nan, -3.25],
        "count": [1, 2, 3],
        "text, with comma": ["Ä,ö", 'say "hi"', None],
        "kind": ["low", "high", "low"],
    }
)


@pytest.mark.parametrize("suffix", TABLE_SUFFIXES)
def test_is_table(suffix: str) -> None:
    assert is_table(f"folder/x{suffix}")
    assert is_table(Path(f"X{suffix.upper()}"))


@pytest.mark.parametrize("name", ["x.zip", "x.csv.zip", "x.gz", "csv", "x.csv/digits", "x"])
def test_is_no_table(name: str) -> None:
    assert not is_table(name)


# --- Round trips ----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [*TABLE_SUFFIXES, ".CSV", ".Parquet"])
def test_round_trip(tmp_path: Path, suffix: str) -> None:
    write_table(tmp_path / f"x{suffix}", FRAME)
    pd.testing.assert_frame_equal(read_table(tmp_path / f"x{suffix}"), FRAME)
    assert [file.name for file in tmp_path.iterdir()] == [f"x{suffix}"]


def test_files_are_what_their_suffix_says(tmp_path: Path) -> None:
    frame = FRAME[["count", "kind"]]
    for suffix in TABLE_SUFFIXES:
        write_table(tmp_path / f"x{suffix}", frame)
    assert (tmp_path / "x.csv").read_text().splitlines()[:2] == ["count,kind", "1,low"]
    assert (tmp_path / "x.tsv").read_text().splitlines()[:2] == ["count\tkind", "1\tlow"]
    assert gzip.decompress((tmp_path / "x.csv.gz").read_bytes()).startswith(b"count,kind\n")
    assert (tmp_path / "x.pq").read_bytes()[:4] == b"PAR1"


def test_parquet_keeps_types(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "category": pd.Categorical(["b", None, "a"], categories=["b", "a", "unused"]),
            "ordered": pd.Categorical(["x", "y", "x"], ordered=True),
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "time": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
            "flag": [True, False, True],
            "small": np.array([1, 2, 3], np.float32),
        }
    )
    write_table(tmp_path / "x.parquet", frame)
    pd.testing.assert_frame_equal(read_table(tmp_path / "x.parquet"), frame)


def test_csv_has_the_values_of_categories(tmp_path: Path) -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["b", None, "a"]), "x": [1, 2, 3]})
    write_table(tmp_path / "x.csv", frame)
    read = read_table(tmp_path / "x.csv")
    assert read["c"].tolist()[::2] == ["b", "a"]
    assert read["c"].isna().tolist() == [False, True, False]


def test_the_index_is_not_written(tmp_path: Path) -> None:
    for name in ("x.csv", "x.parquet"):
        write_table(tmp_path / name, FRAME.set_axis([7, 8, 9]))
        pd.testing.assert_frame_equal(read_table(tmp_path / name), FRAME)


def test_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("\ufeffä,b\n1,2\n".encode())
    assert list(read_table(str(tmp_path / "x.csv")).columns) == ["ä", "b"]


def test_separator_at_the_end_of_lines(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"a,b\n1,2,\n4,5,\n")
    assert read_table(tmp_path / "x.csv").to_dict("list") == {"a": [1, 4], "b": [2, 5]}


def test_folder_names_are_no_columns(tmp_path: Path) -> None:
    (tmp_path / "year=2020").mkdir()
    write_table(tmp_path / "year=2020" / "x.parquet", FRAME)
    assert list(read_table(tmp_path / "year=2020" / "x.parquet")) == list(FRAME)


# --- Files that cannot be read --------------------------------------------------------------------


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.csv does not exist"):
        read_table(tmp_path / "x.csv")


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(InputError, match=r"x\.csv is a folder; expected a file"):
        read_table(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.xlsx", b"x", r"does not end like a table; expected one of \.csv, .*\.parquet"),
        ("x.csv", b"", r"is empty \(0 bytes\)"),
        ("x.parquet", b"", r"is empty \(0 bytes\)"),
        ("x.csv", b"\n\n", "is empty; expected a line of column names"),
        ("x.csv.gz", gzip.compress(b"", mtime=0), "is empty; expected a line of column names"),
        ("x.csv", b"a,b\n", "has 0 rows and 2 columns"),
        ("x.csv", b"a,b\n1,2\n1,2,3\n", "no well-formed table .*line 3, saw 3"),
        ("x.csv", b'a,b\n1,"2\n', "no well-formed table"),
        ("x.csv", b"a,b\n1,2,3\n4,5,6\n", "has 2 column names, and its lines have more fields"),
        ("x.csv", b"a,b\n0,2,3\n", "has 2 column names, and its lines have more fields"),
        ("x.csv", "a,b\nä,2\n".encode("latin-1"), "is not UTF-8"),
        ("x.csv", "ä,b\n1,2\n".encode("latin-1"), "is not UTF-8"),
        ("x.csv", b"a,b,a,c,b\n1,2,3,4,5\n", "columns of the same name: 'a', 'b'"),
        ("x.tsv", b"a\ta\n1\t2\n", "columns of the same name: 'a'"),
        ("x.csv", b"\n\na,a\n1,2\n", "columns of the same name: 'a'"),
        ("x.csv", b"NA,NA,b\n1,2,3\n", "columns of the same name: 'NA'"),
        ("x.csv.gz", b"a,b\n1,2\n", "cannot be read .*damaged"),
        (
            "x.csv.gz",
            gzip.compress(b"a,b\n" + b"1,2\n" * 99, mtime=0)[:-9],
            "cannot be read .*damaged",
        ),
        ("x.parquet", b"a,b\n1,2\n", "cannot be read .*damaged"),
        ("x.pq", b"PAR1" + b"\0" * 50 + b"PAR1", "cannot be read .*damaged"),
    ],
)
def test_unusable_file(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        read_table(tmp_path / name)
    assert str(tmp_path / name) in str(raised.value)


def test_names_that_pandas_would_make_are_no_repetition(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"a,a.1\n1,2\n")
    assert list(read_table(tmp_path / "x.csv")) == ["a", "a.1"]


@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_parquet_cut_short(tmp_path: Path, part: float) -> None:
    path = tmp_path / "x.parquet"
    write_table(path, FRAME)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(InputError, match=r"x\.parquet cannot be read .*damaged"):
        read_table(path)


def test_parquet_with_repeated_names(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table([[1], [2]], names=["a", "a"])
    parquet.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(InputError, match="columns of the same name: 'a'"):
        read_table(tmp_path / "x.parquet")


@pytest.mark.parametrize("frame", [FRAME.iloc[:0], pd.DataFrame(index=[0, 1])])
def test_parquet_without_rows_or_columns(tmp_path: Path, frame: pd.DataFrame) -> None:
    frame.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(InputError, match=r"has \d rows and \d columns; expected at least 1"):
        read_table(tmp_path / "x.parquet")


# --- Target ---------------------------------------------------------------------------------------


def test_split_target() -> None:
    X, y = split_target(FRAME, "kind")
    assert list(X) == ["amount", "count", "text, with comma"]
    assert y.tolist() == ["low", "high", "low"]
    assert "kind" in FRAME


def test_similar_target_is_suggested() -> None:
    with pytest.raises(InputError, match=r"no column 'knd'; there are amount, .* mean 'kind'"):
        split_target(FRAME, "knd")


def test_other_target_is_answered_with_the_columns() -> None:
    with pytest.raises(InputError, match=r"with comma, kind\. Choose one of them\."):
        split_target(FRAME, "zzzzzz")


def test_at_most_20_columns_are_listed() -> None:
    frame = pd.DataFrame(np.zeros((1, 30)), columns=[f"c{i}" for i in range(30)])
    with pytest.raises(InputError, match=r"c19 and 10 more\."):
        split_target(frame, "zzzzzz")


def test_target_as_the_only_column() -> None:
    with pytest.raises(InputError, match="'kind' is the only column"):
        split_target(FRAME[["kind"]], "kind")


# --- Writing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.xlsx", "x", "x.json"])
def test_unknown_suffix_writes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"does not end like a table; expected one of \.csv"):
        write_table(tmp_path / name, FRAME)
    assert list(tmp_path.iterdir()) == []


def test_existing_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("old")
    write_table(tmp_path / "x.csv", FRAME)
    pd.testing.assert_frame_equal(read_table(tmp_path / "x.csv"), FRAME)


def test_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(InputError, match=r"x\.csv is a folder and is not replaced"):
        write_table(tmp_path / "x.csv", FRAME)


def test_missing_parent(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be written: .*nowhere is no folder"):
        write_table(tmp_path / "nowhere" / "x.csv", FRAME)


def test_rights_follow_the_users_mask(tmp_path: Path) -> None:
    (tmp_path / "expected").write_text("x")
    write_table(tmp_path / "x.csv", FRAME)
    assert (tmp_path / "x.csv").stat().st_mode == (tmp_path / "expected").stat().st_mode


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet"])
@pytest.mark.parametrize("place", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, "No space left for .*; nothing was written"),
        (errno.EACCES, "No permission to write"),
    ],
)
def test_failed_writing_keeps_the_old_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    place: str,
    code: int,
    message: str,
) -> None:
    (tmp_path / name).write_bytes(b"old")

    def fail(*arguments):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, place, fail)
    with pytest.raises(InputError, match=message):
        write_table(tmp_path / name, FRAME)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {name: b"old"}


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet"])
def test_disk_that_fills_up_while_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The error comes from below pandas and pyarrow, and keeps its reason."""
    (tmp_path / name).write_bytes(b"old")
    open_file = Path.open

    class Full:
        def __init__(self, file):
            self._file = file

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self._file.close()

        def write(self, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def __getattr__(self, name):
            return getattr(self._file, name)

        def __iter__(self):
            return iter(self._file)

    monkeypatch.setattr(Path, "open", lambda *arguments: Full(open_file(*arguments)))
    with pytest.raises(InputError, match="No space left for"):
        write_table(tmp_path / name, FRAME)
    monkeypatch.undo()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {name: b"old"}


def test_values_without_a_parquet_type(tmp_path: Path) -> None:
    frame = pd.DataFrame({"mixed": [1, "a", object()]})
    with pytest.raises(InputError, match=r"cannot be written to .*x\.parquet as Parquet"):
        write_table(tmp_path / "x.parquet", frame)
    assert list(tmp_path.iterdir()) == []


def test_a_named_index_is_written_as_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["x", "y"], "a": [1, 2]}).set_index("id")
    frame.to_parquet(tmp_path / "in.parquet")
    for name in ("out.parquet", "out.csv"):
        write_table(tmp_path / name, read_table(tmp_path / "in.parquet"))
        assert read_table(tmp_path / name).to_dict("list") == {"id": ["x", "y"], "a": [1, 2]}
