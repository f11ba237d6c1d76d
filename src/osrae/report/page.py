"""What a report says, without how it looks: pages, sections and what stands in them.

All text is plain text. Class, column and file names go in as they are; `osrae.report.render`
escapes everything.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = [
    "Cell",
    "Change",
    "Code",
    "Column",
    "DataTable",
    "Facts",
    "Figure",
    "Gallery",
    "Highlight",
    "Highlights",
    "Interval",
    "Item",
    "LegendEntry",
    "Matrix",
    "Note",
    "Page",
    "Section",
    "Strip",
    "Strips",
]


@dataclass(frozen=True)
class Change:
    """A value before and after, drawn as two joined dots; None where it is not known."""

    before: float | None
    after: float | None


@dataclass(frozen=True)
class Interval:
    """A value and the interval around it, drawn as a dot on a line."""

    value: float
    low: float
    high: float


Cell = str | int | float | Change | Interval | None


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    title : str
        Units belong here: ``"recall, %"``.
    kind : {"text", "number", "bar", "change", "interval"}
        What its cells hold: text, a number, a number that is also drawn as a bar, a `Change`, or
        an `Interval`. A cell may be None, which is shown as a dash, or text in place of a number.
    digits : int
        Decimal places of numbers that are no whole numbers.
    limits : (float, float) or None
        The ends of what is drawn. None: from 0 (of intervals: from the lowest) to the highest.
    """

    title: str
    kind: Literal["text", "number", "bar", "change", "interval"] = "text"
    digits: int = 1
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class DataTable:
    """A table, which the reader can sort by any column.

    Attributes
    ----------
    caption : str
        What it shows; a table without one cannot be told from others by ear.
    columns : sequence of Column
        The cells of the first are the headers of the rows.
    rows : sequence of sequence of Cell
    strong : collection of (int, int)
        Row and column of the cells that stand out, as the best of each column.
    sortable : bool
        False where the order of the rows has a meaning.
    note : str
        Small print below it.
    folded : bool
        Whether it is shown only when asked for.
    group : int
        So many rows belong together; there is a line only between groups.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    strong: Collection[tuple[int, int]] = ()
    sortable: bool = True
    note: str = ""
    folded: bool = False
    group: int = 1


@dataclass(frozen=True)
class Matrix:
    """A square of numbers whose cells are shaded, as a confusion matrix.

    Attributes
    ----------
    caption : str
    labels : sequence of str
        Of the rows and of the columns.
    values : sequence of sequence of int or float
    shades : sequence of sequence of float
        In [0, 1], from no shade to the full one.
    rows, columns : str
        What rows and columns are, as "true" and "predicted".
    folded : bool
        Whether it is shown only when asked for.
    """

    caption: str
    labels: Sequence[str]
    values: Sequence[Sequence[float]]
    shades: Sequence[Sequence[float]]
    rows: str = "true"
    columns: str = "predicted"
    folded: bool = False


@dataclass(frozen=True)
class LegendEntry:
    """A name beside a picture, and its mark.

    Attributes
    ----------
    label : str
    colour : int
        Number of the colour, from 0; see `osrae.report.svg.COLOURS`.
    mark : {"dot", "square", "triangle", "diamond"}
    group : str
        With one, the reader can pick the entry to see its parts of the picture alone: those whose
        id (matplotlib's ``gid``) begins with ``group`` and a dot.
    """

    label: str
    colour: int
    mark: Literal["dot", "square", "triangle", "diamond"] = "dot"
    group: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes
    ----------
    content : str or bytes
        SVG, as `osrae.report.svg.figure_svg` makes it of a matplotlib figure, or the bytes of
        a PNG, JPEG or WebP file.
    alt : str
        What is to be seen, for those who do not see it.
    caption : str
    legend : sequence of LegendEntry
    data : DataTable or None
        The numbers that were drawn; they are shown when asked for.
    """

    content: str | bytes
    alt: str
    caption: str = ""
    legend: Sequence[LegendEntry] = ()
    data: DataTable | None = None


@dataclass(frozen=True)
class Gallery:
    """Small figures beside each other where there is room, below each other on a phone.

    The caption of each is its title; ``data`` are the numbers of all.
    """

    figures: Sequence[Figure]
    data: DataTable | None = None


@dataclass(frozen=True)
class Strip:
    """Pictures side by side, in one PNG, JPEG or WebP file."""

    label: str
    content: bytes
    alt: str


@dataclass(frozen=True)
class Strips:
    """Strips below each other, of the same number of pictures, so that columns line up."""

    title: str
    strips: Sequence[Strip]
    note: str = ""


@dataclass(frozen=True)
class Highlight:
    """A number worth a large print, what it is, and lines that say what to hold it against."""

    value: str
    label: str
    detail: str = ""


@dataclass(frozen=True)
class Highlights:
    """A row of at most four `Highlight`."""

    items: Sequence[Highlight]


@dataclass(frozen=True)
class Facts:
    """Names and values, as settings and versions."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Code:
    """A command, with a button that copies it."""

    text: str
    label: str = "Command"


@dataclass(frozen=True)
class Note:
    """A remark that stands out; a warning more so."""

    text: str
    kind: Literal["note", "warning"] = "note"


Item = DataTable | Matrix | Figure | Gallery | Strips | Highlights | Facts | Code | Note


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes
    ----------
    title : str
        Short: it stands in the list of contents, too.
    text : str
        What is to be seen here, in words; empty lines separate paragraphs.
    items : sequence of Item
    """

    title: str
    text: str = ""
    items: Sequence[Item] = ()


@dataclass(frozen=True)
class Page:
    """A report.

    Attributes
    ----------
    title : str
    subtitle : str
        What it is about, in a line: data, method, date.
    lead : str
        What was found, in one or two sentences that everybody understands.
    sections : sequence of Section
    opening : sequence of Item
        What stands right below the lead, above the first section.
    """

    title: str
    subtitle: str
    lead: str
    sections: Sequence[Section]
    opening: Sequence[Item] = ()

    def write(self, path: str | Path) -> None:
        """Write the report as one HTML file, see `osrae.report.write_report`."""
        from osrae.report.render import write_report

        write_report(self, Path(path))
