"""The data sets of the paper by name."""

from __future__ import annotations

from collections.abc import Mapping

from osrae.datasets.picture_entries import PICTURES
from osrae.datasets.registry import Entry
from osrae.datasets.table_entries import TABLES

__all__ = ["ENTRIES"]

#: Pictures first, then tables.
ENTRIES: Mapping[str, Entry] = {entry.name: entry for entry in (*PICTURES, *TABLES)}
