import dataclasses
import json
import subprocess
import sys

import pytest

from osrae.benchmark.cells import Cell
from osrae.errors import InputError

CELL = Cell(data="mnist", method="rae", settings={"encoder": "conv", "alpha": [0.5, 0.5]})


def test_a_cell_survives_json():
    again = Cell.from_dict(json.loads(json.dumps(CELL.to_dict())))
    assert again == CELL
    assert again.key == CELL.key


def test_the_key_is_the_same_everywhere():
    # Files are named by it: if this changes, no result is found again.
    assert Cell(data="digits", method="rae").key == "7ac6b2ac65c3"


@pytest.mark.parametrize(
    "change",
    [
        {"data": "cifar10"},
        {"method": "gamo"},
        {"preset": "paper"},
        {"seed": 1},
        {"settings": {"encoder": "conv"}},
        {"core_minutes": 20.0},
        {"fold": 0, "folds": 5},
    ],
)
def test_everything_that_decides_a_result_is_in_the_key(change):
    assert dataclasses.replace(CELL, **change).key != CELL.key


def test_a_number_is_the_same_however_it_is_written():
    whole, broken = ({"core_minutes": n, "settings": {"latent_dim": [n, {"a": n}], "flag": True}}
                     for n in (20, 20.0))  # fmt: skip
    cells = [dataclasses.replace(CELL, **change) for change in (whole, broken)]
    assert cells[0].key == cells[1].key
    assert cells[0].variant == cells[1].variant
    assert repr(cells[0].core_minutes) == "20.0"
    other = {"latent_dim": [20, {"a": 20}], "flag": 1}
    assert dataclasses.replace(cells[0], settings=other).key != cells[0].key


def test_label_and_order_of_settings_are_not_in_the_key():
    turned = Cell(
        data="mnist", method="rae", settings={"alpha": [0.5, 0.5], "encoder": "conv"}, label="x"
    )
    assert turned.key == CELL.key
    assert turned == CELL


def test_titles_tell_cells_apart():
    assert Cell(data="mnist", method="rae").title == "rae"
    assert CELL.title == "rae (alpha=[0.5, 0.5], encoder=conv)"
    assert dataclasses.replace(CELL, preset="paper", settings={}).title == "rae (preset=paper)"
    assert dataclasses.replace(CELL, label="rae-paper-encoder").title == "rae-paper-encoder"


def test_a_cell_says_what_it_is():
    cell = Cell(data="keel/vehicle", method="smote", seed=2, fold=0, folds=5)
    assert str(cell) == "smote on keel/vehicle, seed 2, fold 1 of 5"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seed": -1}, "seed=-1"),
        ({"seed": True}, "seed=True"),
        ({"seed": 2**32}, "from 0 to 4294967295"),
        ({"core_minutes": 0}, "core_minutes=0"),
        ({"core_minutes": float("inf")}, "core_minutes=inf"),
        ({"core_minutes": True}, "core_minutes=True"),
        ({"core_minutes": "20"}, "core_minutes='20'"),
        ({"fold": 1}, "give both or none"),
        ({"folds": 5}, "give both or none"),
        ({"fold": 5, "folds": 5}, "fold=5 of folds=5"),
        ({"fold": 0, "folds": 1}, "at least 2 folds"),
    ],
)
def test_cells_that_cannot_be_are_refused(wrong, said):
    with pytest.raises(InputError, match=said):
        Cell(data="mnist", method="rae", **wrong)


def test_grids_are_described_without_torch():
    code = "import sys, osrae.benchmark.cells; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
