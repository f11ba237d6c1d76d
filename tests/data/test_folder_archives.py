"""Archives of pictures: like folders, also where they are damaged or hostile."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from osrae.data.folders import read_folder
from osrae.errors import InputError

from .folder_cases import TARS, file_bytes, files_of, flat, grey, pack, save

ARCHIVES = ["x.zip", *TARS, "X.ZIP"]


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("prefix", ["", "birds/", "./birds/"])
def test_archive_equals_directory(digits: Path, tmp_path: Path, name: str, prefix: str) -> None:
    read = read_folder(pack(tmp_path / name, files_of(digits, prefix)))
    expected = read_folder(digits)
    np.testing.assert_array_equal(read.pictures, expected.pictures)
    assert read.labels.tolist() == expected.labels.tolist()
    assert read.files == [f"{prefix.removeprefix('./')}{file}" for file in expected.files]


def test_single_class_archive_is_not_entered(digits: Path, tmp_path: Path) -> None:
    contents = files_of(digits / "class 0", "cat/")
    assert set(read_folder(pack(tmp_path / "x.zip", contents)).labels) == {"cat"}


@pytest.mark.parametrize("prefix", ["", "top/"])
@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz"])
def test_subfolder_of_archive(digits: Path, tmp_path: Path, name: str, prefix: str) -> None:
    other = {f"{prefix}test/a/broken.png": b"never decoded", f"{prefix}readme.txt": b"hello"}
    contents = files_of(digits, f"{prefix}train/") | other
    read = read_folder(pack(tmp_path / name, contents), subfolder="train")
    assert read.labels.tolist() == read_folder(digits).labels.tolist()
    assert all(file.startswith(f"{prefix}train/class") for file in read.files)


def test_zip_with_windows_separators(digits: Path, tmp_path: Path) -> None:
    contents = {name.replace("/", "\\"): data for name, data in files_of(digits).items()}
    read = read_folder(pack(tmp_path / "x.zip", contents))
    assert read.labels.tolist() == read_folder(digits).labels.tolist()


def test_last_of_repeated_members_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        for value in (10, 20):
            data = file_bytes(flat("L", value))
            member = tarfile.TarInfo("a/x.png")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    assert (read_folder(path).pictures == 20).all()


def test_archives_are_not_unpacked(digits: Path, tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", files_of(digits))
    before = sorted(tmp_path.rglob("*"))
    read_folder(path)
    assert sorted(tmp_path.rglob("*")) == before


# --- Damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("part", [0, 0.02, 0.3, 0.5, 0.9, 0.99])
def test_archive_cut_short(tmp_path: Path, name: str, part: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (6, 32, 32), dtype=np.uint8)
    contents = {f"a/{i}.png": file_bytes(Image.fromarray(noise[i])) for i in range(6)}
    path = pack(tmp_path / name, contents)
    whole = path.read_bytes()
    if name == "x.tar":  # filled up to 10,240 bytes; the content is what may not be cut
        whole = whole.rstrip(b"\0")
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(InputError, match=f"The archive .*{name} cannot be read"):
        read_folder(path)


def test_tar_cut_between_members(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.tar", {"a/1.png": file_bytes(grey()), "a/2.png": file_bytes(grey())})
    with tarfile.open(path) as archive:
        second = archive.getmember("a/2.png").offset
    for cut in (second, second + 100):
        path.write_bytes(path.read_bytes()[:cut])
        with pytest.raises(InputError, match="cannot be read"):
            read_folder(path)


def test_tar_with_a_damaged_header(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.tar", {"a/1.png": file_bytes(grey()), "a/2.png": file_bytes(grey())})
    with tarfile.open(path) as archive:
        second = archive.getmember("a/2.png").offset
    content = bytearray(path.read_bytes())
    content[second] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="bad checksum"):
        read_folder(path)


def test_gzip_checksum_is_checked(digits: Path, tmp_path: Path) -> None:
    path = pack(tmp_path / "x.tar.gz", files_of(digits))
    content = bytearray(path.read_bytes())
    content[-8] ^= 1  # the first byte of the checksum
    path.write_bytes(content)
    with pytest.raises(InputError, match="CRC"):
        read_folder(path)


def test_encrypted_zip(digits: Path, tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", files_of(digits))
    content = path.read_bytes()
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        pieces = content.split(signature)
        marked = [piece[: flags - 4] + b"\1" + piece[flags - 3 :] for piece in pieces[1:]]
        content = signature.join([pieces[0], *marked])
    path.write_bytes(content)
    with pytest.raises(InputError, match="encrypted"):
        read_folder(path)


# --- Hostile members ------------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A picture outside the archive, which no member may reach."""
    return save(tmp_path / "outside" / "secret.png", flat("L", 99))


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
    contents = files_of(digits) | dict.fromkeys(hostile, secret.read_bytes())
    path = pack(tmp_path / "x.zip", contents)
    link = zipfile.ZipInfo("class 0/link.png")
    link.create_system = 3
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, str(secret))
    assert len(read_folder(path).files) == 6
