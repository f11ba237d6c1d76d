"""A page with one of everything, named by people who mean harm or write otherwise."""

from __future__ import annotations

import io
from html.parser import HTMLParser

from matplotlib.figure import Figure as Canvas
from PIL import Image

from osrae.report.page import (
    Change,
    Code,
    Column,
    DataTable,
    Facts,
    Figure,
    Gallery,
    Highlight,
    Highlights,
    Interval,
    LegendEntry,
    Matrix,
    Note,
    Page,
    Section,
    Strip,
    Strips,
)
from osrae.report.svg import COLOURS, figure_svg

HOSTILE = [
    "<script>alert(1)</script>",
    '"onload="alert(1)" x="',
    "'><img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    "</title></head><body onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "$x^2$ $\\frac{1",
    "javascript:alert(1)",
    "]]><!-- &amp; &lt;",
    "🦜🏳️‍🌈",
    "שלום עולם",
    "نادر",
    "long" * 50,
    "",
]


def pixels(kind: str = "png") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 10), "red").save(buffer, kind)
    return buffer.getvalue()


def picture(label: str = "step", width: float = 3) -> str:
    figure = Canvas(figsize=(width, 2))
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=COLOURS[0])
    for number in range(2):
        axes.scatter([number], [1], color=COLOURS[number], gid=f"class-{number}.real")
    axes.set_xlabel(label.replace("$", r"\$"))
    return figure_svg(figure)


def full_page(names: list[str] = HOSTILE) -> Page:
    first, second = names[0], names[1]
    recall = DataTable(
        f"Recall {first}",
        [
            Column("class"), Column(second, "bar", 0), Column("n", "number", 2),
            Column("recall", "change", 0, (0, 100)), Column("mean", "interval"),
        ],
        [
            (name, 10 * place, None if place == 1 else place / 7, Change(10, 90 - place),
             Interval(place, place - 1, place + 1))
            for place, name in enumerate(names)
        ],
        strong=[(0, 1)],
        note=second,
    )  # fmt: skip
    long_table = DataTable(
        "Many rows", [Column("name"), Column("value", "number", 0)],
        [(f"row {number}", (7 * number) % 40) for number in range(40)],
    )  # fmt: skip
    few = names[:4]
    drawn = Figure(
        picture(), f"A picture of {second}", first,
        [LegendEntry(name, number, group=f"class-{number}") for number, name in enumerate(few[:2])],
        DataTable(f"Numbers of {first}", [Column(first), Column("n", "number")], [(first, 1)]),
    )  # fmt: skip
    return Page(
        title=f"Report on {first}",
        subtitle=second,
        lead=f"The class {first} is rare.\n\n{names[3]}",
        opening=[Highlights([Highlight("83 %", f"recall of {first}", f"{second}\nof 3")])],
        sections=[
            Section("Tables", first, [recall, long_table]),
            Section(
                f"Pictures {first}",
                "",
                [
                    Matrix("Confusions", few, [[4, 1, 0, 0]] * 4, [[0.8, 0.2, 0, 0.5]] * 4),
                    drawn,
                    Gallery([Figure(picture(), second, "curve")] * 2, long_table),
                    Strips(first, [Strip(name, pixels(), name) for name in few], second),
                    Figure(pixels(), f"pixels of {second}"),
                    Figure(picture(width=8), "wide"),
                ],
            ),
            Section(
                "How",
                names[2],
                [
                    Code(f"osrae fit '{first}'", first),
                    Facts([(first, second)]),
                    Note(first),
                    Note(second, "warning"),
                ],
            ),
        ],
    )


class Parsed(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]
