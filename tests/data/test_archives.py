"""Archives are read in place, and none unpacks to more than it may."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import tarfile

import pytest

from osrae.data import archives
from osrae.data.archives import entries, read_file, zip_entries
from osrae.errors import InputError

from .folder_cases import TARS, pack

ZEROS = b"\0" * 10_000_000


@pytest.mark.parametrize("name", ["x", "x.zip", *TARS])
def test_only_wanted_files_are_read(tmp_path, name):
    contents = {"a/1.txt": b"one", "a/2.bin": b"two", "b.txt": b"three", ".hidden": b"four"}
    path = tmp_path / name
    if name == "x":
        (path / "a").mkdir(parents=True)
        for file, content in contents.items():
            (path / file).write_bytes(content)
    else:
        pack(path, contents)
    asked = []

    def wanted(file: str) -> bool:
        asked.append(file)
        return file.endswith(".txt")

    read = {file: content for file, content in entries(path, wanted) if not file.endswith("/")}
    assert read == {"a/1.txt": b"one", "a/2.bin": None, "b.txt": b"three"}
    assert sorted(asked) == ["a/1.txt", "a/2.bin", "b.txt"]


@pytest.mark.parametrize("name", ["x.zip", *TARS])
def test_bomb_of_one_file(tmp_path, monkeypatch, name):
    path = pack(tmp_path / name, {"small.txt": b"one", "zeros.txt": ZEROS})
    assert name == "x.tar" or path.stat().st_size < len(ZEROS) / 100
    assert dict(entries(path, lambda file: True))["zeros.txt"] == ZEROS
    monkeypatch.setattr(archives, "_LARGEST_FILE", 9_999_999)
    match = rf"zeros\.txt in .*{name} unpacks to 10,000,000 bytes or more; at most 9,999,999"
    with pytest.raises(InputError, match=match):
        list(entries(path, lambda file: True))
    # What is not wanted takes no memory.
    assert dict(entries(path, lambda file: file == "small.txt"))["small.txt"] == b"one"


@pytest.mark.parametrize("name", ["x.zip", *TARS])
def test_bomb_of_many_files(tmp_path, monkeypatch, name):
    contents = {f"{number}.txt": ZEROS[:1000] for number in range(9)}
    path = pack(tmp_path / name, contents)
    monkeypatch.setattr(archives, "_LARGEST_ARCHIVE", 8999)
    read = []
    with pytest.raises(InputError, match=r"unpacks to 9,000 bytes .*at 8\.txt.*at most 8,999"):
        read.extend(entries(path, lambda file: True))
    monkeypatch.setattr(archives, "_LARGEST_ARCHIVE", 100_000)
    assert len(list(entries(path, lambda file: True))) == 9


@pytest.mark.parametrize("name", TARS)
def test_unwanted_files_of_a_stream_count(tmp_path, monkeypatch, name):
    path = pack(tmp_path / name, {"zeros.txt": ZEROS})
    monkeypatch.setattr(archives, "_LARGEST_ARCHIVE", 1_000_000)
    with pytest.raises(InputError, match=r"unpacks to 10,000,000 bytes .*at zeros\.txt"):
        list(entries(path, lambda file: False))


def test_bomb_after_the_end_of_a_tar(tmp_path, monkeypatch):
    plain = pack(tmp_path / "x.tar", {"a.txt": b"one"}).read_bytes()
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(plain + ZEROS))
    monkeypatch.setattr(archives, "_LARGEST_ARCHIVE", 5_000_000)
    with pytest.raises(InputError, match="at most 5,000,000"):
        list(entries(path, lambda file: True))


def test_zip_that_lies_about_a_size(tmp_path):
    path = pack(tmp_path / "x.zip", {"zeros.txt": ZEROS})
    content = path.read_bytes()
    true, false = struct.pack("<I", len(ZEROS)), struct.pack("<I", 100)
    assert content.count(true) == 2
    path.write_bytes(content.replace(true, false))
    with pytest.raises(InputError, match=r"cannot be read .*CRC"):
        list(entries(path, lambda file: True))


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_bomb_in_a_header(tmp_path, kind):
    path = tmp_path / "x.tar.xz"
    with lzma.open(path, "wb") as file:
        header = tarfile.TarInfo("long")
        header.type, header.size = kind, len(ZEROS)
        file.write(header.tobuf() + ZEROS + b"\0" * 512)
        file.write(tarfile.TarInfo("a.txt").tobuf() + b"\0" * 1024)
    with pytest.raises(InputError, match="a header of 10,000,000 bytes"):
        list(entries(path, lambda file: True))


def test_long_names_are_read(tmp_path):
    name = "/".join(["folder" * 30] * 20)
    for tar_format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        with tarfile.open(tmp_path / "x.tar", "w", format=tar_format) as archive:
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"one"))
        assert list(entries(tmp_path / "x.tar", lambda file: True)) == [(name, b"one")]


def test_sparse_file_promises_too_much(tmp_path):
    """A member of the GNU format that holds nothing, and claims to be 32 GiB of holes."""
    member = tarfile.TarInfo("holes.txt")
    member.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"\x80" + (2**35).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path = tmp_path / "x.tar"
    path.write_bytes(bytes(header) + b"\0" * 1024)
    with pytest.raises(InputError, match=r"holes\.txt in .* unpacks to 34,359,738,368 bytes"):
        list(entries(path, lambda file: True))


@pytest.mark.parametrize("headers", [{"GNU.sparse.map": "a,b"}, {"GNU.sparse.size": "x"}])
def test_headers_without_numbers(tmp_path, headers):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("a.txt")
        member.pax_headers = headers
        archive.addfile(member)
    with pytest.raises(InputError, match=r"The archive .*x\.tar cannot be read"):
        list(entries(path, lambda file: True))


def test_opened_zip(tmp_path):
    content = pack(tmp_path / "x.zip", {"a.txt": b"one", "../b.txt": b"two"}).read_bytes()
    read = list(zip_entries(io.BytesIO(content), "inner.zip in outer", lambda file: True))
    assert read == [("a.txt", b"one")]
    with pytest.raises(InputError, match=r"The archive inner\.zip in outer cannot be read"):
        list(zip_entries(io.BytesIO(content[:-9]), "inner.zip in outer", lambda file: True))


def test_gzipped_file(tmp_path, monkeypatch):
    plain, packed = tmp_path / "x", tmp_path / "x.gz"
    plain.write_bytes(ZEROS)
    packed.write_bytes(gzip.compress(ZEROS))
    assert read_file(plain) == ZEROS
    assert read_file(packed) == ZEROS
    monkeypatch.setattr(archives, "_LARGEST_FILE", 9_999_999)
    assert read_file(plain) == ZEROS  # it is no larger than it looks
    with pytest.raises(InputError, match=r"x in .*x\.gz unpacks to 10,000,000 bytes or more"):
        read_file(packed)
