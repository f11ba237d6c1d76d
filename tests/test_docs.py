"""What the README and the docstrings show is run."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from osrae.cli.app import app
from osrae.methods import registry

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(path.name for path in (ROOT / "docs").glob("*.md"))


def examples(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


EXAMPLES = examples(README)


def run(code: str) -> dict:
    names: dict = {}
    exec(compile(code, "documentation", "exec"), names)
    return names


def test_the_examples_of_tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run(EXAMPLES[0])
    assert (tmp_path / "cancer-model" / "osrae.json").is_file()
    accuracy = names["balanced_accuracy_score"](
        names["y_test"], names["model"].predict(names["X_test"])
    )
    assert accuracy > 0.9
    names = run(EXAMPLES[1])
    assert len(names["X_new"]) == 200
    assert names["sampler"].parent_indices_.shape == (80, 2)
    run(EXAMPLES[3])


def test_the_example_of_pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images, labels = load_digits(n_class=2, return_X_y=True)
    for label, name in enumerate(["kingfisher", "sparrow"]):
        (tmp_path / "birds" / name).mkdir(parents=True)
        for number, row in enumerate(images[labels == label][:9]):
            picture = Image.fromarray((row.reshape(8, 8) * 15).astype(np.uint8))
            picture.save(tmp_path / "birds" / name / f"{number}.png")
    quick = EXAMPLES[2].replace("random_state=0", "random_state=0, max_steps=3")
    assert run(quick)["model"].sample(8, "kingfisher").shape == (8, 8, 8)


def test_every_command_and_option_shown_exists():
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL))
    commands = re.findall(r"^osrae (\w+)(.*)$", shell, flags=re.MULTILINE)
    assert {name for name, _ in commands} >= {"fit", "predict", "resample", "info"}
    for name, rest in commands:
        text = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}).output
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in text, f"osrae {name} has no {option}"


@pytest.mark.filterwarnings("ignore::osrae.DataWarning")
@pytest.mark.parametrize("cls", registry.estimators().values(), ids=lambda cls: cls.__name__)
def test_docstring_examples(cls):
    result = doctest.testmod(importlib.import_module(cls.__module__))
    assert result.attempted > 3
    assert result.failed == 0


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page(page, tmp_path, monkeypatch):
    """The blocks of a page are one programme, in their order."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_METHODS", dict(registry._METHODS))
    run("\n".join(examples((ROOT / "docs" / page).read_text(encoding="utf-8"))))


@pytest.mark.parametrize("page", ["../README.md", *PAGES])
def test_pictures_pages_and_headings_that_are_linked_to_are_there(page):
    path = ROOT / "docs" / page
    text = path.read_text(encoding="utf-8")
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", text):
        with Image.open(path.parent / picture) as image:
            assert min(image.size) > 100
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for link in re.findall(r"[^!]\[[^\]]*\]\(([^)#:]+)\)", prose):
        assert (path.parent / link).is_file(), link
    titles = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#(.*?)\)", text)) <= anchors
