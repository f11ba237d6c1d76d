import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from osrae import (
    GAMO2PIX,
    DeepSMOTE,
    RAEClassifier,
    RAEOversampler,
    SMOTEFamily,
    TwoStageClassifier,
)  # fmt: skip
from osrae.benchmark import budget
from osrae.benchmark.budget import TrainingPlan, fit_to_budget
from osrae.benchmark.cells import Cell
from osrae.benchmark.running import run_cell
from osrae.datasets import load_split
from osrae.methods.gamo2pix import GAMO2PIXSettings
from osrae.methods.gamo_settings import GAMOSettings
from osrae.methods.two_stage import default_classifier


def two_stages(sampler) -> TwoStageClassifier:
    return TwoStageClassifier(sampler=sampler, classifier=default_classifier(random_state=0))


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return rng.normal(size=(90, 4)), np.repeat([0, 1], [70, 20])


def test_a_plan_knows_how_long_every_stage_is(table):
    X, y = table
    plan = TrainingPlan.of(two_stages(DeepSMOTE(random_state=0)), X, y)
    assert set(plan.stages) == {"sampler", "classifier"}
    trained = two_stages(DeepSMOTE(random_state=0, max_steps=1)).fit(X, y)
    classifier = default_classifier(random_state=0)
    full = classifier._settings(trained.codec_.description).resolve_steps(140)
    assert plan.stages["classifier"].steps == full  # of balanced rows: 70 of both classes
    assert plan.seconds == pytest.approx(sum(stage.seconds for stage in plan.stages.values()))


def test_what_trains_no_network_has_no_plan(table):
    plan = TrainingPlan.of(two_stages(SMOTEFamily(random_state=0)), *table)
    assert set(plan.stages) == {"classifier"}


def test_a_sampler_gets_a_third_and_what_its_classifier_leaves(table):
    model = two_stages(DeepSMOTE(random_state=0))
    plan = TrainingPlan.of(model, *table)
    first, second = plan.stages["sampler"], plan.stages["classifier"]
    short = 0.1 * min(first.seconds, second.seconds)
    plan.shortened(model, short)
    assert model.sampler.max_steps == max(1, int(short / 3 / first.step_seconds))
    assert model.classifier.max_steps == max(1, int(short * 2 / 3 / second.step_seconds))
    whole = two_stages(DeepSMOTE(random_state=0))
    plan.shortened(whole, 4 * plan.seconds)
    assert (whole.sampler.max_steps, whole.classifier.max_steps) == (None, None)


def test_a_budget_shortens_what_would_take_longer_and_nothing_else():
    split = load_split("digits", seed=0)
    model = RAEClassifier(random_state=0, validation_fraction=0.0)
    short = fit_to_budget(model, split.X_train, split.y_train, 1.0)
    assert 1 <= short.max_steps < 2000
    twice = RAEClassifier(random_state=0, validation_fraction=0.0, max_steps=3)
    assert fit_to_budget(twice, split.X_train, split.y_train, 60.0).max_steps == 3


def test_a_budget_is_shared_out_among_stages():
    cell = Cell(data="digits", method="deepsmote", core_minutes=0.05)
    result, _ = run_cell(cell)
    assert result["whole_run"] is False
    assert [stage["estimator"] for stage in result["stages"]] == ["DeepSMOTE", "DeepClassifier"]
    assert all(stage["steps"] >= 1 for stage in result["stages"])


def run_clock(clock, seconds, monkeypatch):
    """Take steps that cost what ``seconds`` says, until the clock stops; return how many."""
    now, state = 500.0, SimpleNamespace(step=0, stop=False)
    monkeypatch.setattr(budget.time, "process_time", lambda: now)
    clock.on_start(state)
    while not state.stop:
        now += seconds(state.step)
        state.step += 1
        clock.on_step(state)
    return state.step


def test_of_gamo_the_steps_of_features_and_of_the_game_are_timed(monkeypatch):
    costs = {"features": 1.0, "game": 10.0}
    length, timed = budget._trial({"update_features": None})
    settings, clock = GAMOSettings(max_steps=length), budget._Clock(timed, math.inf)

    def seconds(step):
        place = settings.place(step, 9_000)
        return 1000.0 if place.renews_hull or step < 4 else costs[place.phase]

    assert run_clock(clock, seconds, monkeypatch) == 16
    assert budget._step_seconds(clock.durations, ("",)) == pytest.approx(5.5)


def test_each_phase_of_a_schedule_counts_as_often_as_it_comes(monkeypatch):
    phases = RAEOversampler()._presets["default"]["pictures"].phases
    assert phases == ("joint", *["reconstruct"] * 7)
    length, timed = budget._trial(RAEOversampler().get_params())
    clock = budget._Clock(timed, math.inf)

    def seconds(step):
        return {0: 90.0, 8: 9.0}.get(step, 1.0)  # the first pays for more than itself

    assert run_clock(clock, seconds, monkeypatch) == length == 9
    assert budget._step_seconds(clock.durations, phases) == pytest.approx((9 + 7) / 8)


def test_a_phase_that_only_begins_a_run_is_timed_there_and_one_never_seen_is_not():
    phases = ("joint", *["across"] * 30, "reconstruct")
    durations = [5.0, *[1.0] * 8]
    assert budget._step_seconds(durations, phases) == pytest.approx((5 + 30) / 31)


def test_both_stages_of_gamo2pix_are_counted_and_timed():
    split = load_split("digits", seed=0)
    pictures, y = split.X_train, split.y_train
    model = GAMO2PIX(random_state=0, steps_per_class=1_000)
    stage = TrainingPlan.of(model, pictures, y).stages[""]
    n_classes = len(np.unique(y))
    whole = GAMO2PIXSettings(steps_per_class=1_000, n_autoencoders=n_classes)
    assert stage.steps == whole.full_steps(len(y))
    length, timed = budget._trial(model.get_params())
    game, pictures_of_features = replace(whole, max_steps=length).stages(len(y))
    assert min(game, pictures_of_features) > 8 * 2
    assert timed == length  # the steps of both stages


@pytest.mark.parametrize(("most", "steps"), [(5.0, 2), (35.0, 5), (1e9, 8)])
def test_a_trial_stops_when_it_has_cost_enough(most, steps, monkeypatch):
    clock = budget._Clock(8, most)
    # The first step pays for more than itself.
    assert run_clock(clock, lambda step: 10.0 if step else 700.0, monkeypatch) == steps
    assert budget._step_seconds(clock.durations, ("",)) == pytest.approx(10)
