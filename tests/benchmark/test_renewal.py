from __future__ import annotations

import dataclasses

import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.renewal import outdated_settings
from osrae.benchmark.results import Result
from osrae.benchmark.running import run_cell


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> Result:
    cell = Cell(data="digits", method="deepsmote", settings={"max_steps": 2, "latent_dim": 5,
                                                            "classifier.max_steps": 2})  # fmt: skip
    content, _ = run_cell(cell)
    return Result(cell, {"status": "done", **content}, tmp_path_factory.mktemp("r") / "r.json")


def changed(result: Result, stage: int, **settings) -> Result:
    stages = [dict(one) for one in result.content["stages"]]
    stages[stage]["settings"] = {**stages[stage]["settings"], **settings}
    return dataclasses.replace(result, content={**result.content, "stages": stages})


def test_a_result_of_today_is_of_today(result):
    assert outdated_settings(result) == ()


@pytest.mark.parametrize(
    ("stage", "settings", "names"),
    [
        (0, {"penalty_weight": 7.0}, ("penalty_weight",)),
        (0, {"latent_dim": 6}, ("latent_dim",)),
        (1, {"encoder": "conv", "weight_decay": 1.0}, ("encoder", "weight_decay")),
        (1, {"max_steps": 99}, ()),
    ],
)
def test_what_the_presets_had_otherwise_is_named(result, stage, settings, names):
    assert set(outdated_settings(changed(result, stage, **settings))) == set(names)


def test_a_setting_that_there_was_not_yet_counts_by_its_effect(result):
    first, second = (dict(stage["settings"]) for stage in result.content["stages"])
    del first["penalty_weight"], second["encoder"]
    stages = [{**stage, "settings": s} for stage, s in
              zip(result.content["stages"], (first, second), strict=True)]  # fmt: skip
    old = dataclasses.replace(result, content={**result.content, "stages": stages})
    assert outdated_settings(old) == ()  # 1.0 is what it was without; the encoder is left open
    wide = changed(old, 0, latent_dim=None)
    assert outdated_settings(wide) == ()


def test_other_results_have_nothing_to_be_outdated(result):
    failed = dataclasses.replace(result, content={"status": "failed"})
    assert outdated_settings(failed) == ()
    for method in ("logistic-regression", "two-stage"):
        cell = Cell(data="keel/glass", method=method, core_minutes=0.01)
        content, _ = run_cell(cell)
        assert outdated_settings(Result(cell, {"status": "done", **content}, result.path)) == ()
