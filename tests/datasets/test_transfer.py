from __future__ import annotations

import time
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from osrae import InputError
from osrae.datasets import transfer
from osrae.datasets.download import fetch
from osrae.datasets.partial import Part

from .download_cases import CONTENT, CUT, cut, hang, leave_part, names, remote, reset, serve, status

# ---- connections that break ----------------------------------------------------------------------


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


def test_an_end_before_the_known_size_is_a_broken_connection(site, tmp_path):
    site.script = [cut(length=False)]
    wanted = remote(site, checksum=None, size=len(CONTENT))
    assert fetch(wanted, tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None, f"bytes={CUT}-"]


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


# ---- addresses -----------------------------------------------------------------------------------


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


def test_proxies_of_the_environment_are_used_and_passed_by(site, other_site, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", other_site.root)
    assert fetch(remote("http://data.invalid/x.gz"), tmp_path / "a").read_bytes() == CONTENT
    assert other_site.asked == [("http://data.invalid/x.gz", None, None)]
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert fetch(remote(site), tmp_path / "b").read_bytes() == CONTENT
    assert (len(site.asked), len(other_site.asked)) == (1, 1)
