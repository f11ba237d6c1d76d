from pathlib import Path

import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.grids import check_cells, make_cells, read_grid, ready_grids
from osrae.errors import InputError

GRID = """
data: [digits, OptDigits]
methods:
  - smote
  - {method: rae, label: paper-encoder, preset: paper, settings: {encoder: conv},
     data: [digits]}
seeds: [0, 1]
core_minutes: 2
"""


def cells_of(tmp_path: Path, text: str) -> list[Cell]:
    file = tmp_path / "grid.yaml"
    file.write_text(text)
    return [cell for block in read_grid(str(file)) for cell in make_cells(**block)]


def test_a_grid_is_every_combination(tmp_path):
    cells = cells_of(tmp_path, GRID)
    assert [(c.data, c.title, c.preset, c.seed) for c in cells] == [
        ("digits", "smote", "default", 0),
        ("digits", "smote", "default", 1),
        ("digits", "paper-encoder", "paper", 0),
        ("digits", "paper-encoder", "paper", 1),
        ("optdigits", "smote", "default", 0),
        ("optdigits", "smote", "default", 1),
    ]
    assert {c.core_minutes for c in cells} == {2}
    assert cells[2].settings == {"encoder": "conv"}


def test_folds_are_cells_of_their_own():
    cells = make_cells(["keel/vehicle"], ["smote"], seeds=[3], folds=3)
    assert [(c.seed, c.fold, c.folds) for c in cells] == [(3, 0, 3), (3, 1, 3), (3, 2, 3)]


def test_a_cell_that_is_named_twice_is_there_once():
    assert len(make_cells(["digits", "Digits"], ["rae", "rae"])) == 1


def test_a_file_may_hold_several_blocks(tmp_path):
    cells = cells_of(
        tmp_path, "- {data: [digits], methods: [rae]}\n- {data: [optdigits], methods: [gamo]}\n"
    )
    assert [(c.data, c.method) for c in cells] == [("digits", "rae"), ("optdigits", "gamo")]


@pytest.mark.parametrize("name", ready_grids())
def test_ready_grids_could_be_run(name):
    blocks = read_grid(name)
    cells = [cell for block in blocks for cell in make_cells(**block)]
    check_cells(cells)
    assert len({cell.key for cell in cells}) == len(cells)
    assert ready_grids()[name]


def test_the_papers_grid_has_its_methods_data_and_seeds():
    cells = [cell for block in read_grid("paper") for cell in make_cells(**block)]
    assert {c.data for c in cells} == {
        "mnist", "fashion-mnist", "svhn", "cifar10", "celeba", "cifar100", "imagenet-100",
        "optdigits", "isolet", "webpage", "protein-homo",
    }  # fmt: skip
    assert {c.method for c in cells} == {
        "rae", "rae-sampler", "deepsmote", "gamo", "gamo2pix", "bagan", "dgc", "smote", "amdo",
        "mc-ccr", "mc-rbo",
    }  # fmt: skip
    assert {c.seed for c in cells} == {0, 1, 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data: [digits]", "does not say which methods"),
        ("methods: [rae]", "does not say which data"),
        ("{data: [digits], methods: [rae], sedes: [1]}", "has the keys sedes"),
        ("just text", "expected a mapping"),
        ("{data: [", "is no YAML"),
        ("{data: digits, methods: [rae]}", "data: 'digits'; expected a list"),
        ("{data: [digits], methods: [{name: rae}]}", "a mapping with method"),
        ("{data: [digits], methods: [{method: rae, sets: {}}]}", "has the keys sets"),
        ("{data: [digits], methods: [rae], folds: 1}", "folds=1"),
        ("{data: [digits], methods: [rae], seeds: [x]}", "seed='x'"),
        ("{data: [digitz], methods: [rae]}", "Did you mean digits"),
        ("{data: [1], methods: [rae]}", "data: 1; expected the name of a data set"),
        ("{data: [digits], methods: }", "methods: None; expected a list"),
        ("{data: [digits], methods: [{method: [rae]}]}", r"method=\['rae'\]: expected text"),
        ("{data: [digits], methods: [{method: rae, label: 3}]}", "label=3: expected text"),
        ("{data: [digits], methods: [{method: rae, preset: [a]}]}", "preset="),
        ("{data: [digits], methods: [{method: rae, data: digits}]}", "'digits'; expected a list"),
        ("{data: [digits], methods: [{method: rae, settings: 5}]}", "settings=5: expected names"),
        ("{data: [digits], methods: [rae], seeds: []}", "seeds: the list is empty"),
        ("{data: [], methods: [rae]}", "data: the list is empty"),
        ("{data: [digits], methods: [{method: rae, settings: {1: 2}}]}", "expected names"),
        ("{data: [digits], methods: [{method: rae, settings: {a: 2026-01-01}}]}", "expected names"),
        ("{data: [digits], methods: [{method: rae, settings: {a: .nan}}]}", "expected names"),
    ],
)
def test_grids_that_are_not_as_they_should_be(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        cells_of(tmp_path, text)


def test_a_file_that_is_no_text(tmp_path):
    file = tmp_path / "grid.yaml"
    file.write_bytes(b"\x00\xff\xfe")
    with pytest.raises(InputError, match=r"grid.yaml is no YAML"):
        read_grid(str(file))


def test_presets_are_for_the_methods_that_have_some():
    cells = make_cells(["optdigits"], ["rae", "smote"], presets=["default", "paper"])
    assert [(cell.method, cell.preset) for cell in cells] == [
        ("rae", "default"), ("rae", "paper"), ("smote", "default"),
    ]  # fmt: skip


def test_a_grid_that_is_not_there():
    with pytest.raises(InputError, match=r"neither a YAML file nor one of .*paper"):
        read_grid("no-such-grid")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (Cell(data="digits", method="smoote"), "There is no method 'smoote'"),
        (Cell(data="digits", method="smote+rea"), "There is no method 'rea'"),
        (
            Cell(data="digits", method="rae", preset="best"),
            "no preset 'best' for pictures; there are default",
        ),
        (Cell(data="digits", method="rae", settings={"batch_size": -1}), "'batch_size' parameter"),
        (
            Cell(data="digits", method="smote", settings={"classifier.loss": "none"}),
            "'loss' parameter",
        ),
        (Cell(data="digits", method="smote", preset="paper"), "has no presets"),
        (
            Cell(
                data="keel/glass",
                method="smote+gradient-boosting",
                settings={"classifier.max_iter": -5},
            ),
            "'max_iter' parameter",
        ),
        (Cell(data="keel/glass", method="smote", fold=0, folds=1000), "use fewer folds"),
        (Cell(data="digits", method="rae", settings={"encodr": "conv"}), "no setting encodr"),
        (Cell(data="digits", method="gradient-boosting"), "gradient-boosting is for tables"),
        (Cell(data="digits", method="rae+plain"), "rae is a classifier"),
        (Cell(data="digits", method="smote+bagan"), "bagan is a sampler"),
        (Cell(data="no-data", method="rae"), "no-data"),
    ],
)
def test_cells_that_could_not_be_run_are_found_before_any_is(cell, said):
    with pytest.raises(InputError, match=said):
        check_cells([Cell(data="digits", method="rae"), cell])
