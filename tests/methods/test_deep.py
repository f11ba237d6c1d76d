"""What estimators that train networks keep of a fit: all of it, or nothing."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from osrae.errors import InputError, TrainingDivergedError
from osrae.methods.deep_classifier import DeepClassifier
from osrae.training.callbacks import Callback

from .deep_cases import FAST, StopAt, blobs

X, Y = blobs()
SHORT = {**FAST, "max_steps": 12, "batch_size": 16}


class Spoil(Callback):
    """Make weights infinite that a fit is training, after its first step."""

    def __init__(self, model: DeepClassifier) -> None:
        self.model = model

    def on_step(self, state) -> None:
        with torch.no_grad():
            next(self.model.method_.networks["encoder"].parameters()).fill_(float("inf"))


class Fail(Callback):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def on_step(self, state) -> None:
        raise self.error


def spoilt(model: DeepClassifier) -> DeepClassifier:
    return model.set_params(callbacks=[Spoil(model)])


def test_a_first_fit_that_fails_leaves_no_model():
    model = spoilt(DeepClassifier(**SHORT))
    with pytest.raises(TrainingDivergedError):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_a_refit_that_fails_leaves_no_model_of_two_fits(tmp_path):
    model = DeepClassifier(**SHORT).fit(X, Y)
    before = model.predict_proba(X)
    letters = np.array(["a", "b", "c"])[Y]
    with pytest.raises(TrainingDivergedError):
        spoilt(model).fit(X[:, :3], letters)
    model.save(tmp_path / "model")
    for kept in (model, DeepClassifier.load(tmp_path / "model")):
        np.testing.assert_array_equal(kept.predict_proba(X), before)
    assert set(model.set_params(callbacks=None).fit(X[:, :3], letters).predict(X[:, :3])) <= set(
        "abc"
    )


def test_a_first_fit_that_fails_leaves_none():
    model = spoilt(DeepClassifier(**SHORT))
    with pytest.raises(TrainingDivergedError):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt()], ids=repr)
def test_a_warm_fit_that_fails_leaves_what_it_went_on_from(error):
    model = DeepClassifier(**SHORT, warm_start=True).fit(X, Y)
    before, fitted = model.predict_proba(X), dict(vars(model))
    with pytest.raises(TrainingDivergedError):
        spoilt(model).fit(X, Y)
    with pytest.raises(type(error)):
        model.set_params(callbacks=[Fail(error)]).fit(X, Y)
    with pytest.raises(InputError, match="warm_start"):
        model.fit(X, np.minimum(Y, 1))
    model.set_params(callbacks=None)
    assert vars(model) == fitted
    np.testing.assert_array_equal(model.predict_proba(X), before)
    model.set_params(learning_rate=1e-5).fit(X, Y)
    np.testing.assert_allclose(model.predict_proba(X), before, atol=0.1)


class Interrupt(Callback):
    def on_step(self, state) -> None:
        if state.step == 7:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def _ctrl_c():
    """Python's own handler, which is not there where tests are in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c")
def test_ctrl_c_leaves_the_model_so_far():
    model = DeepClassifier(**SHORT).fit(X[:, :3], Y)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(callbacks=[Interrupt()]).fit(X, Y)
    assert model.n_steps_ in (7, 8)
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_warm_fit_does_not_take_the_checkpoint_of_another_for_its_own(tmp_path):
    kept = {"warm_start": True, "resume": True, "checkpoint_dir": tmp_path / "run"}
    model = DeepClassifier(**SHORT, **kept).fit(X, Y)
    with pytest.raises(InputError, match="another run: weights to begin with"):
        model.fit(X, Y)
    first = model.set_params(resume=False, callbacks=[StopAt(5)]).fit(X, Y).predict_proba(X)
    with pytest.raises(InputError, match="another run: weights to begin with"):
        DeepClassifier(**SHORT, **kept).fit(X, Y)  # nor does a cold one
    with pytest.raises(InputError, match="another run: weights to begin with"):
        model.set_params(resume=True).fit(X, Y)  # 5 steps further on
    assert not np.isnan(first).any()


def test_a_warm_fit_that_was_stopped_goes_on_to_the_same_weights(tmp_path):
    DeepClassifier(**SHORT).fit(X, Y).save(tmp_path / "first")
    results = []
    for stops, folder in (((), "whole"), ((5, None), "stopped")):
        for stop in stops or (None,):
            model = DeepClassifier.load(tmp_path / "first", device="cpu").set_params(
                warm_start=True, resume=True, checkpoint_dir=tmp_path / folder,
                callbacks=None if stop is None else [StopAt(stop)],
            )  # fmt: skip
            model.fit(X, Y)
        results.append(model.predict_proba(X))
    np.testing.assert_array_equal(*results)
