from __future__ import annotations

import errno

import pytest

from osrae.datasets.download import fetch

from .download_cases import CONTENT, CUT, OTHER, cut, leave_part, names, remote, serve, status

# ---- what says that a rest belongs to a part -----------------------------------------------------


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


def test_a_known_origin_is_not_written_again(site, tmp_path, monkeypatch):
    """On a full disk it would be lost, and the part could not be continued."""
    origin = {"url": site.root + "/data.gz", "etag": '"v1"', "size": len(CONTENT)}
    leave_part(tmp_path, CONTENT[:777], **origin)

    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("osrae.datasets.partial.write_json", full)
    assert fetch(remote(site, checksum=None), tmp_path).read_bytes() == CONTENT
    assert site.ranges == ["bytes=777-"]


# ---- what is not continued -----------------------------------------------------------------------


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
