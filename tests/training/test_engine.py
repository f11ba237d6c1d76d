from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from osrae.data.description import TableDescription
from osrae.data.samples import Samples
from osrae.errors import InputError, ModelFileError, TrainingDivergedError
from osrae.networks.layers import Dropout
from osrae.training.batches import TrainingData
from osrae.training.callbacks import Callback
from osrae.training.engine import RunSettings, batched_logits, train
from osrae.training.method import Classifies
from osrae.training.optimisation import AdamW, move
from osrae.training.seeding import seeded_initialisation


class TinyMethod(Classifies):
    """A small classifier with dropout: enough to see the loop at work."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(TableDescription(4), torch.ones(3), None)
        with seeded_initialisation(seed):
            self.networks = nn.ModuleDict(
                {"encoder": nn.Sequential(nn.Linear(4, 16), nn.ReLU(), Dropout(0.3)),
                 "classifier": nn.Linear(16, 3)}
            )  # fmt: skip

    def prepare(self, data):
        self.optimizers = {
            name: AdamW(network.parameters(), 1e-2, weight_decay=1e-2)
            for name, network in self.networks.items()
        }

    def training_step(self, source):
        batch = source.tuples(16, 2, torch.ones(3))
        logits = self.logits(batch.x.flatten(0, 1))
        loss = nn.functional.cross_entropy(logits, batch.y.repeat(2))
        move(self.optimizers, {"encoder": loss, "classifier": loss})
        return {"encoder": loss, "classifier": 2 * loss}

    def logits(self, x):
        return self.networks["classifier"](self.networks["encoder"](x))


def data(n: int = 60, seed: int = 0) -> TrainingData:
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 3
    centres = 3 * torch.eye(3, 4)
    return TrainingData(Samples(centres[y] + torch.randn(n, 4, generator=generator)), y)


def settings(**options) -> RunSettings:
    return RunSettings(**{"max_steps": 40, "evaluate_every": 10, "seed": 5} | options)


def state_of(method: Classifies) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in method.state_dict().items()}


def assert_same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_it_learns_and_keeps_a_history():
    method = TinyMethod()
    state = train(method, data(), data(seed=1), settings(max_steps=100))
    assert state.reason == "max_steps"
    assert [row["step"] for row in state.history] == list(range(10, 101, 10))
    assert set(state.history[0]) == {"step", "encoder", "classifier", "validation_acsa", "seconds"}
    for row in state.history:
        assert row["classifier"] == pytest.approx(2 * row["encoder"], rel=1e-5)
    assert state.history[-1]["encoder"] < 0.5 * state.history[0]["encoder"]
    assert state.best_score == max(row["validation_acsa"] for row in state.history) > 0.9
    json.dumps(state.history)


def test_the_seed_decides_everything_and_the_callers_state_is_left_alone():
    results = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed * 17)
        before = torch.random.get_rng_state()
        method = TinyMethod()
        train(method, data(), None, settings(seed=seed))
        assert torch.equal(torch.random.get_rng_state(), before)
        results.append(state_of(method))
    assert_same(results[0], results[1])
    assert not torch.equal(results[0]["networks.classifier.weight"],
                           results[2]["networks.classifier.weight"])  # fmt: skip


def test_without_validation_the_last_weights_are_kept():
    method = TinyMethod()
    state = train(method, data(), None, settings())
    assert state.best_step is None
    assert all(row["validation_acsa"] is None for row in state.history)


class Spoil(Callback):
    """Ruin the weights at a step, so that later validation scores are worse."""

    def __init__(self, method: Classifies, at: int) -> None:
        self.method, self.at, self.kept = method, at, None

    def on_step(self, state):
        if state.step == self.at:
            self.kept = state_of(self.method)
            with torch.no_grad():
                for weight in self.method.networks["classifier"].parameters():
                    weight.zero_()


def test_the_best_weights_are_restored_and_patience_stops():
    method = TinyMethod()
    spoil = Spoil(method, at=100)
    state = train(
        method, data(), data(seed=1), settings(max_steps=3000, patience=2, evaluate_every=1),
        [spoil],
    )  # fmt: skip
    assert state.reason == "patience"
    assert state.step < 3000
    rows = {row["step"]: row["validation_acsa"] for row in state.history}
    assert state.best_score == max(rows.values())
    assert state.step - state.best_step == 2
    scores = batched_logits(method, data(seed=1).x).argmax(1) == data(seed=1).y
    assert scores.double().mean().item() == pytest.approx(rows[state.kept_step])


class Fails(Callback):
    ended = 0

    def on_step(self, state):
        raise RuntimeError("broken callback")

    def on_end(self, state):
        Fails.ended += 1


def test_the_end_is_told_after_an_error_too():
    with pytest.raises(RuntimeError, match="broken callback"):
        train(TinyMethod(), data(), None, settings(), [Fails()])
    assert Fails.ended == 1


class StopAt(Callback):
    def __init__(self, at: int) -> None:
        self.at, self.calls = at, []

    def on_start(self, state):
        self.calls.append("start")

    def on_step(self, state):
        state.stop = state.step == self.at

    def on_evaluation(self, state):
        self.calls.append(f"evaluation {state.step}")

    def on_end(self, state):
        self.calls.append("end")


def test_a_callback_can_stop_the_run_and_sees_its_course():
    stop = StopAt(23)
    state = train(TinyMethod(), data(), None, settings(), [stop])
    assert (state.step, state.reason) == (23, "callback")
    assert stop.calls == ["start", "evaluation 10", "evaluation 20", "end"]


@pytest.mark.parametrize("at", [7, 10, 23])
def test_a_resumed_run_ends_in_the_same_weights(tmp_path, at):
    whole = TinyMethod()
    reference = train(whole, data(), data(seed=1), settings())
    folder = tmp_path / "checkpoint"
    train(TinyMethod(), data(), data(seed=1), settings(checkpoint=folder), [StopAt(at)])
    resumed = TinyMethod(seed=99)  # other initial weights: all must come from the checkpoint
    state = train(resumed, data(), data(seed=1), settings(checkpoint=folder, resume=True))
    assert_same(state_of(whole), state_of(resumed))
    for row, wanted in zip(state.history, reference.history, strict=True):
        assert {**row, "seconds": 0} == {**wanted, "seconds": 0}
    assert (state.best_step, state.best_score) == (reference.best_step, reference.best_score)
    assert state.kept_step == reference.kept_step


def test_resume_without_a_checkpoint_starts_afresh(tmp_path):
    state = train(TinyMethod(), data(), None, settings(checkpoint=tmp_path / "none", resume=True))
    assert state.step == 40


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    options = {"checkpoint": tmp_path / "checkpoint"}
    train(TinyMethod(), data(), None, settings(**options, identity={"seed": 1}), [StopAt(5)])
    with pytest.raises(InputError, match="seed was 1, is 2"):
        train(TinyMethod(), data(), None, settings(**options, resume=True, identity={"seed": 2}))


class Remove(Callback):
    """Take the folder's parent away at a step; no checkpoint can be written from then on."""

    def __init__(self, folder) -> None:
        self.folder, self.told = folder, []

    def on_step(self, state):
        if state.step == 5:
            shutil.rmtree(self.folder.parent)

    def on_checkpoint(self, state):
        self.told.append(state.step)


def test_a_checkpoint_that_cannot_be_written_costs_no_training(tmp_path):
    folder, whole, method = tmp_path / "gone" / "run", TinyMethod(), TinyMethod()
    folder.parent.mkdir()
    remove = Remove(folder)
    with pytest.warns(RuntimeWarning, match="training goes on"):
        state = train(
            method, data(), None, settings(checkpoint=folder, checkpoint_seconds=0.0), [remove]
        )
    train(whole, data(), None, settings())
    assert (state.step, state.reason) == (40, "max_steps")
    assert_same(state_of(method), state_of(whole))
    assert remove.told == [1, 2, 3, 4]


class Log(Callback):
    """Keep a file of one's own beside the checkpoint, from before there is one."""

    def __init__(self, folder) -> None:
        self.folder = folder

    def on_start(self, state):
        self.folder.mkdir(exist_ok=True)
        (self.folder / "log.txt").write_text("mine")


def test_a_callback_may_write_where_checkpoints_are_kept(tmp_path):
    folder = tmp_path / "run"
    train(TinyMethod(), data(), None, settings(checkpoint=folder), [Log(folder)])
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint", "log.txt"]


class Interrupt(Callback):
    def on_step(self, state):
        if state.step == 12:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def handler():
    """Set a handler of Ctrl-C, at first Python's own, as it is not where tests are in a shell's
    background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda new: signal.signal(signal.SIGINT, new)
    signal.signal(signal.SIGINT, before)


def test_an_ignored_ctrl_c_stays_ignored(handler):
    handler(signal.SIG_IGN)
    assert train(TinyMethod(), data(), None, settings(), [Interrupt()]).step == 40
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_handler_of_ones_own_is_called_and_kept(handler):
    calls = []

    def own(signum, frame):
        calls.append(signum)

    handler(own)
    assert train(TinyMethod(), data(), None, settings(), [Interrupt()]).reason == "max_steps"
    assert calls == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is own


def test_a_handler_that_was_not_set_from_python_is_left_alone(monkeypatch):
    monkeypatch.setattr(signal, "getsignal", lambda signum: None)
    monkeypatch.setattr(signal, "signal", lambda *arguments: pytest.fail("a handler was set"))
    assert train(TinyMethod(), data(), None, settings()).reason == "max_steps"


def test_a_handler_that_a_callback_sets_stays(handler):
    class Sets(Callback):
        def on_step(self, state):
            handler(signal.SIG_IGN)

    train(TinyMethod(), data(), None, settings(), [Sets()])
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.usefixtures("handler")
def test_ctrl_c_finishes_the_step_and_leaves_a_checkpoint(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    folder = tmp_path / "checkpoint"
    state = train(TinyMethod(), data(), None, settings(checkpoint=folder), [Interrupt()])
    assert (state.reason, state.step) == ("interrupt", 12) or state.step == 13
    assert folder.exists()
    assert signal.getsignal(signal.SIGINT) is before
    resumed, whole = TinyMethod(), TinyMethod()
    train(resumed, data(), None, settings(checkpoint=folder, resume=True))
    train(whole, data(), None, settings())
    assert_same(state_of(resumed), state_of(whole))


class Poison(Callback):
    def __init__(self, method: Classifies, network: str, step: int = 15) -> None:
        self.method, self.network, self.step = method, network, step

    def on_step(self, state):
        if state.step == self.step:
            with torch.no_grad():
                next(self.method.networks[self.network].parameters())[0, 0] = float("nan")


@pytest.mark.parametrize("network", ["encoder", "classifier"])
def test_divergence_names_network_and_step_and_spares_the_checkpoint(tmp_path, network):
    folder = tmp_path / "checkpoint"
    method = TinyMethod()
    run = settings(checkpoint=folder, checkpoint_seconds=0.0)
    with pytest.raises(TrainingDivergedError, match=network) as caught:
        train(method, data(), None, run, [Poison(method, network)])
    assert (caught.value.network, caught.value.step) == (network, 15)
    resumed, whole = TinyMethod(), TinyMethod()
    train(resumed, data(), None, settings(checkpoint=folder, resume=True))
    train(whole, data(), None, settings())
    assert_same(state_of(resumed), state_of(whole))


def test_weights_that_the_last_step_spoils_are_not_returned():
    method, run = TinyMethod(), settings()
    with pytest.raises(TrainingDivergedError, match="weights are not finite") as caught:
        train(method, data(), None, run, [Poison(method, "encoder", run.max_steps)])
    assert caught.value.step == run.max_steps


def test_a_checkpoint_whose_parts_do_not_fit_is_damaged(tmp_path):
    settings = RunSettings(4, 2, seed=0, checkpoint=tmp_path / "run")
    train(TinyMethod(), data(), None, settings)
    file = tmp_path / "run" / "checkpoint" / "state.safetensors"
    tensors = load_file(file)
    del tensors["optimizer.encoder.0.second"]
    save_file(tensors, file)
    with pytest.raises(ModelFileError, match="damaged"):
        train(TinyMethod(), data(), None, dataclasses.replace(settings, resume=True))


class Rising(TinyMethod):
    """A method whose loss falls, rises and is what decides."""

    kept_by_loss = "encoder"

    def training_step(self, source):
        super().training_step(source)
        return {"encoder": torch.tensor(abs(source.step - 14.5))}


def test_a_loss_can_decide_which_weights_are_kept():
    method, weights = Rising(), {}

    class Watch(Callback):
        def on_evaluation(self, state):
            weights[state.step] = state_of(method)

    state = train(method, data(), None, settings(max_steps=40), [Watch()])
    assert (state.kept_step, state.best_step) == (20, 20)  # steps 10 to 19 have the lowest mean
    assert_same(state_of(method), weights[20])
