from __future__ import annotations

import pytest
import torch

from osrae.methods import dgc_method
from osrae.methods.dgc_method import DGC
from osrae.training.engine import RunSettings, train

from .deep_cases import TABLE, StopAt, source_at
from .dgc_cases import make, rows


def test_the_warm_up_is_short_for_a_short_run_and_ends_when_moments_match(monkeypatch):
    data = rows(TABLE)
    assert int(make(TABLE, data).n_warm_up) == 100 // 4
    assert int(make(TABLE, data, max_steps=4000).n_warm_up) == 200
    method = make(TABLE, data)
    monkeypatch.setattr(dgc_method, "_MATCHED", 0.0)
    assert set(method.training_step(source_at(0, data))) == {"warm_up"}
    assert int(method.n_warm_up) == 25
    monkeypatch.setattr(dgc_method, "_MATCHED", 1e6)
    assert set(method.training_step(source_at(1, data))) == {"warm_up"}
    assert int(method.n_warm_up) == 2
    assert "model" in method.training_step(source_at(2, data))


def test_the_warm_up_matches_moments(monkeypatch):
    data = rows(TABLE, (60, 200, 40))
    method = make(TABLE, data, learning_rate=1e-3, max_steps=400)
    with torch.no_grad():
        method.recogniser.mean.bias.fill_(3.0)
    losses = []
    for step in range(100):
        found = method.training_step(source_at(step, data, 400))
        if "warm_up" not in found:
            break
        losses.append(found["warm_up"].item())
    assert losses[0] > 5
    assert losses[-1] < 0.1 <= min(losses[:-1])
    assert int(method.n_warm_up) == len(losses)


@pytest.mark.parametrize("stop", [2, 30])
def test_a_stopped_run_goes_on_bit_for_bit(tmp_path, stop, monkeypatch):
    """Stopped in the warm-up, or after one that ended before its time."""
    monkeypatch.setattr(dgc_method, "_MATCHED", 1.0)
    data = rows(TABLE, (30, 90, 20))

    def run(folder, *callbacks) -> DGC:
        method = make(TABLE, data, max_steps=40, learning_rate=1e-3)
        with torch.no_grad():
            method.recogniser.mean.bias.fill_(1.5)
        settings = RunSettings(40, 20, 0, checkpoint=tmp_path / folder, resume=True)
        train(method, data, None, settings, callbacks)
        return method

    whole = run("whole").state_dict()
    run("stopped", StopAt(stop))
    resumed = run("stopped").state_dict()
    assert 2 < int(whole["n_warm_up"]) < 10
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name
