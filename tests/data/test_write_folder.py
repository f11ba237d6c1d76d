"""Folders of pictures that are written."""

from __future__ import annotations

import csv
import errno
import os
from pathlib import Path

import numpy as np
import pytest

from osrae.data.folders import read_folder, write_folder
from osrae.errors import InputError

from .folder_cases import PICTURES, grey, save


def manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(path: Path, labels: list[str], **options) -> list[dict[str, str]]:
    options = {"synthetic": np.zeros(len(labels), bool), "sources": None, **options}
    write_folder(path, PICTURES[: len(labels)], labels, **options)
    return manifest(path)


def test_round_trip(digits: Path, tmp_path: Path) -> None:
    read = read_folder(digits)
    new = PICTURES[100:102]
    write_folder(
        tmp_path / "out",
        np.concatenate([read.pictures, new]),
        [*read.labels, "class 1", "class 1"],
        synthetic=np.arange(8) >= 6,
        sources=read.files,
        columns={"parents": [""] * 6 + ["3,4", "4,5"], "weight": [1.0] * 6 + [0.25, 0.5]},
    )
    rows = manifest(tmp_path / "out")
    assert list(rows[0]) == ["file", "label", "synthetic", "parents", "weight"]
    assert [row["file"] for row in rows] == [
        *read.files,
        "class 1/synthetic-000001.png",
        "class 1/synthetic-000002.png",
    ]
    assert [row["synthetic"] for row in rows] == ["False"] * 6 + ["True"] * 2
    assert rows[6]["parents"] == "3,4"
    assert rows[7]["weight"] == "0.5"
    again = read_folder(tmp_path / "out")
    np.testing.assert_array_equal(again.pictures, np.concatenate([read.pictures, new]))
    assert again.files == [row["file"] for row in rows]


@pytest.mark.parametrize("channels", [(), (1,), (3,), (4,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_values_are_kept(tmp_path: Path, channels: tuple[int, ...], dtype) -> None:
    values = np.random.default_rng(0).integers(0, 256, (2, 8, 9, *channels), dtype=np.uint8)
    pictures = values if dtype == np.uint8 else (values / 255).astype(dtype)
    write_folder(tmp_path / "x", pictures, ["a", "b"], synthetic=np.ones(2, bool), sources=None)
    expected = values[..., 0] if channels == (1,) else values
    np.testing.assert_array_equal(read_folder(tmp_path / "x").pictures, expected)


def test_floats_are_rounded(tmp_path: Path) -> None:
    pictures = np.full((1, 8, 8), 0.4999)  # 127.47
    pictures[0, 0, 0] = 0.501  # 127.76
    write_folder(tmp_path / "x", pictures, ["a"], synthetic=np.zeros(1, bool), sources=None)
    read = read_folder(tmp_path / "x")
    assert read.pictures[0, 0, 0] == 128
    assert read.pictures[0, 1, 1] == 127
    assert read.files == ["a/original-000001.png"]


# --- Names ----------------------------------------------------------------------------------------


def test_names_are_made_unique(tmp_path: Path) -> None:
    sources = [
        "a/x.jpg",
        "a/sub/x.png",
        "a/X.bmp",
        "a/x-2.gif",
        "b/x.png",
        "a/synthetic-000001.png",
    ]
    rows = written(
        tmp_path / "out",
        ["a", "a", "a", "a", "b", "a", "a"],
        sources=sources,
        synthetic=np.arange(7) == 6,
    )
    files = [row["file"] for row in rows]
    assert files[0] == "a/x.png"
    assert files[4] == "b/x.png"
    assert len({file.lower() for file in files}) == 7
    assert read_folder(tmp_path / "out").files == sorted(files)


@pytest.mark.parametrize(
    ("label", "folder"),
    [
        ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"),
        ("", "%E2%88%85"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("../../x", "%2E.%2F..%2Fx"),
        (".hidden", "%2Ehidden"),
        ("a\nb\x7f", "a%0Ab%7F"),
        ("nul\0", "nul%00"),
        ("ends. ", "ends%2E%20"),
        (" a.b c", " a.b c"),
        ("50%", "50%"),
        ("a%2Fb", "a%252Fb"),
        ("Ärger, \"wie\" 'so'", "Ärger, \"wie\" 'so'"),
        ("manifest.csv", "manifest%2Ecsv"),
    ],
)
def test_unsafe_class_names(tmp_path: Path, label: str, folder: str) -> None:
    rows = written(tmp_path / "out", [label, "other"])
    assert rows[0]["label"] == label
    assert rows[0]["file"] == f"{folder}/original-000001.png"
    assert sorted(entry.name for entry in (tmp_path / "out").iterdir()) == sorted(
        [folder, "other", "manifest.csv"]
    )
    assert read_folder(tmp_path / "out").labels.tolist() == sorted([folder, "other"])


def test_different_classes_have_different_folders(tmp_path: Path) -> None:
    labels = ["a/b", "a%2Fb", "a%252Fb", "", "∅", "%E2%88%85", "%", "%/", "%%2F", " ", "%20"]
    rows = written(tmp_path / "out", labels)
    assert len({row["file"].split("/")[0] for row in rows}) == len(labels)
    assert [row["label"] for row in rows] == labels


def test_classes_and_files_whose_names_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    rows = tmp_path / "out" / "manifest.csv"
    save(tmp_path / "in" / name / f"{name}.png", grey())
    read = read_folder(tmp_path / "in")
    write_folder(
        tmp_path / "out",
        read.pictures,
        read.labels,
        synthetic=np.zeros(1, bool),
        sources=read.files,
    )
    assert read_folder(tmp_path / "out").files == read.files
    assert b"caf\xe9/caf\xe9.png,caf\xe9," in rows.read_bytes()


def test_very_long_class_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="makes a folder name of 256 bytes"):
        written(tmp_path / "out", ["ä" * 128])
    assert list(tmp_path.iterdir()) == []


# --- Mistakes and failures ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ["a"]}, "labels has 1 rows, and there are 2 pictures"),
        ({"synthetic": np.ones(3, bool)}, "synthetic has 3 rows"),
        ({"columns": {"weight": [1]}}, "column weight has 1 rows"),
        ({"columns": {"label": [1, 2]}}, "its own columns label; rename"),
        ({"sources": ["x.png"]}, r"sources has 1 files, and picture 1 \(from 0\) is an original"),
        ({"pictures": np.full((2, 8, 8), 1.5)}, "floats must range from 0 to 1"),
        ({"pictures": np.zeros((2, 8, 8, 2), np.uint8)}, "Found an array of shape"),
    ],
)
def test_arguments_that_do_not_fit(tmp_path: Path, options, message: str) -> None:
    arguments = {
        "pictures": PICTURES[:2],
        "labels": ["a", "b"],
        "synthetic": np.zeros(2, bool),
        "sources": None,
        **options,
    }
    with pytest.raises(InputError, match=message):
        write_folder(tmp_path / "out", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_existing_content_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="out exists and is not replaced"):
        written(tmp_path / "out", ["a"])
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert len(written(tmp_path / "out", ["a"])) == 1


def test_missing_parent(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be written: .*nowhere is no folder"):
        written(tmp_path / "nowhere" / "out", ["a"])


@pytest.mark.parametrize(
    ("place", "code", "message"),
    [
        ("write_bytes", errno.ENOSPC, "No space left for .*out; nothing was written"),
        ("fsync", errno.ENOSPC, "No space left for .*out; nothing was written"),
        ("write_bytes", errno.EACCES, "No permission to write .*out"),
    ],
)
def test_failed_writing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, code: int, message: str
) -> None:
    write_bytes = Path.write_bytes
    calls = []

    def fail_at_second(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError(code, os.strerror(code))
        return write_bytes(*arguments) if place == "write_bytes" else None

    monkeypatch.setattr(Path if place == "write_bytes" else os, place, fail_at_second)
    with pytest.raises(InputError, match=message):
        written(tmp_path / "out", ["a", "b", "c"])
    assert len(calls) == 2
    assert list(tmp_path.iterdir()) == []
