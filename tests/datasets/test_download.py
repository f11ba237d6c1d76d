from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections import namedtuple

import pytest

from osrae import InputError
from osrae.datasets.download import Remote, fetch

from .download_cases import (
    CONTENT,
    CUT,
    MD5,
    OTHER,
    SHA256,
    cut,
    hang,
    leave_part,
    names,
    remote,
    serve,
    status,
)


@pytest.mark.parametrize("checksum", [SHA256, MD5, None], ids=["sha256", "md5", "none"])
@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_file_is_fetched_once(site, tmp_path, checksum, size):
    folder = tmp_path / "made" / "for it"
    wanted = remote(site, checksum=checksum, size=size)
    for _ in range(2):
        path = fetch(wanted, folder)
        assert path == folder / "data.gz"
        assert path.read_bytes() == CONTENT
    assert site.asked == [("/data.gz", None, None)]
    assert names(folder) == ["data.gz"]


def test_an_empty_file_is_a_file(site, tmp_path):
    site.script = [serve(b"")]
    wanted = remote(site, checksum="md5:d41d8cd98f00b204e9800998ecf8427e", size=0)
    assert fetch(wanted, tmp_path).read_bytes() == b""
    assert site.ranges == [None]


@pytest.mark.parametrize("there", [OTHER, CONTENT[:CUT], b""], ids=["other", "cut", "empty"])
def test_a_wrong_file_in_its_place_is_replaced(site, tmp_path, there):
    (tmp_path / "data.gz").write_bytes(there)
    assert fetch(remote(site), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None]


def test_without_a_checksum_the_size_tells_whether_a_file_is_whole(site, tmp_path):
    (tmp_path / "data.gz").write_bytes(CONTENT[:CUT])
    wanted = remote(site, checksum=None, size=len(CONTENT))
    assert fetch(wanted, tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None]


# ---- wrong content and mirrors -------------------------------------------------------------------


def test_a_wrong_file_is_removed_and_the_next_mirror_asked(site, other_site, tmp_path):
    site.script = [serve(OTHER)]
    assert fetch(remote(site, other_site), tmp_path).read_bytes() == CONTENT
    assert (site.ranges, other_site.ranges) == ([None], [None])
    assert names(tmp_path) == ["data.gz"]


def test_the_error_names_both_checksums(site, tmp_path):
    site.script = [serve(OTHER)]
    with pytest.raises(InputError) as caught:
        fetch(remote(site), tmp_path)
    found = hashlib.sha256(OTHER).hexdigest()
    assert f"data.gz: checksum is sha256:{found}, expected {SHA256}" in str(caught.value)
    assert len(site.asked) == 1
    assert names(tmp_path) == []


def test_a_mirror_continues_what_the_first_broke_off(site, other_site, tmp_path):
    site.script = [cut(), status(404)]
    assert fetch(remote(site, other_site), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None, f"bytes={CUT}-"]
    assert other_site.asked == [("/data.gz", f"bytes={CUT}-", None)]


def test_a_wrong_announced_size_is_refused_before_the_content(site, other_site, tmp_path):
    site.script = [serve(CONTENT + b"!", then=hang)]
    wanted = remote(site, other_site, size=len(CONTENT))
    assert fetch(wanted, tmp_path).read_bytes() == CONTENT
    assert len(site.asked) == len(other_site.asked) == 1
    site.script = [serve(CONTENT + b"!")]
    with pytest.raises(InputError, match="has 300001 bytes there, expected 300000"):
        fetch(remote(site, size=len(CONTENT)), tmp_path / "new")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"urls": ("file:///etc/passwd",)}, "no address of the web"),
        ({"urls": ("http://good.example/x", "ftp://a.example/x")}, "'ftp://a.example/x' is no"),
        ({"urls": ("data.gz",)}, "no address of the web"),
        ({"urls": ()}, "no address to be fetched from"),
        ({"name": "../x"}, "no file name"),
        ({"name": ".."}, "no file name"),
        ({"name": ""}, "no file name"),
        ({"name": "a\\b"}, "no file name"),
        ({"checksum": "sha1:" + 40 * "0"}, "no checksum"),
        ({"checksum": "md5:" + 31 * "0"}, "no checksum"),
    ],
)
def test_what_is_no_remote_file_is_refused(wrong, message):
    right = {"name": "x", "urls": ("https://a.example/x",)}
    with pytest.raises(InputError, match=message):
        Remote(**{**right, **wrong})


def test_without_network_the_error_says_what_to_do(site, other_site, tmp_path, pauses):
    site.stop()
    other_site.script = [status(403)]
    with pytest.raises(InputError) as caught:
        fetch(remote(site, other_site), tmp_path)
    first, second = site.root + "/data.gz", other_site.root + "/data.gz"
    message = str(caught.value)
    assert re.search(rf"{first}: not reached: .*[Cc]onnection refused", message)
    assert f"{second}: HTTP 403: Forbidden" in message
    assert f"open {first} in a browser" in message
    assert f"save it as data.gz in the folder {tmp_path}." in message
    assert "OSRAE_DATA" in message
    assert pauses == []


def test_the_error_says_if_a_file_put_there_by_hand_is_the_wrong_one(site, tmp_path):
    site.stop()
    (tmp_path / "data.gz").write_bytes(b"<html>")
    with pytest.raises(InputError, match=r"data\.gz is there, but its size is 6 bytes, expected 3"):
        fetch(remote(site, size=len(CONTENT)), tmp_path)
    assert (tmp_path / "data.gz").read_bytes() == b"<html>"


# ---- the disk ------------------------------------------------------------------------------------


def test_what_does_not_fit_is_not_begun(site, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")(10**9, 10**9 - 1000, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    url = site.root + "/data.gz"
    leave_part(tmp_path, CONTENT[:777], url=url, etag='"v1"', size=len(CONTENT))
    with pytest.raises(InputError, match=r"299223 more bytes are needed, 1000 are free.*777 bytes"):
        fetch(remote(site), tmp_path)
    assert (tmp_path / "data.gz.part").read_bytes() == CONTENT[:777]
    leave_part(tmp_path, CONTENT[:-1000], url=url, etag='"v1"', size=len(CONTENT))
    assert fetch(remote(site), tmp_path).read_bytes() == CONTENT
    assert site.ranges == ["bytes=777-", "bytes=299000-"]


def test_the_bytes_are_on_disk_before_the_name(site, tmp_path, monkeypatch):
    done, fsync, replace = [], os.fsync, os.replace

    def recorded_fsync(descriptor):
        done.append(("fsync", os.fstat(descriptor).st_ino))
        fsync(descriptor)

    def recorded_replace(source, target):
        done.append(("replace", os.stat(source).st_ino))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    file = fetch(remote(site), tmp_path).stat().st_ino
    assert done == [("fsync", file), ("replace", file)]


def test_a_folder_that_cannot_be_written_to(site, tmp_path, monkeypatch):
    def forbidden(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", forbidden)
    with pytest.raises(InputError, match="No permission to write"):
        fetch(remote(site), tmp_path)
    # It need not be, if the file is there.
    (tmp_path / "data.gz").write_bytes(CONTENT)
    assert fetch(remote(site), tmp_path).read_bytes() == CONTENT
    assert site.asked == []


def test_things_in_the_way_are_named(site, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "data.gz").mkdir()
    for folder in (tmp_path, tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="cannot be written"):
            fetch(remote(site), folder)
    assert site.asked == []


# ---- progress ------------------------------------------------------------------------------------


def test_progress_is_shown_on_a_terminal_and_noted_elsewhere(site, tmp_path, monkeypatch, capsys):
    url = site.root + "/data.gz"
    fetch(remote(site), tmp_path / "quiet")
    assert capsys.readouterr() == ("", "")
    fetch(remote(site), tmp_path / "log", progress=True)
    assert capsys.readouterr() == ("", f"Fetching {url}\n")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    fetch(remote(site), tmp_path / "terminal", progress=True)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert re.search(r"data\.gz ━+ 300\.0/300\.0 kB", shown)
