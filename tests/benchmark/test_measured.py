"""What belongs together, and what never does."""

import math

import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.measured import Store, read_results
from osrae.benchmark.results import Results
from osrae.errors import InputError

from .result_cases import GENERATION, scores, write, write_failed


def cell(seed=0, **others):
    return Cell(**{"data": "mnist", "method": "rae", "seed": seed, **others})


def test_seeds_are_one_group_and_settings_and_budgets_are_others(tmp_path):
    for seed, acsa in enumerate((0.9, 0.8)):
        write(tmp_path, cell(seed), {"balanced": scores(acsa)})
    write(tmp_path, cell(core_minutes=20.0), {"balanced": scores(0.5)})
    write(tmp_path, cell(label="rae", settings={"latent_dim": 8}, core_minutes=5.0),
          {"balanced": scores(0.4)})  # fmt: skip
    groups = read_results([tmp_path]).groups("mnist", "rae")
    assert [group.scores("acsa") for group in groups] == [[0.9, 0.8], [0.5], [0.4]]
    assert [group.budget for group in groups] == [math.inf, 20.0, 5.0]


def test_results_of_other_presets_under_the_same_name_are_not_averaged(tmp_path):
    for seed, width in ((0, 32), (1, 32), (2, 64)):
        settings = {"width": width, "max_steps": seed, "random_state": seed}
        write(tmp_path, cell(seed), {"balanced": scores(0.1 * (seed + 1))}, settings=settings)
    write_failed(tmp_path, cell(3))
    groups = read_results([tmp_path]).groups("mnist", "rae")
    assert [group.seeds for group in groups] == [(0, 1), (2,)]
    assert [len(group.failed) for group in groups] == [1, 0]


def test_folds_are_averaged_within_a_seed_and_seeds_that_lack_one_do_not_count(tmp_path):
    for seed, fold, acsa in ((0, 0, 0.5), (0, 1, 0.7), (1, 0, 0.1)):
        write(tmp_path, cell(seed, fold=fold, folds=2), {"test": scores(acsa)})
    write_failed(tmp_path, cell(1, fold=1, folds=2))
    (group,) = read_results([tmp_path]).groups("mnist", "rae")
    assert group.seeds == (0,)
    assert group.scores("acsa") == [pytest.approx(0.6)]
    assert [result.cell.fold for result in group.failed] == [1]


def test_a_run_that_settings_shorten_is_not_taken_for_a_whole_one(tmp_path):
    short = cell(settings={"classifier.max_steps": 3}, label="rae")
    write(tmp_path, short, {"balanced": scores(0.2)}, cpu_seconds=90)
    write(tmp_path, cell(core_minutes=10.0), {"balanced": scores(0.7)})
    groups = read_results([tmp_path]).groups("mnist", "rae")
    assert [group.budget for group in groups] == [10.0, 1.5]


def test_what_is_done_is_shown_before_what_failed_and_own_test_parts_before_folds(tmp_path):
    write_failed(tmp_path, cell())
    write(tmp_path, cell(fold=0, folds=2, core_minutes=9.0), {"test": scores(0.6)})
    write(tmp_path, cell(fold=1, folds=2, core_minutes=9.0), {"test": scores(0.6)})
    write(tmp_path, cell(core_minutes=1.0), {"balanced": scores(0.7)})
    groups = read_results([tmp_path]).groups("mnist", "rae")
    assert [(group.cell.core_minutes, group.cell.folds) for group in groups] == [
        (1.0, None), (9.0, 2), (None, None),
    ]  # fmt: skip


def test_a_score_on_a_part_that_is_not_there_is_missing(tmp_path):
    write(tmp_path, cell(), {"balanced": scores(0.9), "imbalanced": scores(0.8)})
    (group,) = read_results([tmp_path]).groups("mnist", "rae")
    assert group.scores("acsa", "imbalanced") == [0.8]
    assert group.scores("acsa", "test") == []
    assert group.scores("nonsense") == []
    assert group.sample_scores("density") == []


def test_of_one_cell_in_two_folders_the_one_that_is_done_counts_once(tmp_path):
    write_failed(tmp_path / "a", cell())
    write(tmp_path / "b", cell(), {"balanced": scores(0.9)})
    write(tmp_path / "c", cell(), {"balanced": scores(0.3)})
    (group,) = read_results([tmp_path / name for name in "abc"]).groups("mnist", "rae")
    assert group.scores("acsa") == [0.9]


def test_a_cell_of_another_label_is_found_by_its_settings(tmp_path):
    own = cell(settings={"latent_dim": 64}, preset="paper", label="everything")
    write(tmp_path, own, {"balanced": scores(0.9)})
    store = read_results([tmp_path])
    like = cell(7, settings={"latent_dim": 64}, preset="paper", label="m")
    assert store.groups("mnist", "m") == []
    assert [group.cell for group in store.groups("mnist", "m", like)] == [own]
    assert store.groups("mnist", "m", cell(settings={"latent_dim": 32}, preset="paper")) == []


def test_presets_have_titles_and_labels_and_settings_have_not(tmp_path):
    for preset, label, settings in (
        ("paper", "", {}), ("paper", "no-mixer", {"mixing": "uniform"}),
        ("default", "", {"latent_dim": 8}),
    ):  # fmt: skip
        write(tmp_path, cell(preset=preset, label=label, settings=settings), {"test": scores(0.5)})
    assert read_results([tmp_path]).presets("rae") == ("rae (preset=paper)",)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match=r"no folder .*nowhere.*--results"):
        read_results([tmp_path / "nowhere"])


def test_an_empty_store_has_nothing(tmp_path):
    store = Store(Results(tmp_path))
    assert store.data == ()
    assert store.groups("mnist", "rae") == []


def test_scores_of_samples_are_averaged_within_a_seed(tmp_path):
    for seed, fold, density in ((0, 0, 0.5), (0, 1, 0.7), (1, 0, 0.2), (1, 1, 0.2)):
        write(tmp_path, cell(seed, fold=fold, folds=2), {"test": scores(0.5)},
              generation={**GENERATION, "density": density})  # fmt: skip
    (group,) = read_results([tmp_path]).groups("mnist", "rae")
    assert group.sample_scores("density") == pytest.approx([0.6, 0.2])
