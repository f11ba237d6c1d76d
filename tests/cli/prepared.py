"""Runs commands, each in a process of its own that has the libraries imported already.

Imports are most of what a short command takes. A program of its own forks these processes: a test
run has threads and settings of warnings that a command must not inherit.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from multiprocessing import get_context

import imblearn  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import torch  # noqa: F401

import osrae


def run(arguments: list[str], folder: str, environment: dict[str, str], outputs: list[str]) -> None:
    """Become ``python -m osrae``, in this folder, with its output in these two files."""
    for descriptor, name in enumerate([os.devnull, *outputs]):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    runpy.run_module("osrae", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for name in osrae.__all__:
        getattr(osrae, name)
    while job := sys.stdin.readline():
        process = get_context("fork").Process(target=run, args=json.loads(job))
        process.start()
        process.join()
        print(process.exitcode, flush=True)
