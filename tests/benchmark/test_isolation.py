import io
import os
import signal

import numpy as np
import pytest

from osrae.benchmark import isolation
from osrae.benchmark.cells import Cell
from osrae.benchmark.child import FORKS
from osrae.benchmark.isolation import run_isolated

from .processes import child_processes

QUICK = Cell(data="keel/glass", method="logistic-regression")
forks = pytest.mark.skipif(not FORKS, reason="cells are not forked here")


@pytest.fixture(autouse=True)
def own(monkeypatch):
    """Processes that only this test's cells fork from; they end with it."""
    idle = {}
    monkeypatch.setattr(isolation, "_idle", idle)
    yield idle
    for origin in (origin for waiting in idle.values() for origin in waiting):
        origin.end(kill=True)


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


@forks
def test_cells_fork_from_one_process_for_each_number_of_threads(own):
    for threads in (1, 1, 2):
        made = run_isolated(QUICK.to_dict(), None, threads).content["made"]
        assert made["machine"]["threads"] == threads
    assert {threads: len(waiting) for threads, waiting in own.items()} == {1: 1, 2: 1}
    mine = [number for number, parent in child_processes().items() if parent == os.getpid()]
    assert {waiting[0].process.pid for waiting in own.values()} <= set(mine)


@forks
def test_where_a_process_has_died_another_one_is_started(own):
    run_isolated(QUICK.to_dict(), None, 1)
    own[1][0].process.kill()
    own[1][0].process.wait()
    assert run_isolated(QUICK.to_dict(), None, 1).content["status"] == "done"


def test_without_forks_every_cell_has_a_process_that_imports(own, monkeypatch):
    plain = isolation.subprocess.Popen
    code = "from osrae.benchmark import child; child.FORKS = False; child.main()"
    monkeypatch.setattr(isolation, "FORKS", False)
    monkeypatch.setattr(
        isolation.subprocess, "Popen", lambda command, **o: plain([command[0], "-c", code], **o)
    )
    for _ in range(2):
        assert run_isolated(QUICK.to_dict(), None, 1).content["status"] == "done"
    assert own == {1: []}


def test_a_process_that_dies_is_an_outcome(own, monkeypatch):
    start = isolation._Origin

    def start_dying(threads):
        origin = start(threads)
        origin.process.send_signal(signal.SIGKILL)
        return origin

    monkeypatch.setattr(isolation, "_Origin", start_dying)
    error = run_isolated(QUICK.to_dict(), None, 1).content["error"]
    assert error["type"] == "Killed"
    assert own == {1: []}


def test_a_process_that_cannot_start_says_why(monkeypatch, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('no room')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    error = run_isolated(QUICK.to_dict(), None, 1).content["error"]
    assert error["type"] == "Died"
    assert "no room" in error["traceback"]


def test_who_is_interrupted_leaves_no_process(own, monkeypatch):
    started = []

    def interrupted(origin, request):
        started.append(origin)
        raise KeyboardInterrupt

    monkeypatch.setattr(isolation._Origin, "answer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_isolated(QUICK.to_dict(), None, 1)
    assert started[0].process.returncode == -signal.SIGKILL
    assert own == {1: []}


def test_environment_and_directory_are_those_of_the_call(monkeypatch, tmp_path):
    run_isolated(QUICK.to_dict(), None, 1)
    monkeypatch.chdir(tmp_path)
    cell = Cell(data="mnist", method="logistic-regression").to_dict()
    monkeypatch.setenv("OSRAE_DATA", "here")
    assert "OSRAE_DATA is here" in run_isolated(cell, None, 1).content["error"]["message"]
    (tmp_path / "here").mkdir()
    assert "OSRAE_DATA is" not in run_isolated(cell, None, 1).content["error"]["message"]
    monkeypatch.setenv("OSRAE_DATA", "there")
    assert "OSRAE_DATA is there" in run_isolated(cell, None, 1).content["error"]["message"]
    monkeypatch.delenv("OSRAE_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "OSRAE_DATA is" not in run_isolated(cell, None, 1).content["error"]["message"]


def test_nothing_is_left_in_the_folder_of_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert run_isolated(QUICK.to_dict(), None, 1).content["status"] == "done"
    assert list(tmp_path.iterdir()) == []
