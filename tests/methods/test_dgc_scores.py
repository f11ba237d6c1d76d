from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from osrae.methods import dgc_method
from osrae.networks.layers import one_hot

from .deep_cases import CPU, TABLE
from .dgc_cases import KINDS, PICTURES, make, rows, trained


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_one_sample_label_and_code_at_a_time(kind):
    method = trained(KINDS[kind], n_codes=3, recon_weight=0.5).double()
    x = rows(KINDS[kind], seed=1).x.take(torch.tensor([0, 13, 44]), CPU).double()
    expected = np.empty((3, 3))
    with torch.inference_mode():
        found = method.logits(x)
        for row in range(3):
            for label in range(3):
                one = one_hot(torch.tensor([label]), 3, torch.float64)
                mean, log_variance = method.recogniser(x[row : row + 1], one)
                likelihoods = []
                for code in range(3):
                    z = mean + method.noise[code] * torch.sqrt(1e-8 + torch.exp(log_variance))
                    error = float(((x[row] - method.networks["decoder"](z)[0]) ** 2).sum())
                    posterior = method.networks["classifier"](z).softmax(1)[0, label]
                    likelihoods.append(math.exp(-0.5 * 0.5 * error) * float(posterior))
                expected[row, label] = math.log(np.mean(likelihoods))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_do_not_depend_on_other_rows_or_on_blocks(kind, monkeypatch):
    method = trained(KINDS[kind])
    x = rows(KINDS[kind], seed=1).x.take(torch.arange(12), CPU)
    if kind == "tables":
        method.double()  # as estimators compute tables
    tolerance = {"rtol": 1e-12, "atol": 1e-12} if kind == "tables" else {"rtol": 0, "atol": 1e-4}
    with torch.inference_mode():
        together = method.logits(x)
        assert torch.equal(method.logits(x), together)
        single = torch.cat([method.logits(row[None]) for row in x])
        monkeypatch.setattr(dgc_method, "_LEAST_VALUES", 1)
        monkeypatch.setattr(dgc_method, "_DECODED_VALUES", {"cpu": 7 * x[0].numel()})
        blocks = method.logits(x)
    torch.testing.assert_close(single, together, **tolerance)
    torch.testing.assert_close(blocks, together, **tolerance)
    assert together.std(0).min() > 0.01  # rows do differ


def test_the_trunk_runs_once(monkeypatch):
    method, calls = make(PICTURES).eval(), []
    trunk = method.recogniser.trunk
    forward = trunk.forward
    monkeypatch.setattr(trunk, "forward", lambda x: calls.append(len(x)) or forward(x))
    with torch.inference_mode():
        method.logits(torch.rand(5, *PICTURES.shape))
    assert calls == [5]


def test_more_codes_make_steadier_scores():
    method = trained(TABLE)
    x = rows(TABLE, seed=1).x.take(torch.arange(6), CPU)
    generator = torch.Generator().manual_seed(0)

    def spread(n_codes: int) -> float:
        method.settings = replace(method.settings, n_codes=n_codes)
        scores = []
        for _ in range(20):
            method.noise = torch.randn(n_codes, 4, generator=generator)
            with torch.inference_mode():
                scores.append(method.logits(x))
        return float(torch.stack(scores).var(0).mean())

    assert spread(20) < spread(1) / 4  # independent codes: about a twentieth


def test_with_a_decoder_that_ignores_the_code_the_classifier_decides():
    method = trained(TABLE, n_codes=1)
    x = rows(TABLE, seed=1).x.take(torch.arange(48), CPU)
    with torch.inference_mode():
        method.networks["decoder"].output.weight.zero_()
        scores = method.logits(x)
        log_y = []
        for label in range(3):
            y = torch.full((48,), label)
            mean, log_variance = method.recogniser(x, one_hot(y, 3, torch.float))
            z = mean + method.noise[0] * (log_variance / 2).exp()
            log_y.append(method.networks["classifier"](z).log_softmax(1)[:, label])
    log_y = torch.stack(log_y, dim=1)
    shift = (scores - log_y).mean(1, keepdim=True)
    torch.testing.assert_close(scores, log_y + shift, rtol=1e-4, atol=1e-4)


def test_fewer_evaluations_the_more_there_is_to_decode():
    assert make(TABLE).n_evaluations == 400 // 30
    assert make(TABLE, n_codes=1).n_evaluations == 40
    assert make(TABLE, n_codes=1000).n_evaluations == 4
