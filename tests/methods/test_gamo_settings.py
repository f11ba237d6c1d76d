from __future__ import annotations

import dataclasses
import math

from osrae.methods.gamo_settings import PRESETS, GAMOSettings


def test_the_authors_counter_advances_by_two():
    pictures, tables = (PRESETS["original"][kind] for kind in ("pictures", "tables"))
    assert pictures.batches(9_000) == tables.resolve_steps(9_000) == math.ceil(50_000 / 2)
    assert dataclasses.replace(tables, counter=7).resolve_steps(9_000) == 4
    # 25,000 batches are 88.65 epochs of 282; before each of the 89, an epoch of F alone.
    assert pictures.resolve_steps(9_000) == 25_000 + 89 * 282
    assert dataclasses.replace(pictures, max_steps=7).resolve_steps(9_000) == 7
    default = PRESETS["default"]["pictures"]
    assert default.resolve_steps(9_000) == math.ceil(89 * 9_000 / 32) + 89 * 282
    assert default.resolve_steps(50) == 2 * default.least_steps  # and as many of F alone
    assert PRESETS["default"]["tables"].resolve_steps(50) == default.least_steps


def test_generated_points_of_a_batch():
    assert PRESETS["default"]["pictures"].fakes_per_batch == "batch"
    assert PRESETS["default"]["tables"].fakes_per_batch == "balance"
    assert {s.fakes_per_batch for s in PRESETS["original"].values()} == {"batch"}


def test_phases_take_turns_epoch_by_epoch():
    settings = GAMOSettings(batch_size=8, update_features="frozen_head")
    places = [settings.place(at, 20) for at in range(9)]  # 3 batches in an epoch
    features = [("features", 0, b, False) for b in range(3)]
    game = [("game", 0, b, b == 0) for b in range(3)]
    assert places == features + game + [("features", 1, b, False) for b in range(3)]
    joint = dataclasses.replace(settings, update_features="joint")
    assert [joint.place(at, 20) for at in (0, 2, 3)] == [
        ("game", 0, 0, True), ("game", 0, 2, False), ("game", 1, 0, True),
    ]  # fmt: skip


def test_short_runs_have_shorter_turns_and_see_every_batch():
    # 282 batches in an epoch of 9,000; 40 turns in 400 steps.
    alone = dataclasses.replace(PRESETS["original"]["pictures"], max_steps=400)
    places = [alone.place(at, 9_000) for at in range(400)]
    assert [p.phase for p in places[:20]] == ["features"] * 10 + ["game"] * 10
    for phase in ("features", "game"):
        assert [(p.epoch, p.batch) for p in places if p.phase == phase] == [
            (0, b) for b in range(200)
        ]
    assert [at for at, p in enumerate(places) if p.renews_hull] == list(range(10, 400, 20))
    joint = dataclasses.replace(alone, update_features="joint")
    assert [at for at in range(400) if joint.place(at, 9_000).renews_hull] == list(
        range(0, 400, 10)
    )
    assert dataclasses.replace(alone, max_steps=1).place(0, 9_000).phase == "features"
