from __future__ import annotations

import copy

import torch
from torch import nn

from osrae.training.averaging import update_average


def test_weights_and_statistics_are_averaged_and_counters_copied():
    live = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = copy.deepcopy(live)
    before = copy.deepcopy(average.state_dict())
    with torch.no_grad():
        for value in live.state_dict().values():
            value += 1
    update_average(average, live, decay=0.9, step=1000)
    after, target = average.state_dict(), live.state_dict()
    for name, value in after.items():
        if value.is_floating_point():
            torch.testing.assert_close(value, 0.9 * before[name] + 0.1 * target[name])
    assert after["1.num_batches_tracked"] == target["1.num_batches_tracked"]


def test_the_random_beginning_is_forgotten_at_once():
    live, average = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.constant_(live.weight, 1.0)
    nn.init.constant_(average.weight, 0.0)
    update_average(average, live, decay=0.999, step=0)
    torch.testing.assert_close(average.weight.item(), 0.9)  # (1 + 0) / (10 + 0) is kept
