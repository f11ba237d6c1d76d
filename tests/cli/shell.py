"""The command line as a process, and a table for it."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

FAST = ["--max-steps", "20", "--batch-size", "16", "--device", "cpu", "--quiet"]


def osrae(*arguments: object, expect: int = 0) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [sys.executable, "-m", "osrae", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100"},
        check=False,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


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
