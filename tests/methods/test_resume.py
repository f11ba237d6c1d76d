"""A run that was killed and resumed leaves the same weights as one that was not."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

#: Trains on pictures or a table with everything random switched on, and saves after each step.
SCRIPT = """
import sys
import numpy as np
import torch
from sklearn.datasets import load_digits
import osrae.methods.deep as deep
from osrae import RAEClassifier

torch.set_num_threads(1)
deep.CHECKPOINT_SECONDS = 0.0
kind, preset, checkpoint, output = sys.argv[1:]
X, y = load_digits(n_class=3, return_X_y=True)
X, y = X[:90] / 16, y[:90]
model = RAEClassifier(
    preset=preset, max_steps=40, batch_size=8, random_state=3, device="cpu", precision="float32",
    image_shape=(8, 8) if kind == "pictures" else None, checkpoint_dir=checkpoint, resume=True,
)
model.fit(X, y).save(output)
"""


def start(*arguments: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *map(str, arguments)],
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def step_of(checkpoint: Path) -> int:
    """Read the step of a checkpoint, which may be replaced at this moment."""
    try:
        header = checkpoint / "checkpoint" / "osrae.json"
        return json.loads(header.read_text())["state"]["step"]
    except FileNotFoundError:
        return 0


def kill_midway(checkpoint: Path, *arguments: object) -> None:
    """Send SIGKILL at a random moment some steps after the run began or went on."""
    begun = step_of(checkpoint)
    process = start(*arguments)
    wanted = begun + random.Random(os.getpid() + begun).randint(1, 5)
    while step_of(checkpoint) < wanted:
        assert process.poll() is None
        time.sleep(0.002)
    time.sleep(random.Random(os.getpid()).uniform(0, 0.03))
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert begun < step_of(checkpoint) < 40


@pytest.mark.parametrize(
    ("kind", "preset"), [("pictures", "default"), ("table", "default"), ("table", "reference")]
)
def test_killed_and_resumed_is_not_killed_bit_for_bit(tmp_path, kind, preset):
    assert start(kind, preset, tmp_path / "whole.checkpoint", tmp_path / "whole").wait() == 0
    checkpoint, output = tmp_path / "killed.checkpoint", tmp_path / "killed"
    for _ in range(2):
        kill_midway(checkpoint, kind, preset, checkpoint, output)
    assert start(kind, preset, checkpoint, output).wait() == 0
    whole, resumed = (
        load_file(tmp_path / name / "model.safetensors") for name in ("whole", "killed")
    )
    assert whole.keys() == resumed.keys()
    for name, value in whole.items():
        assert value.numpy().tobytes() == resumed[name].numpy().tobytes(), name
