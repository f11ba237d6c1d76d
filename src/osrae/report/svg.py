"""Pictures that stand inside the page: drawn by matplotlib, coloured by the page's style.

A page is bright or dark, on the screen or on paper, so pictures name their colours by the
variables of its style sheet. What a picture may contain is listed here; all else is left out.
"""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from osrae.errors import InputError

__all__ = ["COLOURS", "FAINT", "INK", "MUTED", "figure_svg", "inline_svg"]

#: Colours to draw with; the page shows its own in their place, told apart also by people who see
#: fewer colours (after Okabe and Ito).
INK, MUTED, FAINT = "#101112", "#6b7077", "#d9dbde"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#6a51a3", "#56b4e9", "#8a7d00")

#: What matplotlib's own defaults and the plots of `osrae.evaluation` draw with.
_OTHERS = {
    "#000000": "ink", "#ffffff": "surface", "#b0b0b0": "faint", "#8c8c8c": "muted",
    "#1f5fa8": "c0", "#e08214": "c1",
}  # fmt: skip
_VARIABLES = {
    **_OTHERS,
    **{INK: "ink", MUTED: "muted", FAINT: "faint"},
    **{colour: f"c{number}" for number, colour in enumerate(COLOURS)},
}

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
#: What a picture may hold: elements, attributes, and properties of style. The latter are written as
#: attributes, since the page's security policy forbids inline style.
_ELEMENTS = {
    "svg", "g", "defs", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
    "text", "tspan", "clipPath", "image",
}  # fmt: skip
_ATTRIBUTES = {
    "id", "viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "dx", "dy", "cx", "cy",
    "r", "rx", "ry", "d", "points", "transform", "preserveAspectRatio", "text-anchor",
    "dominant-baseline", "clipPathUnits",
}  # fmt: skip
_PROPERTIES = {
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity",
    "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "stroke-dashoffset",
    "stroke-miterlimit", "opacity", "clip-path", "clip-rule", "font-size", "font-family",
    "font-weight", "font-style",
}  # fmt: skip
_PAINT = {"fill", "stroke"}
#: Wider pictures, in points, scroll on a phone: made smaller they could not be read.
_WIDE = 460
_LOCAL = re.compile(r"url\(\s*#([^)\s]+)\s*\)")


def figure_svg(figure: Figure) -> str:
    """Return a matplotlib figure as SVG without a background; letters are outlines.

    Parts whose ``gid`` is set keep it as their id, for a legend to name them.
    """
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "osrae"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return buffer.getvalue()


def inline_svg(svg: str, prefix: str, alt: str) -> str:
    """Return a picture as an element of the page.

    Parameters
    ----------
    svg : str
    prefix : str
        Begins every id in it, so that the pictures of a page do not share any.
    alt : str

    Returns
    -------
    str
        HTML: known elements and attributes only, no style, script or address outside itself, and
        the page's colours.

    Raises
    ------
    InputError
        If the text is no SVG.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise InputError(f"A picture is no SVG ({error}); pass figure_svg(figure).") from error
    if root.tag != f"{{{_SVG}}}svg":
        raise InputError(f"A picture is no SVG but <{root.tag}>; pass figure_svg(figure).")
    clean = _cleaned(root, prefix)
    assert clean is not None
    if _points(root) > _WIDE:
        clean.set("class", "wide")
    # What names no colour is black in SVG: matplotlib's letters, for instance.
    clean.attrib.setdefault("fill", "var(--ink)")
    clean.attrib |= {"role": "img", "aria-label": alt, "stroke-linejoin": "round"}
    return ElementTree.tostring(clean, encoding="unicode", short_empty_elements=False)


def _points(root: ElementTree.Element) -> float:
    """The width that matplotlib gives a picture, in points; 0 if it has none."""
    found = re.fullmatch(r"([\d.]+)pt", root.get("width", ""))
    return float(found[1]) if found else 0.0


def _cleaned(element: ElementTree.Element, prefix: str) -> ElementTree.Element | None:
    """Copy an element with what is allowed of it, without namespaces; None if it is not."""
    name = _name(element.tag, _SVG)
    if name not in _ELEMENTS:
        return None
    clean = ElementTree.Element(name)
    for key, value in [*element.attrib.items(), *_style(element)]:
        local = _name(key, _XLINK)
        if local == "href":
            clean.attrib |= _reference(name, value, prefix)
        elif local == "id":
            clean.set("id", prefix + value)
        elif local in _PROPERTIES:
            clean.set(local, _painted(local, value, prefix))
        elif local in _ATTRIBUTES:
            clean.set(local, value)
    clean.text, clean.tail = element.text, element.tail
    for child in element:
        copy = _cleaned(child, prefix)
        if copy is not None:
            clean.append(copy)
    return clean


def _name(tag: str, namespace: str) -> str:
    return tag.removeprefix(f"{{{namespace}}}") if isinstance(tag, str) else ""


def _style(element: ElementTree.Element) -> list[tuple[str, str]]:
    """The properties in an element's style attribute."""
    parts = (part.partition(":") for part in element.get("style", "").split(";"))
    return [(name.strip(), value.strip()) for name, _, value in parts if value]


def _reference(element: str, value: str, prefix: str) -> dict[str, str]:
    if value.startswith("#"):
        return {"href": f"#{prefix}{value[1:]}"}
    if element == "image" and value.startswith("data:image/png;base64,"):
        return {"href": value}
    return {}


def _painted(name: str, value: str, prefix: str) -> str:
    """Name a colour by the page's variable for it; let references stay inside the picture."""
    if name not in _PAINT or value == "none":
        return _LOCAL.sub(lambda found: f"url(#{prefix}{found[1]})", value)
    try:
        colour = to_hex(value)
    except ValueError:
        return "currentColor"
    return f"var(--{_VARIABLES[colour]})" if colour in _VARIABLES else colour
