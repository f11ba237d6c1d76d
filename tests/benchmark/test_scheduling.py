import os
import signal
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest

from osrae.benchmark import scheduling
from osrae.benchmark.cells import Cell
from osrae.benchmark.child import FORKS
from osrae.benchmark.outcomes import Outcome
from osrae.benchmark.results import Results
from osrae.benchmark.scheduling import Progress, run_grid
from osrae.benchmark.workers import Pool
from osrae.errors import InputError

from .processes import cell_processes, child_processes, wait_for

QUICK = [
    Cell(data="keel/vehicle", method="logistic-regression", fold=fold, folds=2) for fold in (0, 1)
]
#: A share that is no share is found when the cell runs, and not before.
BROKEN = Cell(data="keel/vehicle", method="smote+plain", fold=0, folds=2,
              settings={"classifier.encoder": "conv"})  # fmt: skip
SLOW = Cell(data="keel/vehicle", method="rae", fold=0, folds=2, settings={"max_steps": 100_000})

forks = pytest.mark.skipif(not FORKS, reason="finds forked cells in /proc")


def test_cells_are_run_once_and_a_failed_one_does_not_stop_the_rest(tmp_path):
    results, seen = Results(tmp_path), []

    def report(progress: Progress) -> None:
        seen.append((progress.done, progress.failed, progress.total, progress.there))

    cells = [BROKEN, *QUICK]
    first = run_grid(cells, results, jobs=2, threads=1, report=report)
    assert (first.done, first.failed, first.total) == (2, 1, 3)
    assert seen[0] == (0, 0, 3, 0)
    assert len(seen) == 4
    assert all(0.6 < results.get(cell).score() < 1 for cell in QUICK)
    error = results.get(BROKEN).content["error"]
    assert error["type"] == "InputError"
    assert "conv" in error["message"]
    assert "Traceback" in error["traceback"]

    written = {result.path: result.path.stat().st_mtime_ns for result in results}
    again = run_grid(cells, results, report=report)
    assert (again.total, again.there, again.finished) == (0, 3, 0)
    retried = run_grid(cells, results, threads=1, retry_failed=True)
    assert (retried.total, retried.there, retried.failed) == (1, 2, 1)
    changed = {path for path, time in written.items() if path.stat().st_mtime_ns != time}
    assert changed == {results.path(BROKEN)}


def test_nothing_runs_if_a_cell_could_not(tmp_path):
    with pytest.raises(InputError, match="no method 'nothing'"):
        run_grid([*QUICK, Cell(data="digits", method="nothing")], Results(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_nothing_runs_if_results_could_not_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(scheduling, "workers", None)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file; results need a folder"):
        run_grid(QUICK, Results(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot be written"):
        run_grid(QUICK, Results(tmp_path / "file" / "below"))


def test_an_address_needs_a_cluster(tmp_path):
    with pytest.raises(InputError, match="for the backends dask and ray"):
        run_grid(QUICK, Results(tmp_path), address="127.0.0.1:1")
    with pytest.raises(InputError, match="backend='spark'"):
        run_grid(QUICK, Results(tmp_path), backend="spark")  # type: ignore[arg-type]


def test_time_left_is_told_by_the_pace_so_far():
    progress = Progress(total=4, there=2)
    assert progress.seconds_left is None
    progress.started -= 30
    progress.done = 2
    progress.failures = [None]
    assert progress.seconds_left == pytest.approx(10, abs=1)


def test_only_what_is_done_leaves_nothing_to_be_gone_on_with(tmp_path, monkeypatch):
    kinds = ["Killed", "ValueError", None]
    ends = {cell.key: kind for cell, kind in zip([SLOW, *QUICK], kinds, strict=True)}

    def run(cell, folder, threads, unfinished):
        (Path(unfinished) / "of some code").mkdir(parents=True)
        kind = ends[Cell.from_dict(cell).key]
        error = {"status": "failed", "error": {"type": kind}} if kind else {"status": "done"}
        return Outcome({"cell": cell, **error})

    pool = nullcontext(Pool(1, 1, run))
    monkeypatch.setattr(scheduling, "workers", lambda backend, address, jobs: pool)
    results = Results(tmp_path)
    run_grid([QUICK[1]], results)
    assert not (tmp_path / "unfinished").exists()
    run_grid([SLOW, QUICK[0]], results)
    kept = {path.name for path in (tmp_path / "unfinished").iterdir()}
    assert kept == {SLOW.key, QUICK[0].key}


@forks
def test_a_cell_that_is_killed_is_started_again_and_then_recorded(tmp_path):
    def kill_twice() -> None:
        killed = set()
        for _ in range(2):
            number = wait_for(lambda: next(iter(cell_processes().keys() - killed), None))
            killed.add(number)
            os.kill(number, signal.SIGKILL)

    killer = threading.Thread(target=kill_twice)
    killer.start()
    progress = run_grid([SLOW, QUICK[0]], Results(tmp_path), threads=1)
    killer.join()
    assert (progress.done, progress.failed) == (1, 1)
    error = Results(tmp_path).get(SLOW).content["error"]
    assert error["type"] == "Killed"
    assert "SIGKILL" in error["message"]
    assert Results(tmp_path).get(QUICK[0]).done


@forks
def test_a_grid_that_is_killed_goes_on_where_it_was(tmp_path):
    command = [
        sys.executable, "-m", "osrae", "bench", "run", "--data", "keel/vehicle", "--method", "rae",
        "--set", "max_steps=200", "--folds", "3", "--threads", "1", "--results", str(tmp_path),
        "--quiet",
    ]  # fmt: skip
    grid = subprocess.Popen(command)
    wait_for(lambda: list(tmp_path.glob("*/*.json")))
    cells = wait_for(lambda: [n for n, by in cell_processes().items() if by == grid.pid])
    parents = [n for n, by in child_processes().items() if by == grid.pid]
    grid.send_signal(signal.SIGKILL)
    grid.wait()
    wait_for(lambda: not child_processes().keys() & {*cells, *parents})  # they die with it
    there = {result.path: result.path.stat().st_mtime_ns for result in Results(tmp_path)}
    assert 1 <= len(there) < 3
    assert not list(tmp_path.rglob(".*"))
    subprocess.run(command, check=True)
    assert len([result for result in Results(tmp_path) if result.done]) == 3
    assert all(path.stat().st_mtime_ns == time for path, time in there.items())
