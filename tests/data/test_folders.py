"""Folders of pictures: what is found in them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from osrae.data.folders import read_folder
from osrae.errors import InputError

from .folder_cases import PICTURES, files_of, flat, grey, pack, save


def test_directory(digits: Path) -> None:
    read = read_folder(str(digits))
    indices = [int(Path(file).stem) for file in read.files]
    assert read.files == sorted(read.files)
    assert read.labels.tolist() == ["class 0"] * 3 + ["class 1"] * 3
    assert read.pictures.dtype == np.uint8
    np.testing.assert_array_equal(read.pictures, PICTURES[indices])


def test_nested_pictures_have_the_class_of_the_first_folder(tmp_path: Path) -> None:
    save(tmp_path / "a" / "deep" / "er" / "x.png", grey())
    save(tmp_path / "b" / "y.png", grey())
    read = read_folder(tmp_path)
    assert read.files == ["a/deep/er/x.png", "b/y.png"]
    assert read.labels.tolist() == ["a", "b"]


def test_subfolder_of_directory(digits: Path) -> None:
    save(digits.parent / "loose.png", grey())
    read = read_folder(digits.parent, subfolder="digits/")
    assert read.labels.tolist() == read_folder(digits).labels.tolist()
    assert read.files == [f"digits/{file}" for file in read_folder(digits).files]


@pytest.mark.parametrize("subfolder", ["val", "../digits", "class"])
def test_missing_subfolder_names_those_there_are(digits: Path, subfolder: str) -> None:
    with pytest.raises(InputError, match=r"no folder .*; it has class 0, class 1"):
        read_folder(digits, subfolder=subfolder)


def test_unlabelled_reads_any_nesting(digits: Path) -> None:
    save(digits / "loose.png", grey())
    (digits / "empty").mkdir()
    read = read_folder(digits, labelled=False)
    assert read.labels.shape == (0,)
    assert read.labels.dtype.kind == "U"
    assert len(read.pictures) == 7
    assert read.files[-1] == "loose.png"


@pytest.mark.parametrize("name", ["x.zip", "x.tar.xz", "directory"])
def test_hidden_and_other_files_are_ignored(digits: Path, tmp_path: Path, name: str) -> None:
    for file in [
        "readme.txt",
        "Thumbs.db",
        "class 0/labels.csv",
        "class 0/._000.png",
        "class 0/.hidden/x.png",
        ".git/x.png",
        "__MACOSX/class 0/x.png",
    ]:
        (digits / file).parent.mkdir(parents=True, exist_ok=True)
        (digits / file).write_bytes(b"no picture")
    path = digits if name == "directory" else pack(tmp_path / name, files_of(digits))
    assert len(read_folder(path).files) == 6


def test_links_inside_a_directory_are_followed_once(digits: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "zero").symlink_to(digits / "class 0")
    (digits / "class 0" / "back").symlink_to(digits / "class 0")
    assert len(read_folder(tmp_path / "linked").files) == 3


# --- Sizes ----------------------------------------------------------------------------------------


def test_size_resizes_all(tmp_path: Path) -> None:
    save(tmp_path / "a" / "large.png", flat("L", 90, (40, 30)))
    save(tmp_path / "a" / "small.png", flat("RGB", (1, 2, 3), (4, 5)))
    pictures = read_folder(tmp_path, size=(8, 10)).pictures
    assert pictures.shape == (2, 8, 10, 3)
    assert (pictures[0] == 90).all()
    assert (pictures[1] == (1, 2, 3)).all()


def test_resizing_averages(tmp_path: Path) -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (16, 16))
    save(tmp_path / "a" / "x.png", Image.fromarray(stripes))
    pictures = read_folder(tmp_path, size=(8, 8)).pictures
    assert np.abs(pictures.astype(int) - 127).max() < 30  # without averaging: 0 or 255


def test_size_that_fits_changes_nothing(digits: Path) -> None:
    np.testing.assert_array_equal(
        read_folder(digits, size=(8, 8)).pictures, read_folder(digits).pictures
    )


@pytest.mark.parametrize("name", ["directory", "x.zip", "x.tar"])
def test_first_file_of_another_size_is_named(digits: Path, tmp_path: Path, name: str) -> None:
    first = sorted(files_of(digits))[0]
    save(digits / "class 1" / "z.png", flat("L", 0, (9, 12)))
    contents = dict(sorted(files_of(digits).items()))
    path = digits if name == "directory" else pack(tmp_path / name, contents)
    message = (
        rf"class 1/z\.png in .* is 12 × 9 .* {first} is 8 × 8.*size=\(height, width\).*--size HxW"
    )
    with pytest.raises(InputError, match=message):
        read_folder(path)


def test_small_pictures_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "a" / "x.png", flat("L", 0, (8, 7)))
    with pytest.raises(InputError, match=r"a/x\.png in .* is 7 × 8 pixels; at least 8 × 8"):
        read_folder(tmp_path)


@pytest.mark.parametrize("size", [(7, 8), (8, 7), (8,), (8, 8, 3)])
def test_impossible_size_is_refused(digits: Path, size) -> None:
    with pytest.raises(InputError, match=r"size=.* must be \(height, width\) of at least 8 × 8"):
        read_folder(digits, size=size)


# --- Mistakes -------------------------------------------------------------------------------------


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing does not exist"):
        read_folder(tmp_path / "nothing")


def test_other_file(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    with pytest.raises(InputError, match=r"x\.csv is neither a folder nor an archive .*\.tar\.xz"):
        read_folder(tmp_path / "x.csv")


@pytest.mark.parametrize("labelled", [True, False])
def test_no_pictures(tmp_path: Path, labelled: bool) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("x")
    with pytest.raises(InputError, match=r"No picture found in .*\.png"):
        read_folder(tmp_path, labelled=labelled)


def test_picture_without_class(digits: Path) -> None:
    save(digits / "loose.png", grey())
    with pytest.raises(InputError, match=r"loose\.png lies directly in .*labelled=False"):
        read_folder(digits)


@pytest.mark.parametrize("name", ["directory", "x.zip", "x.tar.gz"])
@pytest.mark.parametrize("content", ["void/", "void/notes.txt"])
def test_empty_class_folder_is_named(digits: Path, tmp_path: Path, name: str, content: str) -> None:
    path = digits
    if name != "directory":
        path = pack(tmp_path / name, files_of(digits) | {content: b""})
    elif content.endswith("/"):
        (digits / content).mkdir()
    else:
        (digits / "void").mkdir()
        (digits / content).write_bytes(b"")
    with pytest.raises(InputError, match="without a picture: void"):
        read_folder(path)


def test_unreadable_file_is_named(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=r"class 0/000\.png in .* \(Permission denied\)"):
        read_folder(digits)


def test_unreadable_folder_is_named(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refuse(folder):
        if Path(folder).name == "class 1":
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match=r"class 1 cannot be read \(Permission denied\)"):
        read_folder(digits)


def test_a_single_top_folder_is_no_class(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(tmp_path / "wrap" / name / "x.png", grey())
    read = read_folder(tmp_path)
    assert read.labels.tolist() == ["a", "b"]
    assert read.files == ["wrap/a/x.png", "wrap/b/x.png"]


def test_parts_of_a_data_set_are_no_classes(tmp_path: Path) -> None:
    for part in ("Train", "test"):
        for name in ("a", "b"):
            save(tmp_path / part / name / "x.png", grey())
    with pytest.raises(InputError, match="Train, test, which are parts of a data set") as caught:
        read_folder(tmp_path)
    assert str(tmp_path / "test") in str(caught.value)
    assert read_folder(tmp_path, subfolder="Train").labels.tolist() == ["a", "b"]
    assert len(read_folder(tmp_path, labelled=False).files) == 4
    flat = tmp_path / "flat"
    for name in ("train", "test"):  # pictures of trains, and of tests
        save(flat / name / "x.png", grey())
    assert read_folder(flat).labels.tolist() == ["test", "train"]
