"""Reports: one HTML file that opens from disk, in any browser, without a network.

A report is a `Page` of plain data (`osrae.report.page`), which `write_report` makes a file of;
`fit_report` is the report on a trained classifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osrae._lazy import lazy_names

if TYPE_CHECKING:
    from osrae.report.fit import fit_report
    from osrae.report.page import Page, Section
    from osrae.report.render import write_report

__all__ = ["Page", "Section", "fit_report", "write_report"]

_HOMES = {
    "Page": "osrae.report.page",
    "Section": "osrae.report.page",
    "fit_report": "osrae.report.fit",
    "write_report": "osrae.report.render",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES, __all__)
