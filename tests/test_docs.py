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

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def run(code: str) -> dict:
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
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


@pytest.mark.parametrize("module", ["rae_classifier", "rae_oversampler"])
def test_docstring_examples(module):
    result = doctest.testmod(importlib.import_module(f"osrae.methods.{module}"))
    assert result.attempted > 3
    assert result.failed == 0


def test_pictures_that_the_readme_shows_are_there():
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README):
        with Image.open(Path(__file__).parents[1] / path) as picture:
            assert min(picture.size) > 100
