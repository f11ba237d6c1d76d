import json

import numpy as np
import pytest

from osrae.benchmark import sittings
from osrae.benchmark.cells import Cell
from osrae.benchmark.models import make_model, networks
from osrae.benchmark.parts import load_parts
from osrae.benchmark.sittings import fit
from osrae.errors import InputError, ModelFileError
from osrae.methods import deep

TABLE = {"data": "keel/vehicle", "fold": 0, "folds": 2}
ONE = Cell(**TABLE, method="rae", settings={"max_steps": 30, "ensemble_size": 1})
TWO = Cell(
    **TABLE,
    method="rae-sampler+plain",
    settings={"max_steps": 20, "classifier.max_steps": 20},
)


class Killed(BaseException):
    """What ends a process, as far as the process can tell."""


@pytest.fixture(autouse=True)
def clean_checkout(monkeypatch):
    """Commit whatever is being worked on, and keep a checkpoint of every step."""
    monkeypatch.setattr(sittings, "code_state", lambda: "0123456")
    monkeypatch.setattr(deep, "CHECKPOINT_SECONDS", 0.0)


def train(cell, folder):
    """Train a cell's model, and return its predictions and what it took."""
    model, parts = make_model(cell), load_parts(cell)
    _, cost = fit(model, parts.X, parts.y, folder=folder)
    (X, _), *_ = parts.tests.values()
    return model.predict_proba(X), cost


def killed_after(checkpoints, cell, folder, monkeypatch):
    """Train until so many checkpoints are written, and die."""
    keep, written = sittings._Keeper.on_checkpoint, []

    def keep_and_die(self, state):
        keep(self, state)
        written.append(state.step)
        if len(written) == checkpoints:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sittings._Keeper, "on_checkpoint", keep_and_die)
        with pytest.raises(Killed):
            train(cell, folder)
    return written


def steps_of(cell, folder, monkeypatch):
    """Train, and return the steps that were taken."""
    taken = []
    with monkeypatch.context() as patch:
        patch.setattr(sittings._Keeper, "on_step", lambda self, state: taken.append(state.step),
                      raising=False)  # fmt: skip
        result = train(cell, folder)
    return taken, result


def test_training_goes_on_to_the_same_result(tmp_path, monkeypatch):
    expected, whole = train(ONE, None)
    assert killed_after(12, ONE, tmp_path / "kept", monkeypatch)[-1] == 12
    (notes,) = tmp_path.rglob("sittings.json")
    spent = json.loads(notes.read_text())["cost"]
    taken, (found, cost) = steps_of(ONE, tmp_path / "kept", monkeypatch)
    assert taken == list(range(13, 31))
    np.testing.assert_array_equal(found, expected)
    assert (whole["sittings"], cost["sittings"]) == (1, 2)
    assert cost["cpu_seconds"] > spent["cpu_seconds"] > 0
    assert cost["wall_seconds"] > spent["wall_seconds"] > 0


def test_a_sampler_that_is_trained_is_not_trained_again(tmp_path, monkeypatch):
    expected, _ = train(TWO, None)
    assert killed_after(28, TWO, tmp_path, monkeypatch)[-1] < 20  # in the classifier
    taken, (found, _) = steps_of(TWO, tmp_path, monkeypatch)
    assert len(taken) < 20
    assert taken[-1] == 20
    np.testing.assert_array_equal(found, expected)


def test_the_length_is_decided_once(tmp_path, monkeypatch):
    def shorten(model, X, y, core_seconds):
        assert core_seconds == 90
        networks(model)[""].set_params(max_steps=9)

    model, parts = make_model(ONE), load_parts(ONE)
    monkeypatch.setattr(sittings, "fit_to_budget", shorten)
    started, _ = fit(model, parts.X, parts.y, core_minutes=1.5, folder=tmp_path)
    monkeypatch.setattr(sittings, "fit_to_budget", None)
    again = make_model(ONE)
    assert fit(again, parts.X, parts.y, core_minutes=1.5, folder=tmp_path)[0] == started
    assert model.n_steps_ == again.n_steps_ == 9


@pytest.mark.parametrize("state", ["7654321", None])
def test_other_code_begins_again_and_leaves_the_first_alone(tmp_path, monkeypatch, state):
    killed_after(12, ONE, tmp_path, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(sittings, "code_state", lambda: state)
        taken, _ = steps_of(ONE, tmp_path, monkeypatch)
        assert taken == list(range(1, 31))
    taken, _ = steps_of(ONE, tmp_path, monkeypatch)
    assert taken == list(range(13, 31))


def test_a_checkout_with_changes_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(sittings, "code_state", lambda: "0123456-dirty")
    train(ONE, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_method_without_a_network_leaves_notes_alone(tmp_path):
    cell = Cell(**TABLE, method="smote+logistic-regression")
    _, cost = train(cell, tmp_path / "kept")
    assert cost["sittings"] == 1
    assert [path.name for path in (tmp_path / "kept").glob("*/*")] == ["sittings.json"]


def test_notes_that_cannot_be_written_cost_no_training(tmp_path, monkeypatch):
    write, written = sittings._write, []

    def once(place, notes):
        if written:
            raise InputError("The disk is full.")
        written.append(write(place, notes))

    monkeypatch.setattr(sittings, "_write", once)
    found, cost = train(ONE, tmp_path)
    np.testing.assert_array_equal(found, train(ONE, None)[0])
    assert cost["cpu_seconds"] > 0


def test_a_training_that_would_fail_again_is_forgotten(tmp_path, monkeypatch):
    killed_after(12, ONE, tmp_path, monkeypatch)
    (state,) = tmp_path.rglob("state.safetensors")
    state.write_bytes(b"half a")
    with pytest.raises(ModelFileError):
        train(ONE, tmp_path)
    taken, _ = steps_of(ONE, tmp_path, monkeypatch)
    assert taken == list(range(1, 31))


def test_what_failed_for_another_reason_goes_on(tmp_path, monkeypatch):
    keep = sittings._Keeper.on_checkpoint

    def fail(self, state):
        keep(self, state)
        if state.step == 12:
            raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(sittings._Keeper, "on_checkpoint", fail)
        with pytest.raises(MemoryError):
            train(ONE, tmp_path)
    taken, _ = steps_of(ONE, tmp_path, monkeypatch)
    assert taken == list(range(13, 31))
