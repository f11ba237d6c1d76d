import io
import os
import signal
import subprocess

import numpy as np
import pytest

from osrae.benchmark import child
from osrae.benchmark.cells import Cell
from osrae.benchmark.child import Outcome, run_isolated

QUICK = Cell(data="keel/glass", method="logistic-regression")

#: A child whose libraries greet, in Python and, as compiled ones do, below it.
_GREETING = """
import os
from osrae.benchmark import child

run = child._run

def greeted(*request):
    print("hello", flush=True)
    os.write(1, b"from below")
    return run(*request)

child._run = greeted
child.main()
"""


def test_a_cell_in_a_process_of_its_own_gives_the_same_result():
    from osrae.benchmark.running import run_cell

    outcome = run_isolated(QUICK.to_dict(), None, 1)
    assert outcome.content["status"] == "done"
    assert outcome.content["tests"] == run_cell(QUICK)[0]["tests"]
    assert outcome.content["made"]["machine"]["threads"] == 1
    with np.load(io.BytesIO(outcome.arrays), allow_pickle=False) as arrays:
        assert "test/predicted" in arrays


def test_warnings_are_told_once_each():
    cell = Cell(data="keel/glass", method="mc-ccr+logistic-regression", settings={"energy": 1e-9})
    outcome = run_isolated(cell.to_dict(), None, 1)
    told = outcome.content["warnings"]
    assert any("DataWarning" in text for text in told)
    assert len(told) == len(set(told))


def test_an_error_is_an_outcome():
    cell = {**QUICK.to_dict(), "data": "keel/no-such-table"}
    outcome = run_isolated(cell, None, 1)
    assert outcome.content["status"] == "failed"
    assert outcome.content["cell"] == cell
    assert outcome.content["error"]["type"] == "InputError"
    assert "no-such-table" in outcome.content["error"]["message"]
    assert outcome.arrays == b""


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (-signal.SIGKILL, "Killed", "SIGKILL; the system does so when memory runs out"),
        (-signal.SIGSEGV, "Killed", "SIGSEGV"),
        (3, "Died", "code 3"),
        (0, "Died", "code 0"),
    ],
)
def test_a_process_that_leaves_nothing_is_an_outcome(monkeypatch, code, kind, said):
    done = subprocess.CompletedProcess([], code, b"", b"last words")
    monkeypatch.setattr(child.subprocess, "run", lambda *a, **k: done)
    error = run_isolated(QUICK.to_dict()).content["error"]
    assert error["type"] == kind
    assert said in error["message"]
    assert error["traceback"] == "last words"


PACKED = child._packed(Outcome({"status": "done", "name": "Löwe\n"}, b"\nosrae outcome: 1 2\n"))


@pytest.mark.parametrize("code", [0, 1, -signal.SIGSEGV])
@pytest.mark.parametrize("greeting", [b"", b"hello\n"])
def test_a_whole_outcome_counts_however_the_process_ends(monkeypatch, code, greeting):
    done = subprocess.CompletedProcess([], code, greeting + PACKED, b"")
    monkeypatch.setattr(child.subprocess, "run", lambda *a, **k: done)
    outcome = run_isolated(QUICK.to_dict())
    assert outcome.content == {"status": "done", "name": "Löwe\n"}
    assert outcome.arrays == b"\nosrae outcome: 1 2\n"


def test_a_part_of_an_outcome_is_none(monkeypatch):
    assert all(child._unpacked(PACKED[:size]) is None for size in range(len(PACKED)))
    done = subprocess.CompletedProcess([], -signal.SIGKILL, PACKED[:-1], b"")
    monkeypatch.setattr(child.subprocess, "run", lambda *a, **k: done)
    assert run_isolated(QUICK.to_dict()).content["error"]["type"] == "Killed"


def test_threads_are_told_to_every_library(monkeypatch):
    seen = {}

    def run(*args, env, **options):
        seen.update(env)
        return subprocess.CompletedProcess([], 1, b"", b"")

    monkeypatch.setattr(child.subprocess, "run", run)
    run_isolated(QUICK.to_dict(), None, 3)
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    assert {seen[name] for name in names} == {"3"}
    assert seen["PATH"] == os.environ["PATH"]


def test_what_libraries_print_is_no_part_of_an_outcome(tmp_path, monkeypatch):
    program = tmp_path / "greeting.py"
    program.write_text(_GREETING)
    plain = subprocess.run
    monkeypatch.setattr(
        child.subprocess, "run", lambda command, **o: plain([command[0], str(program)], **o)
    )
    outcome = run_isolated(QUICK.to_dict(), None, 1)
    assert outcome.content["status"] == "done"
    with np.load(io.BytesIO(outcome.arrays), allow_pickle=False) as arrays:
        assert "test/predicted" in arrays


def test_nothing_is_left_in_the_folder_of_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert run_isolated(QUICK.to_dict(), None, 1).content["status"] == "done"
    assert list(tmp_path.iterdir()) == []
