from __future__ import annotations

import math

import pytest
import torch

from osrae.methods import dgc_method
from osrae.networks.layers import one_hot

from .deep_cases import CPU, TABLE
from .dgc_cases import COUNTS, KINDS, make, rows, trained


def kept(method) -> tuple[torch.Tensor, torch.Tensor]:
    """Means and log-variances of the members kept, class by class."""
    sizes = [min(n, method.kept_means.shape[1]) for n in COUNTS]
    return tuple(
        torch.cat([part[code, :n] for code, n in enumerate(sizes)])
        for part in (method.kept_means, method.kept_log_variances)
    )


def test_codes_of_evenly_spread_members_are_kept(monkeypatch):
    monkeypatch.setattr(dgc_method, "_KEPT_OF_CLASS", 8)
    method, data = trained(TABLE), rows(TABLE)
    # Of 12, 30 and 6 members, which follow each other: 8, 8 and 6.
    places = [i * 12 // 8 for i in range(8)] + [12 + i * 30 // 8 for i in range(8)]
    places += range(42, 48)
    x, y = data.x.take(torch.tensor(places), CPU), data.y[places]
    with torch.inference_mode():
        recognised = method.recogniser(x, one_hot(y, 3, torch.float))
    torch.testing.assert_close(kept(method), recognised)


def test_how_many_codes_are_kept(monkeypatch):
    assert make(TABLE).kept_means.shape == (3, 1000, 4)
    monkeypatch.setattr(dgc_method, "_KEPT", 18)
    assert make(TABLE).kept_means.shape == (3, 6, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_new_samples_are_decoded_codes_of_their_class(kind):
    method = trained(KINDS[kind])
    codes = torch.tensor([2, 0, 1, 2] * 30)
    method.kept_log_variances.fill_(-50.0)  # codes are the means: every sample is a member's
    with torch.inference_mode():
        new = method.generate(codes, torch.Generator().manual_seed(0))
        decoded = method.networks["decoder"](kept(method)[0])
    distances = (new.flatten(1)[:, None] - decoded.flatten(1)).abs().amax(2)
    kept_classes = torch.repeat_interleave(torch.tensor(COUNTS))
    nearest = distances.argmin(1)
    assert distances.min(1).values.max() < 1e-3
    assert torch.equal(kept_classes[nearest], codes)
    assert len(nearest[codes == 2].unique()) == COUNTS[2]  # every member has its turn


def test_new_samples_scatter_around_the_mean():
    method = trained(TABLE, n_codes=1)
    seen = []
    method.networks["decoder"].forward = lambda z: seen.append(z) or z
    with torch.inference_mode():
        method.kept_means.fill_(2.0)
        method.kept_log_variances.fill_(math.log(0.25))
        method.generate(torch.zeros(5000, dtype=torch.int64), torch.Generator().manual_seed(0))
    assert seen[0].mean().item() == pytest.approx(2, abs=0.02)
    assert seen[0].std().item() == pytest.approx(0.5, abs=0.02)
