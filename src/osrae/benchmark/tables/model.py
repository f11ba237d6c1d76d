"""A table of results: what it says, before anything is written or drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Literal

from osrae.benchmark.published import Printed

__all__ = ["MISSING", "Line", "Row", "Style", "Table", "Text", "Value", "mark_best", "one_number"]

#: What stands where nothing was measured or printed.
MISSING = "–"
_MEASURED = "measured"


@dataclass(frozen=True)
class Style:
    """How a number is written.

    Attributes
    ----------
    decimals : int or None
        Digits behind the point; None writes three significant digits, for probabilities.
    significant : bool
        Whether measured values, but not the paper's, are written with three significant digits,
        because they are of another size.
    scale : float
        What measured values are multiplied by; the paper's are in the table's unit already.
    best : {"max", "min"} or None
        Which of several is best.
    differs : bool
        Whether the difference to the paper's value means anything.
    signed : bool
        Whether what was measured is a difference itself, and has its sign.
    """

    decimals: int | None = 2
    significant: bool = False
    scale: float = 1.0
    best: Literal["max", "min"] | None = "max"
    differs: bool = True
    signed: bool = False

    def write(self, value: float, sign: str = "") -> str:
        """Write a measured number that is in the table's unit."""
        return f"{value:.3g}" if self.significant else self.write_printed(value, sign)

    def write_printed(self, value: float, sign: str = "") -> str:
        """Write a number of the paper."""
        if self.decimals is None:
            return f"{value:.3g}"
        return f"{value:{sign}.{self.decimals}f}".replace("-", "−")


@dataclass(frozen=True)
class Value:
    """What was measured in one place of a table, and what the paper prints there.

    Attributes
    ----------
    style : Style
    runs : tuple of float
        A value of every seed, in the table's unit; empty if nothing was measured.
    printed : Printed or None
    failed : bool
        Whether every attempt to measure it failed.
    bold, printed_bold : bool
        Whether it is the best of its kind, or significant, as the table says.
    over_seeds : bool
        Whether ``runs`` are seeds; otherwise there is one number, of all results together.
    """

    style: Style
    runs: tuple[float, ...] = ()
    printed: Printed | None = None
    failed: bool = False
    bold: bool = False
    printed_bold: bool = False
    over_seeds: bool = True

    @property
    def mean(self) -> float | None:
        """Mean over the seeds."""
        return fmean(self.runs) if self.runs else None

    @property
    def sd(self) -> float | None:
        """Standard deviation over the seeds (divisor n - 1); None for less than two."""
        return stdev(self.runs) if len(self.runs) > 1 else None

    @property
    def difference(self) -> float | None:
        """How much more was measured than the paper prints."""
        if self.mean is None or self.printed is None or not self.style.differs:
            return None
        return self.mean - self.printed.value

    @property
    def own_text(self) -> str:
        """The measured value, "failed" or a dash."""
        if self.mean is None:
            return "failed" if self.failed else MISSING
        text = self.style.write(self.mean, "+" if self.style.signed else "")
        if not self.over_seeds:
            return text
        return f"{text} (one seed)" if self.sd is None else f"{text} ± {self.style.write(self.sd)}"

    @property
    def printed_text(self) -> str:
        """The paper's value, or a dash."""
        if self.printed is None:
            return MISSING
        text = self.style.write_printed(self.printed.value)
        if self.printed.sd is None:
            return text
        return f"{text} ± {self.style.write_printed(self.printed.sd)}"

    @property
    def difference_text(self) -> str:
        """The difference with its sign, or a dash."""
        return MISSING if self.difference is None else self.style.write(self.difference, "+")


def one_number(style: Style, number: float, *, bold: bool = False) -> Value:
    """Return the value of a number that is of all results together, not of seeds."""
    return Value(style, (number,), bold=bold, over_seeds=False)


@dataclass(frozen=True)
class Row:
    """Values that belong together, with what stands before them.

    Attributes
    ----------
    stubs : tuple of str
        As many as the table has ``stub_heads``.
    values : tuple of Value
        As many as the table has ``columns``.
    """

    stubs: tuple[str, ...]
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Text:
    """What is written in one place."""

    text: str
    bold: bool = False


@dataclass(frozen=True)
class Line:
    """A line of a table as it is written.

    Attributes
    ----------
    heads : tuple of str
        The row's stubs (empty where the line above says the same), and what the line is if the
        table has lines of the paper.
    cells : tuple of Text
    starts : bool
        Whether another group of rows begins here.
    own : bool
        Whether it is what was measured.
    """

    heads: tuple[str, ...]
    cells: tuple[Text, ...]
    starts: bool
    own: bool


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    caption : str
    stub_heads : tuple of str
        Heads of the columns that say what a row is.
    columns : tuple of str
        Heads of the columns of values.
    rows : tuple of Row
    notes : tuple of str
        What a reader must know to read it; a sentence or more each.
    """

    caption: str
    stub_heads: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def values(self) -> list[Value]:
        """All values, row by row."""
        return [value for row in self.rows for value in row.values]

    @property
    def says_what(self) -> bool:
        """Whether lines say what they are: measured, or the paper's."""
        return any(value.printed for value in self.values)

    @property
    def heads(self) -> tuple[str, ...]:
        """Heads of all columns of `lines`."""
        return (*self.stub_heads, *([""] if self.says_what else []), *self.columns)

    @property
    def n_left(self) -> int:
        """How many of these are before those of values."""
        return len(self.heads) - len(self.columns)

    def lines(self) -> list[Line]:
        """Return the table line by line: measured, the paper's, and the difference of each row.

        Lines of the latter two that would be empty are left out.
        """
        lines: list[Line] = []
        above: tuple[str, ...] = ("",) * len(self.stub_heads)
        for row in self.rows:
            starts = row.stubs[0] != above[0] and (self.says_what or len(self.stub_heads) > 1)
            stubs = _unlike(row.stubs, above)
            for name, texts in _of_row(row):
                heads = (*stubs, name) if self.says_what else stubs
                lines.append(Line(heads, texts, starts, name == _MEASURED))
                stubs, starts = ("",) * len(row.stubs), False
            above = row.stubs
        return lines


def _unlike(stubs: tuple[str, ...], above: tuple[str, ...]) -> tuple[str, ...]:
    """Empty the first stubs, as far as they are the same as in the row above."""
    same = 0
    while same < len(stubs) - 1 and stubs[same] == above[same]:
        same += 1
    return ("",) * same + stubs[same:]


def _of_row(row: Row) -> list[tuple[str, tuple[Text, ...]]]:
    lines = [(_MEASURED, tuple(Text(v.own_text, v.bold) for v in row.values))]
    if any(v.printed for v in row.values):
        lines.append(("paper", tuple(Text(v.printed_text, v.printed_bold) for v in row.values)))
    if any(v.difference is not None for v in row.values):
        lines.append(("difference", tuple(Text(v.difference_text) for v in row.values)))
    return lines


def mark_best(values: Sequence[Value]) -> list[Value]:
    """Return values that are to be compared, the best measured and the best printed ones bold.

    Those that are written alike are equally good; one alone is not marked.
    """
    style = values[0].style
    printed = [None if value.printed is None else value.printed.value for value in values]
    own = _best(style, style.write, [value.mean for value in values])
    paper = _best(style, style.write_printed, printed)
    return [
        replace(value, bold=bold, printed_bold=printed_bold)
        for value, bold, printed_bold in zip(values, own, paper, strict=True)
    ]


def _best(
    style: Style, write: Callable[[float], str], numbers: Sequence[float | None]
) -> list[bool]:
    known = [number for number in numbers if number is not None and not math.isnan(number)]
    if len(known) < 2 or style.best is None:
        return [False] * len(numbers)
    best = write(max(known) if style.best == "max" else min(known))
    return [number is not None and write(number) == best for number in numbers]
