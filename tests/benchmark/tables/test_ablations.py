"""Tables 4 and 5, and the grids that measure what they show."""

import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.grids import check_cells, make_cells, read_grid
from osrae.benchmark.measured import read_results
from osrae.benchmark.tables import make_table
from osrae.benchmark.tables.columns import ready_cells

from ..result_cases import scores, write


@pytest.mark.parametrize(
    ("grid", "cells"), [("ablation", 3 * 7 * 3), ("latent", 5 * 4 * 3), ("mixtures", 5 * 3 * 3)]
)
def test_the_grids_can_be_run(grid, cells):
    made = [cell for block in read_grid(grid) for cell in make_cells(**block)]
    check_cells(made)
    assert len(made) == cells
    assert {cell.preset for cell in made} == {"paper"}


def test_grids_share_the_cells_that_are_the_same():
    everything = ready_cells("ablation", "cifar10")["everything"]
    assert ready_cells("latent", "cifar10")["m"].key == everything.key
    assert ready_cells("mixtures", "cifar10")["t=2"].key == everything.key
    assert ready_cells("latent", "svhn")["m"].key == ready_cells("mixtures", "svhn")["t=2"].key


def test_sizes_of_the_latent_space_are_the_papers():
    sizes = {
        data: [cell.settings.get("latent_dim") for cell in ready_cells("latent", data).values()]
        for data in ("mnist", "svhn", "celeba")
    }
    # None is the preset's: 64 for grey pictures and 256 for colour ones.
    assert sizes == {"mnist": [16, 32, None, 128], "svhn": [32, 64, 128, 256],
                     "celeba": [64, 128, None, 512]}  # fmt: skip


def parts(acsa):
    return {"balanced": scores(acsa), "imbalanced": scores(acsa - 0.1)}


def test_table_4_has_a_row_for_each_variant_and_columns_of_other_data(tmp_path):
    for number, cell in enumerate(ready_cells("ablation", "cifar10").values()):
        write(tmp_path, cell, parts(0.4 + number / 100))
    write(tmp_path, Cell(data="mnist", method="rae", label="no-decoder"), parts(0.9))
    ours = ready_cells("ablation", "optdigits")["no-mixer"]
    write(tmp_path, ours, {"test": scores(0.95)})
    table = make_table(4, read_results([tmp_path]))
    assert table.columns == (
        "CIFAR-10 ACSA", "CIFAR-10 GM", "CIFAR-10 F1", "CelebA ACSA", "CelebA GM", "CelebA F1",
        "MNIST ACSA", "MNIST GM", "MNIST F1",
        "OPTICAL DIGITS ACSA", "OPTICAL DIGITS GM", "OPTICAL DIGITS F1",
    )  # fmt: skip
    by_name = {row.stubs[0]: row for row in table.rows}
    assert by_name["no linear classifier, α uniform"].stubs[1:] == ("×", "✓", "✓", "×")
    assert by_name["no decoder"].stubs[1:] == ("✓", "✓", "×", "✓")
    assert by_name["no decoder"].values[0].difference_text == "−9.16"
    assert by_name["no decoder"].values[6].own_text == "90.00 (one seed)"
    assert by_name["no mixer, α uniform"].values[9].own_text == "95.00 (one seed)"
    beta = by_name["no mixer, α from Beta(2, 2)"].values
    assert [value.printed_text for value in beta[:2]] == ["52.35", "–"]
    assert by_name["the same, corrected for frequencies"].values[0].printed is None
    everything = by_name["everything"].values
    assert [value.bold for value in everything[:3]] == [True] * 3
    assert [value.own_text for value in everything[3:6]] == ["–"] * 3


def test_table_5_takes_a_cell_that_another_grid_has_run(tmp_path):
    write(tmp_path, ready_cells("ablation", "cifar10")["everything"], parts(0.5))
    write(tmp_path, ready_cells("latent", "cifar10")["2m"], parts(0.4))
    table = make_table(5, read_results([tmp_path]))
    assert table.columns == ("m/4", "m/2", "m", "2 m")
    (row,) = (row for row in table.rows if row.stubs[0] == "CIFAR-10")
    assert row.stubs[1] == "256"
    assert [value.own_text for value in row.values] == [
        "–", "–", "50.00 (one seed)", "40.00 (one seed)",
    ]  # fmt: skip
    assert [value.difference_text for value in row.values] == ["–", "–", "−7.94", "−16.44"]
    assert "Steps, stage by stage: m 100; 2 m 100." in table.notes
