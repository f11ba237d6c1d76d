from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import Request

import numpy as np
import pytest

from osrae import InputError
from osrae.datasets import transfer
from osrae.datasets.download import Remote, fetch
from osrae.datasets.partial import Part

CONTENT = np.random.default_rng(0).bytes(300_000)
OTHER = np.random.default_rng(1).bytes(300_000)
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
MD5 = "md5:" + hashlib.md5(CONTENT).hexdigest()
CUT = 120_000


class Site:
    """A web server on this machine; the answers in `script` come first, then the right file.

    An answer is a function of the request handler. `asked` holds the path, Range and If-Range of
    each request.
    """

    def __init__(self):
        self.asked, self.script = [], []
        self.released = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.site = site
                headers = self.headers
                site.asked.append((self.path, headers["Range"], headers["If-Range"]))
                (site.script.pop(0) if site.script else serve())(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def root(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def ranges(self):
        return [asked[1] for asked in self.asked]


def serve(
    content=CONTENT,
    *,
    etag='"v1"',
    modified=None,
    ranges=True,
    conditions=True,
    upto=None,
    then=None,
    length=True,
):
    """Answer with the content: its first `upto` bytes, then `then`."""

    def answer(request):
        start = 0
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if ranges and asked:
            condition = request.headers["If-Range"]
            start = int(asked[1])
            if conditions and condition and condition not in (etag, modified):
                start = 0
        if start and start >= len(content):
            return status(416)(request)
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if length:
            request.send_header("Content-Length", str(len(content) - start))
        for name, value in (("ETag", etag), ("Last-Modified", modified)):
            if value:
                request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content[start : len(content) if upto is None else start + upto])
        request.wfile.flush()
        if then:
            then(request)
        return None

    return answer


def status(code, **headers):
    def answer(request):
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def reset(request):
    """End a connection the hard way: the client sees an error, not an end."""
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.wfile.detach()
    request.rfile.close()
    request.connection.close()


def hang(request):
    """Keep the connection open without a word."""
    request.site.released.wait()


def cut(**options):
    return serve(upto=CUT, **options)


@pytest.fixture
def site():
    site = Site()
    yield site
    site.stop()


@pytest.fixture
def other_site():
    site = Site()
    yield site
    site.stop()


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """The pauses that would have been made."""
    made = []
    monkeypatch.setattr(transfer, "sleep", made.append)
    return made


def remote(*sites, checksum=SHA256, size=None, path="/data.gz"):
    urls = tuple(site if isinstance(site, str) else site.root + path for site in sites)
    return Remote("data.gz", urls, checksum, size)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def leave_part(folder, content, **origin):
    """Leave what an interrupted call would have."""
    (folder / "data.gz.part").write_bytes(content)
    (folder / "data.gz.part.json").write_text(json.dumps(origin))


# ---- the plain case ----------------------------------------------------------------------------


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


def test_chunks_without_a_length(site, tmp_path):
    def chunks(request):
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.send_header("ETag", '"v1"')
        request.end_headers()
        request.wfile.write(f"{CUT:x}\r\n".encode() + CONTENT[:CUT] + b"\r\n")
        request.close_connection = True

    site.script = [chunks]
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.asked[1:] == [("/data.gz", f"bytes={CUT}-", '"v1"')]


# ---- connections that break --------------------------------------------------------------------


def test_a_broken_connection_is_continued_where_it_broke(site, tmp_path, pauses):
    site.script = [cut(), cut()]
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.asked == [
        ("/data.gz", None, None),
        ("/data.gz", f"bytes={CUT}-", '"v1"'),
        ("/data.gz", f"bytes={2 * CUT}-", '"v1"'),
    ]
    assert pauses == [1, 1]
    assert names(tmp_path) == ["data.gz"]


@pytest.mark.parametrize("end", [reset, hang])
def test_a_reset_or_silent_connection_is_continued(site, tmp_path, monkeypatch, end):
    monkeypatch.setattr(transfer, "TIMEOUT", 0.5)
    site.script = [cut(then=end)]
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    first, second = site.ranges
    assert first is None
    # A reset may overtake bytes that were sent before it.
    start = int(second[len("bytes=") : -1]) if second else 0
    assert start == CUT if end is hang else start <= CUT


def test_the_time_of_change_serves_where_there_is_no_strong_etag(site, tmp_path):
    modified = "Wed, 21 Oct 2015 07:28:00 GMT"
    answer = {"etag": 'W/"v1"', "modified": modified}
    site.script = [cut(**answer), serve(**answer)]
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.asked[1:] == [("/data.gz", f"bytes={CUT}-", modified)]


def test_an_answer_with_a_rest_may_leave_out_what_the_first_said(site, tmp_path):
    modified = "Wed, 21 Oct 2015 07:28:00 GMT"
    site.script = [
        cut(etag=None, modified=modified),
        cut(etag=None, conditions=False),
        serve(etag=None, modified=modified),
    ]
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.asked[1:] == [
        ("/data.gz", f"bytes={CUT}-", modified),
        ("/data.gz", f"bytes={2 * CUT}-", modified),
    ]


def test_what_neither_server_nor_checksum_can_confirm_is_not_continued(site, tmp_path):
    site.script = [cut(etag=None), serve(etag=None)]
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None, None]


def test_a_server_without_ranges_starts_again(site, tmp_path):
    site.script = [cut(ranges=False), serve(ranges=False)]
    assert fetch(remote(site), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None, f"bytes={CUT}-"]


def test_it_gives_up_where_it_gets_no_further(site, tmp_path, pauses):
    site.script = [cut(ranges=False)] * 9
    with pytest.raises(InputError, match=rf"ended after {CUT} of 300000 bytes \(5 times in a row"):
        fetch(remote(site), tmp_path)
    # What grew the part at first counts as the first of the five failures.
    assert len(site.asked) == 5
    assert pauses == [1, 2, 4, 8]
    assert (tmp_path / "data.gz.part").read_bytes() == CONTENT[:CUT]
    assert names(tmp_path) == ["data.gz.part", "data.gz.part.json"]


def test_a_busy_server_is_asked_again(site, tmp_path, pauses):
    site.script = [status(503), status(429)]
    assert fetch(remote(site), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None] * 3
    assert pauses == [1, 2]


def test_a_missing_file_is_not_asked_for_again(site, tmp_path, pauses):
    site.script = [status(404)]
    with pytest.raises(InputError, match="HTTP 404: Not Found"):
        fetch(remote(site), tmp_path)
    assert len(site.asked) == 1
    assert pauses == []
    assert names(tmp_path) == []


# ---- what is continued, and what is not --------------------------------------------------------


def test_a_part_is_continued_by_the_next_call(site, tmp_path):
    url = site.root + "/data.gz"
    leave_part(tmp_path, CONTENT[:777], url=url, etag='"v1"', size=len(CONTENT))
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.asked == [("/data.gz", "bytes=777-", '"v1"')]
    assert names(tmp_path) == ["data.gz"]


def test_a_part_of_another_mirror_is_continued_if_a_checksum_will_tell(site, tmp_path):
    leave_part(tmp_path, CONTENT[:777], url="http://elsewhere.invalid/x", etag='"else"')
    assert fetch(remote(site), tmp_path).read_bytes() == CONTENT
    assert site.asked == [("/data.gz", "bytes=777-", None)]


def test_a_part_of_another_mirror_is_not_continued_without_a_checksum(site, tmp_path):
    leave_part(tmp_path, OTHER[:777], url="http://elsewhere.invalid/x", etag='"v1"')
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None]


@pytest.mark.parametrize("origin", ['{"url": "htt', "[]", '{"colour": "red"}'])
def test_a_damaged_note_of_the_origin_is_no_note(site, tmp_path, origin):
    leave_part(tmp_path, OTHER[:777])
    (tmp_path / "data.gz.part.json").write_text(origin)
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None]


@pytest.mark.parametrize("conditions", [True, False])
def test_a_new_version_starts_again(site, tmp_path, conditions):
    """Also where the server heeds the range and not the condition."""
    new = {"content": OTHER, "etag": '"v2"', "conditions": conditions}
    site.script = [cut(), serve(**new), serve(**new)]
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == OTHER
    assert site.asked[1] == ("/data.gz", f"bytes={CUT}-", '"v1"')
    assert site.ranges[2:] == ([] if conditions else [None])


def test_a_rest_of_a_file_of_another_size_is_not_appended(site, tmp_path):
    longer = {"content": OTHER + b"more", "conditions": False}
    site.script = [cut(), serve(**longer), serve(**longer)]
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == OTHER + b"more"
    assert site.ranges == [None, f"bytes={CUT}-", None]


@pytest.mark.parametrize("stated", ["bytes 5-299999/300000", "lines 1-2/3", None])
def test_a_rest_from_another_place_is_not_appended(site, tmp_path, stated):
    headers = {"Content_Range": stated} if stated else {}
    site.script = [cut(), status(206, ETag='"v1"', **headers)]
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None, f"bytes={CUT}-", None]


def test_a_range_that_the_server_refuses_starts_again(site, tmp_path):
    leave_part(tmp_path, OTHER + b"too long", url=site.root + "/data.gz", etag='"v1"')
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.asked == [("/data.gz", "bytes=300008-", '"v1"'), ("/data.gz", None, None)]


def test_a_part_longer_than_the_file_starts_again(site, tmp_path):
    leave_part(tmp_path, CONTENT + b"!", url=site.root + "/data.gz", etag='"v1"')
    assert fetch(remote(site, size=len(CONTENT)), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None]


def test_a_whole_part_only_gets_its_name(site, tmp_path):
    leave_part(tmp_path, CONTENT)
    assert fetch(remote(site, size=len(CONTENT)), tmp_path).read_bytes() == CONTENT
    assert site.asked == []
    assert names(tmp_path) == ["data.gz"]


@pytest.mark.parametrize("length", [CUT, len(CONTENT)])
def test_a_damaged_part_starts_again_once(site, tmp_path, length):
    leave_part(tmp_path, OTHER[:length], url=site.root + "/data.gz", etag='"v1"', size=300_000)
    assert fetch(remote(site), tmp_path).read_bytes() == CONTENT
    assert site.ranges == ([f"bytes={CUT}-", None] if length == CUT else [None])


# ---- wrong content and mirrors -----------------------------------------------------------------


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


def test_a_server_that_sends_more_is_cut_off(site, tmp_path):
    sent = []

    def endless(request):
        try:
            for _ in range(4000):  # 400 MB
                request.wfile.write(bytes(100_000))
                sent.append(100_000)
        except OSError:
            sent.append("cut off")

    site.script = [serve(length=False, then=endless)]
    with pytest.raises(InputError, match="sends more than the expected 300000 bytes"):
        fetch(remote(site, size=len(CONTENT)), tmp_path)
    for _ in range(1000):
        if "cut off" in sent:
            break
        time.sleep(0.01)
    assert sent[-1] == "cut off"
    assert len(site.asked) == 1
    assert names(tmp_path) == []


def test_an_end_before_the_known_size_is_a_broken_connection(site, tmp_path):
    site.script = [cut(length=False)]
    wanted = remote(site, checksum=None, size=len(CONTENT))
    assert fetch(wanted, tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None, f"bytes={CUT}-"]


# ---- addresses ---------------------------------------------------------------------------------


def test_redirects_are_followed_with_the_range(site, other_site, tmp_path):
    site.script = [status(302, Location=other_site.root + "/there.gz")]
    leave_part(tmp_path, CONTENT[:777], url=site.root + "/data.gz", etag='"v1"')
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.asked == [("/data.gz", "bytes=777-", '"v1"')]
    assert other_site.asked == [("/there.gz", "bytes=777-", '"v1"')]


@pytest.mark.parametrize("scheme", ["file", "ftp"])
def test_redirects_out_of_the_web_are_refused(site, tmp_path, scheme):
    (tmp_path / "secret").write_bytes(CONTENT)
    location = f"{scheme}://127.0.0.1{tmp_path}/secret"
    site.script = [status(302, Location=location)]
    with pytest.raises(InputError, match=rf"HTTP 302.*{scheme}://.*(refused|not allowed)"):
        fetch(remote(site), tmp_path / "folder")
    assert len(site.asked) == 1


def test_redirects_from_https_to_http_are_refused():
    redirects, https = transfer._WebRedirects(), Request("https://a.example/x")
    with pytest.raises(HTTPError, match=r"redirect to http://b\.example/x refused"):
        redirects.redirect_request(https, None, 302, "Found", {}, "http://b.example/x")
    followed = redirects.redirect_request(https, None, 302, "Found", {}, "https://b.example/x")
    assert followed is not None
    assert followed.full_url == "https://b.example/x"


def test_a_circle_of_redirects_ends(site, tmp_path):
    site.script = [status(302, Location=site.root + "/data.gz")] * 50
    with pytest.raises(InputError, match="infinite loop"):
        fetch(remote(site), tmp_path)
    assert len(site.asked) < 50


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


def test_proxies_of_the_environment_are_used_and_passed_by(site, other_site, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", other_site.root)
    assert fetch(remote("http://data.invalid/x.gz"), tmp_path / "a").read_bytes() == CONTENT
    assert other_site.asked == [("http://data.invalid/x.gz", None, None)]
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert fetch(remote(site), tmp_path / "b").read_bytes() == CONTENT
    assert (len(site.asked), len(other_site.asked)) == (1, 1)


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


# ---- the disk ----------------------------------------------------------------------------------


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


def test_a_known_origin_is_not_written_again(site, tmp_path, monkeypatch):
    """On a full disk it would be lost, and the part could not be continued."""
    origin = {"url": site.root + "/data.gz", "etag": '"v1"', "size": len(CONTENT)}
    leave_part(tmp_path, CONTENT[:777], **origin)

    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("osrae.datasets.partial.write_json", full)
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.ranges == ["bytes=777-"]


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


CHILD = """
import resource, sys
from pathlib import Path
from osrae.datasets.download import Remote, fetch

url, checksum, folder, limit = sys.argv[1:]
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
print("ready", flush=True)
fetch(Remote("data.gz", (url,), checksum), Path(folder))
"""


@pytest.fixture
def start_child(site):
    """Start a process that fetches the file; none outlives the test."""
    children = []

    def start(folder, *, limit=0, wrapper=()):
        arguments = [site.root + "/data.gz", SHA256, str(folder), str(limit)]
        child = subprocess.Popen(
            [*wrapper, sys.executable, "-c", CHILD, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="limits on files are POSIX")
def test_a_full_disk_keeps_the_part(site, start_child, tmp_path):
    _, error = start_child(tmp_path, limit=100_000).communicate(timeout=60)
    assert "InputError" in error
    assert "(File too large): 200000 more bytes are needed" in error
    assert "100000 bytes that are there are kept" in error
    assert (tmp_path / "data.gz.part").read_bytes() == CONTENT[:100_000]
    assert fetch(remote(site), tmp_path).read_bytes() == CONTENT
    assert site.asked[1:] == [("/data.gz", "bytes=100000-", '"v1"')]


def can_mount():
    """Whether a tiny file system can be made in a name space of its own."""
    mount = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs"]
    try:
        return subprocess.run([*mount, "none", "/mnt"], capture_output=True).returncode == 0
    except OSError:
        return False


def mounted(folder, options):
    """Words before a command that make it see a new file system in the folder."""
    mount = f"mount -t tmpfs -o {options} none '{folder}' && exec \"$@\""
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_system_that_is_too_small(site, start_child, tmp_path, announced):
    if not can_mount():
        pytest.skip("no file system can be mounted here")
    site.script = [serve(length=announced)]
    child = start_child(tmp_path, wrapper=mounted(tmp_path, "size=128k"))
    _, error = child.communicate(timeout=60)
    assert "(No space left on device)" in error
    if announced:
        assert "300000 more bytes are needed, 131072 are free. The 0 bytes" in error
    else:
        # One page holds the note of the origin.
        assert f"0 are free. The {131072 - 4096} bytes that are there are kept" in error
    assert len(site.asked) == 1


def test_a_file_system_that_is_read_only(site, start_child, tmp_path):
    if not can_mount():
        pytest.skip("no file system can be mounted here")
    child = start_child(tmp_path / "new", wrapper=mounted(tmp_path, "ro"))
    _, error = child.communicate(timeout=60)
    assert "InputError: No permission to write" in error
    assert site.asked == []


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


# ---- processes ---------------------------------------------------------------------------------


def wait_for_part(folder, length):
    part = folder / "data.gz.part"
    for _ in range(2000):
        if part.exists() and part.stat().st_size == length:
            return
        time.sleep(0.01)
    pytest.fail(f"the part never had {length} bytes")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_an_ended_process_is_continued(site, start_child, tmp_path, end):
    site.script = [serve(upto=1000, then=hang)]
    child = start_child(tmp_path)
    wait_for_part(tmp_path, 1000)
    child.send_signal(end)
    child.communicate(timeout=60)
    assert child.returncode == -end
    assert (tmp_path / "data.gz.part").read_bytes() == CONTENT[:1000]
    assert fetch(remote(site), tmp_path).read_bytes() == CONTENT
    assert site.asked == [("/data.gz", None, None), ("/data.gz", "bytes=1000-", '"v1"')]
    assert names(tmp_path) == ["data.gz"]


def test_two_processes_fetch_a_file_once(site, start_child, tmp_path):
    site.script = [cut(then=hang_and_finish)]
    children = [start_child(tmp_path)]
    wait_for_part(tmp_path, CUT)
    children.append(start_child(tmp_path))
    assert children[1].stdout.readline() == "ready\n"
    time.sleep(0.5)  # time in which the second could do harm
    assert (tmp_path / "data.gz.part").read_bytes() == CONTENT[:CUT]
    site.released.set()
    for child in children:
        _, error = child.communicate(timeout=60)
        assert (child.returncode, error) == (0, "")
    assert site.ranges == [None]
    assert (tmp_path / "data.gz").read_bytes() == CONTENT
    assert names(tmp_path) == ["data.gz"]


def hang_and_finish(request):
    hang(request)
    request.wfile.write(CONTENT[CUT:])


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_waiting_process_continues_what_a_killed_one_began(site, start_child, tmp_path):
    site.script = [cut(then=hang)]
    first = start_child(tmp_path)
    wait_for_part(tmp_path, CUT)
    second = start_child(tmp_path)
    assert second.stdout.readline() == "ready\n"
    time.sleep(0.5)  # until it waits
    first.kill()
    first.communicate(timeout=60)
    _, error = second.communicate(timeout=60)
    assert (second.returncode, error) == (0, "")
    assert site.ranges == [None, f"bytes={CUT}-"]
    assert (tmp_path / "data.gz").read_bytes() == CONTENT


# ---- progress ----------------------------------------------------------------------------------


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


def test_progress_counts_the_bytes_that_were_there(site, tmp_path):
    told = []
    leave_part(tmp_path, CONTENT[:777], url=site.root + "/data.gz", etag='"v1"')
    part = Part(tmp_path / "data.gz.part")
    in_one = transfer.transfer(
        site.root + "/data.gz", part, size=None, checked=False, report=lambda *at: told.append(at)
    )
    assert not in_one
    assert told[0] == (777, 300_000)
    assert told[-1] == (300_000, 300_000)
    assert told == sorted(told)
