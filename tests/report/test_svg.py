from __future__ import annotations

from xml.etree import ElementTree

import pytest

from osrae.report.svg import COLOURS, INK, figure_svg, inline_svg

from .pages import picture

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<g onload="alert(1)"/>',
        '<a xlink:href="javascript:alert(1)"><path d="M0 0"/></a>',
        "<foreignObject><body/></foreignObject>",
        '<use xlink:href="https://example.com/x.svg#a"/>',
        '<image xlink:href="https://example.com/x.png"/>',
        '<image xlink:href="data:image/svg+xml;base64,AAAA"/>',
        "<style>* { fill: url(https://example.com) }</style>",
        '<animate attributeName="href" values="javascript:alert(1)"/>',
        '<rect fill="url(https://example.com/x.svg#a)"/>',
        '<rect style="behavior: url(x); fill: url(https://example.com)"/>',
    ],
)
def test_nothing_that_runs_or_loads_comes_through(inside):
    clean = inline_svg(f"{HEAD}>{inside}</svg>", "p-", "x")
    for word in ("script", "alert", "onload", "example.com", "foreignObject", "style", "svg+xml"):
        assert word not in clean


def test_ids_are_the_pictures_own():
    svg = f'{HEAD}><defs><path id="m" d="M0 0"/><clipPath id="c"/></defs>' + (
        '<g id="class-0.real" clip-path="url(#c)"><use xlink:href="#m"/></g></svg>'
    )
    clean = inline_svg(svg, "p7-", "x")
    for part in ('id="p7-m"', 'href="#p7-m"', "url(#p7-c)", 'id="p7-class-0.real"'):
        assert part in clean


def test_colours_follow_the_page():
    svg = f'{HEAD}><g fill="{COLOURS[2]}" style="stroke: {INK}"/><g fill="white" stroke="#123456"/>'
    clean = inline_svg(svg + "</svg>", "p-", "x")
    for part in ('fill="var(--c2)"', 'stroke="var(--ink)"', 'fill="var(--surface)"', "#123456"):
        assert part in clean


def test_figures_of_matplotlib_lose_only_what_the_page_forbids():
    clean = inline_svg(picture("<b> $x$"), "p-", 'a "quoted" <title>')
    root = ElementTree.fromstring(clean)
    assert root.get("aria-label") == 'a "quoted" <title>'
    tags = {element.tag for element in root.iter()}
    assert {"path", "use", "g"} <= tags
    assert not tags & {"style", "metadata", "text"}
    assert any(element.get("stroke") == "var(--c0)" for element in root.iter())


def test_wide_pictures_scroll_rather_than_shrink():
    assert 'class="wide"' in inline_svg(f'{HEAD} width="500pt"/>', "p-", "x")
    assert "class" not in inline_svg(f'{HEAD} width="400pt"/>', "p-", "x")


def test_same_figure_has_the_same_text():
    assert picture() == picture()


def test_every_letter_is_an_outline():
    from matplotlib.figure import Figure

    figure = Figure()
    figure.text(0.5, 0.5, "<script>alert(1)</script>")
    assert "alert" not in inline_svg(figure_svg(figure), "p-", "x")
