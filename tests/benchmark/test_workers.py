import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from osrae.benchmark.cells import Cell
from osrae.benchmark.child import FORKS
from osrae.benchmark.results import Results
from osrae.benchmark.scheduling import run_grid
from osrae.errors import InputError

from .processes import cell_processes, wait_for

CELLS = [
    Cell(data="keel/vehicle", method="smote+logistic-regression", fold=fold, folds=3)
    for fold in range(3)
]

forks = pytest.mark.skipif(not FORKS, reason="finds forked cells in /proc")


@contextmanager
def one_worker_killed():
    """Kill the worker that waits for the first cell that runs."""
    killed = []

    def kill() -> None:
        running = wait_for(cell_processes)
        worker = next(iter(running.values()))
        os.kill(worker, signal.SIGKILL)
        killed.append(worker)

    killer = threading.Thread(target=kill)
    killer.start()
    yield killed
    killer.join()


def check_nothing_is_lost(tmp_path, **where) -> None:
    with one_worker_killed() as killed:
        progress = run_grid(CELLS, Results(tmp_path), threads=1, **where)
    assert killed
    assert killed[0] != os.getpid()
    assert (progress.done, progress.failed) == (3, 0)
    assert progress.workers == 2
    local = Results(tmp_path / "here")
    run_grid(CELLS[:1], local, threads=1)
    assert Results(tmp_path).get(CELLS[0]).score() == local.get(CELLS[0]).score()


@forks
def test_a_dask_cluster_loses_nothing_with_a_worker(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path)
    ) as cluster:
        check_nothing_is_lost(tmp_path, backend="dask", address=cluster.scheduler_address)


@forks
def test_a_ray_cluster_loses_nothing_with_a_worker(tmp_path):
    pytest.importorskip("ray")
    check_nothing_is_lost(tmp_path, backend="ray", jobs=2)


def test_a_scheduler_that_does_not_answer(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("osrae.benchmark.workers._ANSWER", 1)
    with pytest.raises(InputError, match=r"No Dask scheduler answers at tcp://127.0.0.1:1\b"):
        run_grid(CELLS, Results(tmp_path), backend="dask", address="tcp://127.0.0.1:1")


@pytest.mark.parametrize(("backend", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_cluster_needs_its_library(tmp_path, backend, package):
    blocked = f"import sys; sys.modules[{package!r}] = None\n" + (
        "from pathlib import Path\n"
        "from osrae.benchmark.workers import workers\n"
        f"with workers({backend!r}, None, 1): pass\n"
    )
    done = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True)
    assert f"pip install 'osrae[{backend}]'" in done.stderr.splitlines()[-1]
