"""The command line as a process, and a table for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

FAST = ["--max-steps", "20", "--batch-size", "16", "--device", "cpu", "--quiet"]


def osrae(*arguments: object, expect: int = 0) -> subprocess.CompletedProcess:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100"}
    done = run_prepared([str(argument) for argument in arguments], Path.cwd(), environment)
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def run_prepared(
    arguments: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess:
    """Run a command as a process that starts at once."""
    with TemporaryDirectory() as outputs:
        files = [Path(outputs, name) for name in ("stdout", "stderr")]
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        job = arguments, str(folder), environment, [str(file) for file in files]
        print(json.dumps(job), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, *(file.read_text() for file in files))


@cache
def _server() -> subprocess.Popen:
    program = Path(__file__).with_name("prepared.py")
    return subprocess.Popen(
        [sys.executable, program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def refused(*arguments: object) -> str:
    text = osrae(*arguments, expect=2).stderr.strip()
    assert text.startswith("Error: ")
    assert len(text.splitlines()) == 1
    return text


def iris_frame() -> pd.DataFrame:
    data = load_iris(as_frame=True)
    rows = np.r_[0:50, 50:80, 100:112]
    frame = data.frame.iloc[rows].rename(columns=lambda name: name.split(" (")[0])
    frame["species"] = data.target_names[frame.pop("target")]
    frame["site"] = np.where(np.arange(len(frame)) % 3, "north", "south")
    return frame
