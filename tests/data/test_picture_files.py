"""Files of pictures: formats, pixels and damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from osrae.data.folders import read_folder
from osrae.errors import InputError

from .folder_cases import PICTURES, file_bytes, files_of, flat, grey, pack, save


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
    save(tmp_path / "a" / name, flat("RGB", (200, 200, 200)), kind)
    assert np.abs(read_folder(tmp_path).pictures.astype(int) - 200).max() <= 2


def test_grey_modes_stay_grey(tmp_path: Path) -> None:
    values = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1040
    save(tmp_path / "a" / "1.png", flat("1", 1))
    save(tmp_path / "a" / "16.png", Image.fromarray(values))
    save(tmp_path / "a" / "l.png", grey())
    pictures = read_folder(tmp_path).pictures
    assert pictures.shape == (3, 8, 8)
    assert (pictures[0] == 255).all()
    np.testing.assert_array_equal(pictures[1], np.rint(values / 257))
    np.testing.assert_array_equal(pictures[2], PICTURES[0])


def test_grey_among_colour_becomes_colour(tmp_path: Path) -> None:
    save(tmp_path / "a" / "grey.png", grey())
    save(tmp_path / "a" / "red.png", flat("RGB", (255, 0, 0)))
    pictures = read_folder(tmp_path).pictures
    assert pictures.shape == (2, 8, 8, 3)
    np.testing.assert_array_equal(pictures[0], np.repeat(PICTURES[0][:, :, None], 3, axis=2))
    assert (pictures[1] == (255, 0, 0)).all()


@pytest.mark.parametrize(
    ("image", "options", "expected"),
    [
        (flat("RGBA", (1, 2, 3, 4)), {}, (1, 2, 3, 4)),
        (flat("LA", (7, 9)), {}, (7, 7, 7, 9)),
        (flat("P", 0), {"transparency": 0}, (0, 0, 0, 0)),
    ],
)
def test_any_opacity_gives_all_opacity(tmp_path: Path, image, options, expected) -> None:
    save(tmp_path / "a" / "grey.png", grey())
    save(tmp_path / "a" / "red.png", flat("RGB", (255, 0, 0)))
    save(tmp_path / "a" / "with.png", image, **options)
    pictures = read_folder(tmp_path).pictures
    assert pictures.shape == (3, 8, 8, 4)
    np.testing.assert_array_equal(pictures[0, :, :, 2], PICTURES[0])
    assert (pictures[0, :, :, 3] == 255).all()
    assert (pictures[1] == (255, 0, 0, 255)).all()
    assert (pictures[2] == expected).all()


def test_palette_and_cmyk_become_colour(tmp_path: Path) -> None:
    save(tmp_path / "a" / "p.png", flat("RGB", (10, 20, 30)).quantize(4))
    save(tmp_path / "b" / "cmyk.jpg", flat("CMYK", (0, 0, 0, 0)), "JPEG")
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
    save(tmp_path / "a" / f"x.{suffix}", Image.fromarray(values), kind, exif=exif)
    np.testing.assert_array_equal(read_folder(tmp_path).pictures[0], np.rot90(values, -1))


def test_first_picture_of_an_animation(tmp_path: Path) -> None:
    frames = [flat("L", 50), flat("L", 200)]
    save(tmp_path / "a" / "x.gif", frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (read_folder(tmp_path).pictures == 50).all()


def test_32_bit_pictures_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "a" / "x.tif", flat("F", 0.5), "TIFF")
    with pytest.raises(InputError, match=r"a/x\.tif in .* has 32 bits per pixel"):
        read_folder(tmp_path)


@pytest.mark.parametrize("damage", [b"", b"no picture", None])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("name", ["directory", "x.zip", "x.tar.xz"])
def test_broken_picture_is_named(
    digits: Path, tmp_path: Path, damage: bytes | None, kind: str, name: str
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    whole = file_bytes(Image.fromarray(noise), kind)
    file = "class 0/zz.tif" if kind == "TIFF" else f"class 0/zz.{kind.lower()}"
    (digits / file).write_bytes(whole[: len(whole) * 2 // 3] if damage is None else damage)
    path = digits if name == "directory" else pack(tmp_path / name, files_of(digits))
    with pytest.raises(InputError, match=f"{file} in .* cannot be decoded"):
        read_folder(path)


def test_other_formats_behind_a_picture_name_are_not_opened(tmp_path: Path) -> None:
    save(tmp_path / "a" / "x.png", flat("RGB", 0), "PPM")
    with pytest.raises(InputError, match=r"a/x\.png in .* cannot be decoded"):
        read_folder(tmp_path)


def test_decompression_bomb_is_named(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 31)
    with pytest.raises(InputError, match=r"class 0/000\.png in .* is too large"):
        read_folder(digits)
