"""The report in Chromium, from disk: quiet, useful, harmless."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from .pages import HOSTILE

#: The texts whose contrast with what lies behind them is below 4.5 (WCAG 2.2, 1.4.3).
LOW_CONTRAST = """() => {
  const numbers = (text) => {
    const found = text.match(/[\\d.]+(e-?\\d+)?/g).map(Number);
    const scale = text.startsWith("color(srgb") ? 1 : 255;
    return [...found.slice(0, 3).map((n) => n / scale), found[3] ?? 1];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * x + .7152 * y + .0722 * z;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour[3] > 0) return colour;
    }
    return [1, 1, 1];
  };
  const low = [];
  let checked = 0;
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || element.closest("script, svg, .hidden, .skip") || !element.checkVisibility())
      continue;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    checked += 1;
    if (ratio < 4.5) low.push(`${element.tagName} ${element.className}: ${ratio.toFixed(2)}`);
  }
  return [checked, low];
}"""


@pytest.fixture
def heard() -> list[str]:
    """What went wrong in the page, or was asked of the network."""
    return []


@pytest.fixture
def page(browser: Browser, file: Path, heard: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: None if request.url.startswith("data:") else (
        heard.append(request.url)))  # fmt: skip
    page.goto(file.as_uri())
    assert heard.pop(0).startswith("file://")
    yield page
    context.close()


def test_it_opens_from_disk_in_silence(page, heard):
    page.mouse.wheel(0, 100_000)
    page.wait_for_timeout(100)
    assert heard == []
    assert page.title() == f"Report on {HOSTILE[0]}"
    assert page.evaluate("[...document.images].every((i) => i.complete && i.naturalWidth > 0)")


def test_hostile_names_do_nothing(page, heard):
    assert page.locator("script").count() == 1
    assert page.locator("h1").inner_text() == f"Report on {HOSTILE[0]}"
    for name in HOSTILE[:6]:
        assert page.get_by_text(name, exact=True).count() > 0
    inline = "[...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => "
    assert page.evaluate(inline + "a.name.startsWith('on') || a.name === 'style')).length") == 0
    assert heard == []


def test_what_slips_in_all_the_same_is_stopped_by_the_policy(page, heard):
    page.evaluate("""() => {
      const main = document.querySelector("main");
      main.insertAdjacentHTML("beforeend", "<img src=x onerror='document.title = 1'>");
      main.insertAdjacentHTML("beforeend", "<p style='color: red'>x</p>");
      const script = document.createElement("script");
      script.textContent = "document.title = 2";
      main.append(script);
      const far = new Image();
      far.src = "https://example.com/x.png";
    }""")
    page.wait_for_timeout(200)
    assert page.title() == f"Report on {HOSTILE[0]}"
    assert len([text for text in heard if "Content Security Policy" in text]) >= 4


def test_theme_is_the_systems_until_it_is_chosen(browser, file):
    for scheme, other in (("light", "Dark"), ("dark", "Light")):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(file.as_uri())
        back = "getComputedStyle(document.body).backgroundColor"
        before = page.evaluate(back)
        assert page.locator("#theme").inner_text() == other
        page.locator("#theme").click()
        assert page.evaluate(back) != before
        assert page.locator("#theme").inner_text() != other
        page.locator("#theme").click()
        assert page.evaluate(back) == before
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(page, scheme):
    page.emulate_media(color_scheme=scheme)
    for fold in page.locator("details").all():
        fold.evaluate("(e) => { e.open = true; }")
    checked, low = page.evaluate(LOW_CONTRAST)
    assert checked > 200
    assert low == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_that_are_outlines_have_the_colour_of_text(page, scheme):
    """matplotlib names no colour for black: SVG's own would stay black in the dark."""
    page.emulate_media(color_scheme=scheme)
    colours = page.evaluate("""() => {
      const fills = [...document.querySelectorAll(".picture svg use, .picture svg path")]
        .filter((e) => !e.closest("defs") && e.closest("[id*=text]"))
        .map((e) => getComputedStyle(e).fill);
      return [fills.length, [...new Set(fills)], getComputedStyle(document.body).color];
    }""")
    assert colours[0] > 10
    assert colours[1] == [colours[2]]


@pytest.mark.parametrize("width", [360, 400])
def test_a_row_is_named_while_its_numbers_scroll_past(page, width):
    page.set_viewport_size({"width": width, "height": 740})
    wide = [
        box
        for box in page.locator(".scroll:has(> table:not(.matrix))").all()
        if box.evaluate("(e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 20")
    ]
    assert wide
    for box in wide:
        box.evaluate("(e) => { e.scrollLeft = 1e4; }")
        left = box.evaluate("(e) => e.getBoundingClientRect().left")
        name = box.locator("tbody th").first
        assert abs(name.evaluate("(e) => e.getBoundingClientRect().left") - left) < 2
    charts = page.locator(".scroll svg.chart").all()
    assert charts
    assert not any(chart.is_visible() for chart in charts)


def test_tables_sort_by_any_column(page):
    table = page.locator("table[data-sortable]").nth(1)
    values = "(t) => [...t.tBodies[0].rows].map((r) => Number(r.cells[1].innerText))"
    assert table.evaluate(values)[:3] == [0, 7, 14]
    head = table.locator("thead th").nth(1)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert table.evaluate(values) == sorted(table.evaluate(values), reverse=True)
    assert page.locator("#said").inner_text() == "Sorted by value, descending"
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert table.evaluate(values) == sorted(table.evaluate(values))
    table.locator("thead th").nth(0).get_by_role("button").click()
    names = table.evaluate("(t) => [...t.tBodies[0].rows].map((r) => r.cells[0].innerText)")
    assert names == [f"row {number}" for number in range(40)]
    assert head.get_attribute("aria-sort") == "none"


def test_missing_values_stay_last(page):
    table = page.locator("table[data-sortable]").first
    for _ in range(2):
        table.locator("thead th").nth(2).get_by_role("button").click()
        last = table.evaluate("(t) => [...t.tBodies[0].rows].at(-1).cells[2].innerText")
        assert last == "–"


def test_command_is_copied(page):
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"osrae fit '{HOSTILE[0]}'"


def test_a_class_of_a_picture_is_seen_alone(page):
    button = page.locator(".legend button").first
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    faded = "[...document.querySelectorAll('.faded')].map((e) => e.id)"
    assert page.evaluate(faded) == ["p1-class-1.real"]
    button.click()
    assert page.evaluate(faded) == []


def test_keyboard_reaches_everything_and_shows_where_it_is(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator("#theme").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    scrolling = "(e) => e.scrollWidth > e.clientWidth && e.tabIndex < 0"
    boxes = page.locator(".scroll, pre").all()
    assert boxes
    assert not any(box.evaluate(scrolling) for box in boxes)


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_page_never_scrolls_sideways(page, width):
    page.set_viewport_size({"width": width, "height": 740})
    for fold in page.locator("details").all():
        fold.evaluate("(e) => { e.open = true; }")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_wide_pictures_stay_readable_on_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.locator(".picture > .wide").bounding_box()["width"] >= 500


def test_paper_has_no_controls_and_nothing_cut_off(page):
    page.emulate_media(media="print", color_scheme="dark")
    for name in ("#theme", ".contents", ".copy", ".skip", "footer", "summary"):
        assert not page.locator(name).first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    cut = "(e) => !['visible', 'clip'].includes(getComputedStyle(e).overflowY)"
    assert not any(box.evaluate(cut) for box in page.locator(".scroll, .legend").all())
    assert page.pdf().startswith(b"%PDF")


def test_without_scripts_it_is_all_there(browser, file):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("table").first.is_visible()
    assert not page.locator("#theme").is_visible()
    assert page.locator("thead button").count() == 0
    context.close()
