"""From a page to the one file that shows it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from osrae import __version__
from osrae.errors import InputError
from osrae.report.page import Page
from osrae.report.svg import inline_svg
from osrae.report.tables import matrix_view, number_text, table_view
from osrae.storage import atomic_file, check_parent, explain_os_errors

__all__ = ["MOST_BYTES", "check_report_path", "render", "write_report"]

#: A larger report is refused: it could not be mailed.
MOST_BYTES = 5_000_000

#: How files of pictures begin.
_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


def render(page: Page) -> str:
    """Return the HTML of a page.

    Everything it needs is inside: style, script and pictures. A content security policy forbids
    the browser to load anything, and to run any script but the page's own.

    Parameters
    ----------
    page : Page

    Returns
    -------
    str

    Raises
    ------
    InputError
        If a picture is none, or the rows of a table do not fit its columns.
    """
    assets = _assets()
    return _environment().get_template("page.html.j2").render(
        page=page,
        style=Markup(assets.style),
        script=Markup(assets.script),
        policy=assets.policy,
        version=__version__,
        inline=_Pictures(),
    )  # fmt: skip


def write_report(page: Page, path: str | Path) -> None:
    """Write a page as one HTML file, whole or not at all; a file that stands there is replaced.

    Parameters
    ----------
    page : Page
    path : str or Path
        Ends in ``.html`` or ``.htm``.

    Raises
    ------
    InputError
        If the path cannot be written, or the file would have more than 5 MB.
    """
    path = Path(path)
    check_report_path(path)
    content = render(page).encode("utf-8", errors="replace")
    if len(content) > MOST_BYTES:
        raise InputError(
            f"The report would have {len(content) / 1e6:.1f} MB, and {MOST_BYTES / 1e6:.0f} MB is "
            "the most; leave out pictures or rows of tables. Nothing was written."
        )
    with explain_os_errors(path), atomic_file(path) as temporary:
        temporary.write_bytes(content)


def check_report_path(path: Path) -> None:
    """Refuse a file that a report could not be written to, before any long work.

    Raises
    ------
    InputError
        If it does not end in .html or .htm, is a folder, or its folder is missing.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path}: a report is an HTML file; name one that ends in .html.")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file.")
    check_parent(path)


@dataclass(frozen=True)
class _Assets:
    style: str
    script: str
    policy: str


@cache
def _assets() -> _Assets:
    folder = files("osrae.report") / "assets"
    style, script = (
        (folder / name).read_text(encoding="utf-8") for name in ("style.css", "script.js")
    )
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return _Assets(style, script, policy)


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("osrae.report", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "cells": table_view,
        "shaded": matrix_view,
        "number": number_text,
        "kind": lambda item: type(item).__name__,
        "paragraphs": _paragraphs,
        "source": _source,
    }
    return environment


class _Pictures:
    """Puts SVG into one page, with ids of their own."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, svg: str, alt: str) -> tuple[str, Markup]:
        """Return what the ids in the picture begin with, and the picture."""
        self.count += 1
        prefix = f"p{self.count}-"
        return prefix, Markup(inline_svg(svg, prefix, alt))


def _paragraphs(text: str) -> list[str]:
    return [part for part in text.split("\n\n") if part.strip()]


def _source(content: Any) -> str:
    """Return the bytes of a picture as an address that holds them."""
    kind = next((kind for start, kind in _TYPES.items() if content.startswith(start)), None)
    if kind is None:
        raise InputError("A picture of a report is no PNG, JPEG or WebP file.")
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
