"""Tables, figures and the list, as commands."""

import csv
from functools import partial

import numpy as np
import pytest
from PIL import Image

from osrae.benchmark.cells import Cell
from osrae.benchmark.outcomes import Outcome
from osrae.benchmark.results import Results
from osrae.cli.bench_show import draw, show
from osrae.errors import InputError

from ..benchmark.result_cases import scores, write
from .shell import osrae, refused


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A result of the method on the digits of the paper, as `osrae bench run` writes it."""
    folder = tmp_path_factory.mktemp("results")
    arrays = {f"{kind}/{c}": np.zeros((5, 28, 28), np.uint8) for kind in ("made", "nearest")
              for c in "01"}  # fmt: skip
    np.savez_compressed(folder / "made.npz", **arrays)
    content = {
        "status": "done",
        "cell": Cell(data="mnist", method="rae").to_dict(),
        "classes": [{"class": "0", "training": 40}, {"class": "1", "training": 400}],
        "main_test": "balanced",
        "tests": {"balanced": {"summary": {"acsa": 0.9, "f1": 0.8, "gm": 0.95}}},
        "generation": None,
        "stages": [{"settings": {}, "steps": 7}],
        "whole_run": True,
        "cost": {"training": {"cpu_seconds": 1.0, "wall_seconds": 1.0}},
        "made": {
            "machine": {"processor": "Z80", "cores": 1, "threads": 1, "gpu": None},
            "versions": {"torch": "2.13.0"},
            "code": None,
        },
    }
    Results(folder / "one").write(Outcome(content, (folder / "made.npz").read_bytes()))
    return folder / "one"


def test_a_table_is_printed_with_its_notes(results):
    text = osrae("bench", "table", 1, "--results", results).stdout
    assert "90.00 (one seed)" in text
    assert "−6.79" in text
    assert "Training: whole runs, as long as the preset says." in text
    assert "Code: an installed release." in text


def test_a_table_is_written_from_several_folders(results, tmp_path):
    (tmp_path / "empty").mkdir()
    out = tmp_path / "t.csv"
    done = osrae("bench", "table", 1, "--results", tmp_path / "empty", "--results", results,
                 "-o", out)  # fmt: skip
    assert f"Written to {out}" in " ".join(done.stdout.split())
    (row,) = (row for row in csv.DictReader(out.open()) if row["measured"] == "90.0")
    assert (row["data"], row["score"], row["column"]) == ("MNIST", "ACSA", "RAE")


def test_ranks_are_printed_and_written(tmp_path):
    for data in ("keel/glass", "keel/pima", "keel/wdbc"):
        for method, acsa in {"rae": 0.9, "random-forest": 0.8}.items():
            write(tmp_path / "own", Cell(data=data, method=method), {"test": scores(acsa)})
    text = osrae("bench", "ranks", "--results", tmp_path / "own").stdout
    assert "Methods over 3 data sets, by mean rank; each beside RAE." in text
    out = tmp_path / "ranks.csv"
    osrae("bench", "ranks", "--results", tmp_path / "own", "--against", "random-forest", "-o", out)
    ranks = [row["measured"] for row in csv.DictReader(out.open()) if row["column"] == "mean rank"]
    assert ranks == ["1.0", "2.0"]


def test_methods_beside_one_are_printed_and_written(tmp_path):
    y = np.repeat([0, 1], [30, 20])
    for method, wrong in {"rae": 1, "mixup": 21}.items():
        told = np.where(np.arange(50) < wrong, 1 - y, y)
        arrays = {"balanced/true": y, "balanced/predicted": told}
        acsa = (2 - wrong / 30) / 2
        write(tmp_path / "own", Cell(data="mnist", method=method), {"balanced": scores(acsa)},
              arrays=arrays)  # fmt: skip
    text = osrae("bench", "against", "rae", "--results", tmp_path / "own").stdout
    assert "−33.33" in text
    out = tmp_path / "beside.md"
    osrae("bench", "against", "rae", "--results", tmp_path / "own", "-o", out)
    assert "**−33.33**" in out.read_text()
    said = refused("bench", "against", "gamo", "--results", tmp_path / "own")
    assert "no result of 'gamo'; there are mixup, rae" in said


def test_a_figure_is_drawn_also_without_the_data(results, tmp_path):
    out = tmp_path / "f.png"
    (tmp_path / "no-data").mkdir()
    done = osrae("bench", "figure", 4, "--results", results, "-o", out, "--folder",
                 tmp_path / "no-data")  # fmt: skip
    assert "Drawn without real pictures: MNIST was not found" in done.stderr
    with Image.open(out) as picture:
        assert min(picture.size) > 100


def test_what_there_is_is_listed():
    text = osrae("bench", "list").stdout
    for wanted in ("grid ablation", "grid latent", "grid mixtures", "grid paper", "table 15",
                   "figure 8", "What each component gives (Table 4"):  # fmt: skip
        assert wanted in text


def test_what_there_is_not_is_said_in_a_line(results):
    text = refused("bench", "table", 6, "--results", results)
    assert text.startswith("Error: There is no table 6 of results. There are 1 (deep methods")


_draw = partial(draw, folder=None)


@pytest.mark.parametrize(
    ("make", "number", "output", "message"),
    [
        (show, 13, None, "nothing for Table 13"),
        (show, 1, "t.doc", r"ending in \.md, \.tex, \.csv"),
        (_draw, 9, "f.png", "no figure 9 of results"),
        (_draw, 2, "f.png", "nothing for Figure 2"),
        (_draw, 4, "f.gif", r"ending in \.png, \.svg"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_writes_nothing(
    results, tmp_path, make, number, output, message
):
    with pytest.raises(InputError, match=message):
        make(number, [results], output and tmp_path / output)
    assert list(tmp_path.iterdir()) == []


def test_folders_that_are_not_there_and_damaged_results_are_named(tmp_path):
    with pytest.raises(InputError, match=r"There is no folder .*none"):
        show(1, [tmp_path / "none"], None)
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "rae-0.json").write_text("{")
    with pytest.raises(InputError, match=r"rae-0\.json is no result"):
        show(1, [tmp_path], None)
