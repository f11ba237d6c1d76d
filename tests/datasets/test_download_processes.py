"""Downloads in processes of their own: what is on the disk when one ends, or two want a file."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from osrae.datasets.download import fetch

from .download_cases import CONTENT, CUT, SHA256, cut, hang, names, remote, serve

CHILD = """
import resource, signal, sys
from pathlib import Path
from osrae.datasets.download import Remote, fetch

signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs of a shell ignore it
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


# ---- the disk ------------------------------------------------------------------------------------


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


# ---- processes -----------------------------------------------------------------------------------


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


def hang_and_finish(request):
    hang(request)
    request.wfile.write(CONTENT[CUT:])


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
