"""The file: everything escaped, nothing loaded, whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re

import numpy as np
import pytest
from PIL import Image

from osrae.errors import InputError
from osrae.report import Page, Section, write_report
from osrae.report.page import Column, DataTable, Figure
from osrae.report.render import render

from .pages import HOSTILE, Parsed, full_page, pixels


@pytest.fixture(scope="module")
def html() -> str:
    return render(full_page())


def test_names_stay_text(html):
    seen = Parsed(html)
    assert len(seen.named("script")) == len(seen.named("style")) == 1
    assert len(seen.named("html")) == len(seen.named("body")) == len(seen.named("h1")) == 1
    every = "".join(seen.words)
    for name in HOSTILE:
        assert name in every
    for _, attributes in seen.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert "style" not in attributes
        assert not str(attributes.get("href", "#")).strip().lower().startswith("javascript")


def test_names_in_descriptions_of_pictures_stay_text(html):
    described = [a["aria-label"] for a in Parsed(html).named("svg") if "aria-label" in a]
    assert f"A picture of {HOSTILE[1]}" in described
    assert {a["alt"] for a in Parsed(html).named("img")} >= set(HOSTILE[:4])


def test_policy_forbids_all_but_the_page_itself(html):
    (policy,) = [
        a["content"]
        for a in Parsed(html).named("meta")
        if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_page_names_no_address(html):
    seen = Parsed(html)
    assert not seen.named("link") + seen.named("iframe") + seen.named("object") + seen.named("base")
    for _, attributes in seen.elements:
        for name in ("src", "href", "srcset", "action"):
            value = attributes.get(name, "#")
            assert value.startswith(("#", "data:image/"))
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_page_can_be_read_by_ear(html):
    seen = Parsed(html)
    assert seen.named("html")[0]["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(seen.named(landmark)) == 1
    levels = [int(tag[1]) for tag, _ in seen.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(a.get("scope") in ("col", "row") for a in seen.named("th"))
    assert all("alt" in a for a in seen.named("img"))
    assert len(seen.named("caption")) == len(seen.named("table"))
    marked = [a for a in seen.named("svg") if a.get("aria-hidden") != "true"]
    assert marked
    assert all(a["role"] == "img" and "aria-label" in a for a in marked)
    ids = [a["id"] for _, a in seen.elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "r.html"
    write_report(Page("One", "", "", []), path)
    full_page().write(str(path))
    assert "Report on" in path.read_text(encoding="utf-8")

    def full_disk(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("osrae.storage.os.replace", full_disk)
    with pytest.raises(InputError, match="No space left"):
        write_report(Page("Two", "", "", []), path)
    assert "Report on" in path.read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["r.html"]


def test_lone_surrogates_do_not_stop_a_report(tmp_path):
    write_report(Page("A \udcff B", "", "", []), tmp_path / "r.html")
    assert "A ? B" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "said"),
    [("r.txt", "ends in .html"), ("none/r.html", "is no folder"), ("folder.html", "is a folder")],
)
def test_places_that_cannot_be_written(tmp_path, name, said):
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(InputError, match=said):
        write_report(Page("One", "", "", []), tmp_path / name)


def test_report_of_more_than_5_mb_is_refused(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    figure = Figure((tmp_path / "noise.png").read_bytes(), "noise")
    with pytest.raises(InputError, match=r"would have 5\.\d MB, and 5 MB is the most"):
        write_report(Page("Big", "", "", [Section("One", "", [figure])]), tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize("content", [b"GIF89a", b"", "<p>no</p>", "no markup"])
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(InputError, match="picture"):
        render(Page("One", "", "", [Section("One", "", [Figure(content, "x")])]))


def test_rows_that_do_not_fit_are_refused():
    table = DataTable("T", [Column("a"), Column("b")], [("x", 1), ("y",)])
    with pytest.raises(InputError, match="row 2 of the table T has 1 cells for 2 columns"):
        render(Page("One", "", "", [Section("One", "", [table])]))


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_kinds_of_pictures_are_told_apart(kind):
    page = Page("One", "", "", [Section("One", "", [Figure(pixels(kind=kind), "x")])])
    assert f"data:image/{kind};base64," in render(page)
