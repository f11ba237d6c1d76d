"""``osrae datasets`` as a process."""

from __future__ import annotations

import os
import subprocess

import pytest
from PIL import Image

from .shell import run_prepared


@pytest.fixture
def osrae(tmp_path):
    """Run a command on a machine without data sets."""

    def run(*arguments: object, expect: int = 0) -> subprocess.CompletedProcess:
        names = ("OSRAE_DATA", "SCIKIT_LEARN_DATA", "XDG_CACHE_HOME")
        nothing = tmp_path.parent / "nothing"
        nothing.mkdir(exist_ok=True)
        environment = {**os.environ, **dict.fromkeys(names, str(nothing)), "COLUMNS": "160"}
        done = run_prepared(["datasets", *map(str, arguments)], tmp_path, environment)
        assert done.returncode == expect, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


def test_the_list_says_what_is_here_and_how_to_get_the_rest(osrae):
    lines = osrae().stdout.splitlines()
    by_name = {line.split()[0]: line for line in lines if line.split()}
    assert "✓ comes with scikit-learn" in by_name["digits"]
    assert "osrae datasets get mnist (12 MB)" in by_name["mnist"]
    assert "by hand" in by_name["celeba"]
    assert "145,751" in by_name["protein-homo"]
    assert "149 imbalanced tables" in lines[-1]


def test_all_tables_of_the_collection(osrae):
    text = osrae("--all").stdout
    (line,) = [line for line in text.splitlines() if "keel/abalone19 " in line]
    assert line.split() == ["keel/abalone19", "4,174", "2", "8", "129.4", ":", "1"]


def test_show_prints_the_distribution_and_draws_it(osrae, tmp_path):
    text = osrae("show", "digits").stdout
    assert "CC BY 4.0" in text
    (zeros,) = [line.split() for line in text.splitlines() if line.split()[:1] == ["0"]]
    assert zeros[:4] == ["0", "120", "50", "50"]
    with Image.open(tmp_path / "digits.png") as picture:
        assert min(picture.size) > 500


def test_show_draws_tables_with_categories_and_gaps(osrae, tmp_path):
    osrae("show", "keel/hepatitis", "-o", "hepatitis.svg")
    assert "<svg" in (tmp_path / "hepatitis.svg").read_text()


def test_show_of_data_that_are_not_here_gives_the_distribution_and_the_way(osrae, tmp_path):
    done = osrae("show", "svhn", expect=2)
    assert "4500" in done.stdout
    assert "osrae datasets get svhn" in done.stderr
    assert not list(tmp_path.glob("*.png"))
    assert "mmlab" in osrae("show", "celeba", expect=2).stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "minst"), "Did you mean mnist"),
        (("show", "digits", "-o", "digits.jpg"), "ending in .png, .svg, .pdf"),
        (("show", "digits", "-o", "none/digits.png"), "no folder"),
        (("get", "celeba"), "cannot be downloaded by a program"),
        (("--folder", "none"), "does not exist"),
    ],
)
def test_bad_input(osrae, arguments, message):
    assert message in osrae(*arguments, expect=2).stderr


def test_what_comes_with_a_package_needs_no_download(osrae):
    assert "comes with scikit-learn" in osrae("get", "digits").stdout


def test_an_older_picture_is_replaced_and_nothing_is_left_behind(osrae, tmp_path):
    (tmp_path / "digits.png").write_bytes(b"old")
    osrae("show", "digits")
    with Image.open(tmp_path / "digits.png") as picture:
        assert picture.format == "PNG"
    assert [path.name for path in tmp_path.iterdir()] == ["digits.png"]
