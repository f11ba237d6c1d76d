"""Reports: one HTML file that opens from disk, in any browser, without a network.

A report is a `Page` of plain data (`osrae.report.page`); `write_report` makes the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrae._lazy import lazy_names

if TYPE_CHECKING:
    from osrae.report.page import Page, Section
    from osrae.report.render import render, write_report

__all__ = ["Page", "Section", "render", "write_report"]

_HOMES = {
    "Page": "osrae.report.page",
    "Section": "osrae.report.page",
    "render": "osrae.report.render",
    "write_report": "osrae.report.render",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES, __all__)
