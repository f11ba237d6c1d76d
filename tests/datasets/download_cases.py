"""A web server on this machine, and what tests ask of it."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from osrae.datasets.download import Remote

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


def remote(*sites, checksum=SHA256, size=None):
    urls = tuple(site if isinstance(site, str) else site.root + "/data.gz" for site in sites)
    return Remote("data.gz", urls, checksum, size)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def leave_part(folder, content, **origin):
    """Leave what an interrupted call would have."""
    (folder / "data.gz.part").write_bytes(content)
    (folder / "data.gz.part.json").write_text(json.dumps(origin))
