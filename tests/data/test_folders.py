"""Folders and archives of pictures."""

from __future__ import annotations

import csv
import errno
import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from osrae.data.folders import read_folder, write_folder
from osrae.errors import InputError

DIGITS = load_digits()
PICTURES = (DIGITS.images * (255 / 16)).astype(np.uint8)
ARCHIVES = ["x.zip", "x.tar", "x.tar.gz", "x.tgz", "x.tar.xz", "x.tar.bz2", "X.ZIP"]


def _grey(index: int = 0) -> Image.Image:
    return Image.fromarray(PICTURES[index])


def _flat(mode: str, colour, size: tuple[int, int] = (8, 8)) -> Image.Image:
    return Image.new(mode, size, colour)


def _bytes(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _save(path: Path, image: Image.Image, kind: str = "PNG", **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_bytes(image, kind, **options))
    return path


def _pack(path: Path, contents: dict[str, bytes]) -> Path:
    """Make an archive of these names, in this order; names with a final slash are folders."""
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
        return path
    kind = {".gz": "gz", ".tgz": "gz", ".xz": "xz", ".bz2": "bz2"}.get(path.suffix, "")
    with tarfile.open(path, f"w:{kind}") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Two classes of three digits each."""
    for digit in (0, 1):
        for index in np.flatnonzero(DIGITS.target == digit)[:3]:
            _save(tmp_path / "digits" / f"class {digit}" / f"{index:03}.png", _grey(index))
    return tmp_path / "digits"


def _contents(folder: Path, prefix: str = "") -> dict[str, bytes]:
    files = (file for file in sorted(folder.rglob("*"), reverse=True) if file.is_file())
    return {f"{prefix}{file.relative_to(folder)}": file.read_bytes() for file in files}


# --- What is found --------------------------------------------------------------------------------


def test_directory(digits: Path) -> None:
    read = read_folder(str(digits))
    indices = [int(Path(file).stem) for file in read.files]
    assert read.files == sorted(read.files)
    assert read.labels.tolist() == ["class 0"] * 3 + ["class 1"] * 3
    assert read.pictures.dtype == np.uint8
    np.testing.assert_array_equal(read.pictures, PICTURES[indices])


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("prefix", ["", "birds/", "./birds/"])
def test_archive_equals_directory(digits: Path, tmp_path: Path, name: str, prefix: str) -> None:
    read = read_folder(_pack(tmp_path / name, _contents(digits, prefix)))
    expected = read_folder(digits)
    np.testing.assert_array_equal(read.pictures, expected.pictures)
    assert read.labels.tolist() == expected.labels.tolist()
    assert read.files == [f"{prefix.removeprefix('./')}{file}" for file in expected.files]


def test_single_class_archive_is_not_entered(digits: Path, tmp_path: Path) -> None:
    contents = _contents(digits / "class 0", "cat/")
    assert set(read_folder(_pack(tmp_path / "x.zip", contents)).labels) == {"cat"}


def test_nested_pictures_have_the_class_of_the_first_folder(tmp_path: Path) -> None:
    _save(tmp_path / "a" / "deep" / "er" / "x.png", _grey())
    _save(tmp_path / "b" / "y.png", _grey())
    read = read_folder(tmp_path)
    assert read.files == ["a/deep/er/x.png", "b/y.png"]
    assert read.labels.tolist() == ["a", "b"]


@pytest.mark.parametrize("prefix", ["", "top/"])
@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz"])
def test_subfolder_of_archive(digits: Path, tmp_path: Path, name: str, prefix: str) -> None:
    other = {f"{prefix}test/a/broken.png": b"never decoded", f"{prefix}readme.txt": b"hello"}
    contents = _contents(digits, f"{prefix}train/") | other
    read = read_folder(_pack(tmp_path / name, contents), subfolder="train")
    assert read.labels.tolist() == read_folder(digits).labels.tolist()
    assert all(file.startswith(f"{prefix}train/class") for file in read.files)


def test_subfolder_of_directory(digits: Path) -> None:
    _save(digits.parent / "loose.png", _grey())
    read = read_folder(digits.parent, subfolder="digits/")
    assert read.labels.tolist() == read_folder(digits).labels.tolist()
    assert read.files == [f"digits/{file}" for file in read_folder(digits).files]


@pytest.mark.parametrize("subfolder", ["val", "../digits", "class"])
def test_missing_subfolder_names_those_there_are(digits: Path, subfolder: str) -> None:
    with pytest.raises(InputError, match=r"no folder .*; it has class 0, class 1"):
        read_folder(digits, subfolder=subfolder)


def test_unlabelled_reads_any_nesting(digits: Path) -> None:
    _save(digits / "loose.png", _grey())
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
    path = digits if name == "directory" else _pack(tmp_path / name, _contents(digits))
    assert len(read_folder(path).files) == 6


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x.PNG", "PNG"),
        ("x.jpg", "JPEG"),
        ("x.JPEG", "JPEG"),
        ("x.bmp", "BMP"),
        ("x.gif", "GIF"),
        ("x.webp", "WEBP"),
        ("x.tif", "TIFF"),
        ("x.tiff", "TIFF"),
    ],
)
def test_formats(tmp_path: Path, name: str, kind: str) -> None:
    _save(tmp_path / "a" / name, _flat("RGB", (200, 200, 200)), kind)
    assert np.abs(read_folder(tmp_path).pictures.astype(int) - 200).max() <= 2


def test_links_inside_a_directory_are_followed_once(digits: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "zero").symlink_to(digits / "class 0")
    (digits / "class 0" / "back").symlink_to(digits / "class 0")
    assert len(read_folder(tmp_path / "linked").files) == 3


# --- Pixels ---------------------------------------------------------------------------------------


def test_grey_modes_stay_grey(tmp_path: Path) -> None:
    values = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1040
    _save(tmp_path / "a" / "1.png", _flat("1", 1))
    _save(tmp_path / "a" / "16.png", Image.fromarray(values))
    _save(tmp_path / "a" / "l.png", _grey())
    pictures = read_folder(tmp_path).pictures
    assert pictures.shape == (3, 8, 8)
    assert (pictures[0] == 255).all()
    np.testing.assert_array_equal(pictures[1], np.rint(values / 257))
    np.testing.assert_array_equal(pictures[2], PICTURES[0])


def test_grey_among_colour_becomes_colour(tmp_path: Path) -> None:
    _save(tmp_path / "a" / "grey.png", _grey())
    _save(tmp_path / "a" / "red.png", _flat("RGB", (255, 0, 0)))
    pictures = read_folder(tmp_path).pictures
    assert pictures.shape == (2, 8, 8, 3)
    np.testing.assert_array_equal(pictures[0], np.repeat(PICTURES[0][:, :, None], 3, axis=2))
    assert (pictures[1] == (255, 0, 0)).all()


@pytest.mark.parametrize(
    ("image", "options", "expected"),
    [
        (_flat("RGBA", (1, 2, 3, 4)), {}, (1, 2, 3, 4)),
        (_flat("LA", (7, 9)), {}, (7, 7, 7, 9)),
        (_flat("P", 0), {"transparency": 0}, (0, 0, 0, 0)),
    ],
)
def test_any_opacity_gives_all_opacity(tmp_path: Path, image, options, expected) -> None:
    _save(tmp_path / "a" / "grey.png", _grey())
    _save(tmp_path / "a" / "red.png", _flat("RGB", (255, 0, 0)))
    _save(tmp_path / "a" / "with.png", image, **options)
    pictures = read_folder(tmp_path).pictures
    assert pictures.shape == (3, 8, 8, 4)
    np.testing.assert_array_equal(pictures[0, :, :, 2], PICTURES[0])
    assert (pictures[0, :, :, 3] == 255).all()
    assert (pictures[1] == (255, 0, 0, 255)).all()
    assert (pictures[2] == expected).all()


def test_palette_and_cmyk_become_colour(tmp_path: Path) -> None:
    _save(tmp_path / "a" / "p.png", _flat("RGB", (10, 20, 30)).quantize(4))
    _save(tmp_path / "b" / "cmyk.jpg", _flat("CMYK", (0, 0, 0, 0)), "JPEG")
    pictures = read_folder(tmp_path).pictures
    assert pictures.shape == (2, 8, 8, 3)
    assert (pictures[0] == (10, 20, 30)).all()
    assert (pictures[1] == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_exif_orientation_is_applied(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it turned by 90° clockwise
    values = np.arange(96, dtype=np.uint8).reshape(8, 12)
    suffix = kind.lower()
    _save(tmp_path / "a" / f"x.{suffix}", Image.fromarray(values), kind, exif=exif)
    np.testing.assert_array_equal(read_folder(tmp_path).pictures[0], np.rot90(values, -1))


def test_first_picture_of_an_animation(tmp_path: Path) -> None:
    frames = [_flat("L", 50), _flat("L", 200)]
    _save(tmp_path / "a" / "x.gif", frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (read_folder(tmp_path).pictures == 50).all()


def test_32_bit_pictures_are_refused(tmp_path: Path) -> None:
    _save(tmp_path / "a" / "x.tif", _flat("F", 0.5), "TIFF")
    with pytest.raises(InputError, match=r"a/x\.tif in .* has 32 bits per pixel"):
        read_folder(tmp_path)


def test_size_resizes_all(tmp_path: Path) -> None:
    _save(tmp_path / "a" / "large.png", _flat("L", 90, (40, 30)))
    _save(tmp_path / "a" / "small.png", _flat("RGB", (1, 2, 3), (4, 5)))
    pictures = read_folder(tmp_path, size=(8, 10)).pictures
    assert pictures.shape == (2, 8, 10, 3)
    assert (pictures[0] == 90).all()
    assert (pictures[1] == (1, 2, 3)).all()


def test_resizing_averages(tmp_path: Path) -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (16, 16))
    _save(tmp_path / "a" / "x.png", Image.fromarray(stripes))
    pictures = read_folder(tmp_path, size=(8, 8)).pictures
    assert np.abs(pictures.astype(int) - 127).max() < 30  # without averaging: 0 or 255


def test_size_that_fits_changes_nothing(digits: Path) -> None:
    np.testing.assert_array_equal(
        read_folder(digits, size=(8, 8)).pictures, read_folder(digits).pictures
    )


@pytest.mark.parametrize("name", ["directory", "x.zip", "x.tar"])
def test_first_file_of_another_size_is_named(digits: Path, tmp_path: Path, name: str) -> None:
    first = sorted(_contents(digits))[0]
    _save(digits / "class 1" / "z.png", _flat("L", 0, (9, 12)))
    contents = dict(sorted(_contents(digits).items()))
    path = digits if name == "directory" else _pack(tmp_path / name, contents)
    message = (
        rf"class 1/z\.png in .* is 12 × 9 .* {first} is 8 × 8.*size=\(height, width\).*--size HxW"
    )
    with pytest.raises(InputError, match=message):
        read_folder(path)


def test_small_pictures_are_refused(tmp_path: Path) -> None:
    _save(tmp_path / "a" / "x.png", _flat("L", 0, (8, 7)))
    with pytest.raises(InputError, match=r"a/x\.png in .* is 7 × 8 pixels; at least 8 × 8"):
        read_folder(tmp_path)


@pytest.mark.parametrize("size", [(7, 8), (8, 7), (8,), (8, 8, 3)])
def test_impossible_size_is_refused(digits: Path, size) -> None:
    with pytest.raises(InputError, match=r"size=.* must be \(height, width\) of at least 8 × 8"):
        read_folder(digits, size=size)


# --- Mistakes and damage --------------------------------------------------------------------------


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
    _save(digits / "loose.png", _grey())
    with pytest.raises(InputError, match=r"loose\.png lies directly in .*labelled=False"):
        read_folder(digits)


@pytest.mark.parametrize("name", ["directory", "x.zip", "x.tar.gz"])
@pytest.mark.parametrize("content", ["void/", "void/notes.txt"])
def test_empty_class_folder_is_named(digits: Path, tmp_path: Path, name: str, content: str) -> None:
    path = digits
    if name != "directory":
        path = _pack(tmp_path / name, _contents(digits) | {content: b""})
    elif content.endswith("/"):
        (digits / content).mkdir()
    else:
        (digits / "void").mkdir()
        (digits / content).write_bytes(b"")
    with pytest.raises(InputError, match="without a picture: void"):
        read_folder(path)


@pytest.mark.parametrize("damage", [b"", b"no picture", None])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("name", ["directory", "x.zip", "x.tar.xz"])
def test_broken_picture_is_named(
    digits: Path, tmp_path: Path, damage: bytes | None, kind: str, name: str
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    whole = _bytes(Image.fromarray(noise), kind)
    file = "class 0/zz.tif" if kind == "TIFF" else f"class 0/zz.{kind.lower()}"
    (digits / file).write_bytes(whole[: len(whole) * 2 // 3] if damage is None else damage)
    path = digits if name == "directory" else _pack(tmp_path / name, _contents(digits))
    with pytest.raises(InputError, match=f"{file} in .* cannot be decoded"):
        read_folder(path)


def test_other_formats_behind_a_picture_name_are_not_opened(tmp_path: Path) -> None:
    _save(tmp_path / "a" / "x.png", _flat("RGB", 0), "PPM")
    with pytest.raises(InputError, match=r"a/x\.png in .* cannot be decoded"):
        read_folder(tmp_path)


def test_decompression_bomb_is_named(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 31)
    with pytest.raises(InputError, match=r"class 0/000\.png in .* is too large"):
        read_folder(digits)


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


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("part", [0, 0.02, 0.3, 0.5, 0.9, 0.99])
def test_archive_cut_short(tmp_path: Path, name: str, part: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (6, 32, 32), dtype=np.uint8)
    contents = {f"a/{i}.png": _bytes(Image.fromarray(noise[i])) for i in range(6)}
    path = _pack(tmp_path / name, contents)
    whole = path.read_bytes()
    if name == "x.tar":  # filled up to 10,240 bytes; the content is what may not be cut
        whole = whole.rstrip(b"\0")
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(InputError, match=f"The archive .*{name} cannot be read"):
        read_folder(path)


def test_tar_cut_between_members(tmp_path: Path) -> None:
    path = _pack(tmp_path / "x.tar", {"a/1.png": _bytes(_grey()), "a/2.png": _bytes(_grey())})
    with tarfile.open(path) as archive:
        second = archive.getmember("a/2.png").offset
    for cut in (second, second + 100):
        path.write_bytes(path.read_bytes()[:cut])
        with pytest.raises(InputError, match="cannot be read"):
            read_folder(path)


def test_tar_with_a_damaged_header(tmp_path: Path) -> None:
    path = _pack(tmp_path / "x.tar", {"a/1.png": _bytes(_grey()), "a/2.png": _bytes(_grey())})
    with tarfile.open(path) as archive:
        second = archive.getmember("a/2.png").offset
    content = bytearray(path.read_bytes())
    content[second] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="bad checksum"):
        read_folder(path)


def test_gzip_checksum_is_checked(digits: Path, tmp_path: Path) -> None:
    path = _pack(tmp_path / "x.tar.gz", _contents(digits))
    content = bytearray(path.read_bytes())
    content[-8] ^= 1  # the first byte of the checksum
    path.write_bytes(content)
    with pytest.raises(InputError, match="CRC"):
        read_folder(path)


def test_encrypted_zip(digits: Path, tmp_path: Path) -> None:
    path = _pack(tmp_path / "x.zip", _contents(digits))
    content = path.read_bytes()
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        pieces = content.split(signature)
        marked = [piece[: flags - 4] + b"\1" + piece[flags - 3 :] for piece in pieces[1:]]
        content = signature.join([pieces[0], *marked])
    path.write_bytes(content)
    with pytest.raises(InputError, match="encrypted"):
        read_folder(path)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A picture outside the archive, which no member may reach."""
    return _save(tmp_path / "outside" / "secret.png", _flat("L", 99))


def test_hostile_tar_members_are_ignored(digits: Path, tmp_path: Path, secret: Path) -> None:
    path = tmp_path / "x.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(digits / "class 0", "class 0")
        for name, kind in [
            ("class 0/link.png", tarfile.SYMTYPE),
            ("class 0/hard.png", tarfile.LNKTYPE),
            ("class 0/pipe.png", tarfile.FIFOTYPE),
            ("linked", tarfile.SYMTYPE),
        ]:
            member = tarfile.TarInfo(name)
            member.type = kind
            member.linkname = str(secret if name.endswith(".png") else secret.parent)
            archive.addfile(member)
        for name in ("../x.png", "class 0/../../x.png", "/class 0/x.png", "/x.png"):
            member = tarfile.TarInfo(name)
            member.size = secret.stat().st_size
            archive.addfile(member, io.BytesIO(secret.read_bytes()))
    read = read_folder(path)
    assert len(read.files) == 3
    assert set(read.labels) == {"class 0"}
    assert not (tmp_path / "x.png").exists()


def test_hostile_zip_members_are_ignored(digits: Path, tmp_path: Path, secret: Path) -> None:
    hostile = ["../x.png", "class 0/../../x.png", "/class 0/x.png", "..\\x.png"]
    contents = _contents(digits) | dict.fromkeys(hostile, secret.read_bytes())
    path = _pack(tmp_path / "x.zip", contents)
    link = zipfile.ZipInfo("class 0/link.png")
    link.create_system = 3
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, str(secret))
    assert len(read_folder(path).files) == 6


def test_zip_with_windows_separators(digits: Path, tmp_path: Path) -> None:
    contents = {name.replace("/", "\\"): data for name, data in _contents(digits).items()}
    read = read_folder(_pack(tmp_path / "x.zip", contents))
    assert read.labels.tolist() == read_folder(digits).labels.tolist()


def test_last_of_repeated_members_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        for value in (10, 20):
            data = _bytes(_flat("L", value))
            member = tarfile.TarInfo("a/x.png")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    assert (read_folder(path).pictures == 20).all()


def test_archives_are_not_unpacked(digits: Path, tmp_path: Path) -> None:
    path = _pack(tmp_path / "x.zip", _contents(digits))
    before = sorted(tmp_path.rglob("*"))
    read_folder(path)
    assert sorted(tmp_path.rglob("*")) == before


# --- Writing --------------------------------------------------------------------------------------


def _manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, labels: list[str], **options) -> list[dict[str, str]]:
    options = {"synthetic": np.zeros(len(labels), bool), "sources": None, **options}
    write_folder(path, PICTURES[: len(labels)], labels, **options)
    return _manifest(path)


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
    rows = _manifest(tmp_path / "out")
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


def test_names_are_made_unique(tmp_path: Path) -> None:
    sources = [
        "a/x.jpg",
        "a/sub/x.png",
        "a/X.bmp",
        "a/x-2.gif",
        "b/x.png",
        "a/synthetic-000001.png",
    ]
    rows = _write(
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
    rows = _write(tmp_path / "out", [label, "other"])
    assert rows[0]["label"] == label
    assert rows[0]["file"] == f"{folder}/original-000001.png"
    assert sorted(entry.name for entry in (tmp_path / "out").iterdir()) == sorted(
        [folder, "other", "manifest.csv"]
    )
    assert read_folder(tmp_path / "out").labels.tolist() == sorted([folder, "other"])


def test_different_classes_have_different_folders(tmp_path: Path) -> None:
    labels = ["a/b", "a%2Fb", "a%252Fb", "", "∅", "%E2%88%85", "%", "%/", "%%2F", " ", "%20"]
    rows = _write(tmp_path / "out", labels)
    assert len({row["file"].split("/")[0] for row in rows}) == len(labels)
    assert [row["label"] for row in rows] == labels


def test_classes_and_files_whose_names_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    rows = tmp_path / "out" / "manifest.csv"
    _save(tmp_path / "in" / name / f"{name}.png", _grey())
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
        _write(tmp_path / "out", ["ä" * 128])
    assert list(tmp_path.iterdir()) == []


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
        _write(tmp_path / "out", ["a"])
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert len(_write(tmp_path / "out", ["a"])) == 1


def test_missing_parent(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be written: .*nowhere is no folder"):
        _write(tmp_path / "nowhere" / "out", ["a"])


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
        _write(tmp_path / "out", ["a", "b", "c"])
    assert len(calls) == 2
    assert list(tmp_path.iterdir()) == []
