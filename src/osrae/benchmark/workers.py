"""Who runs the cells: processes of this machine, or workers of a Dask or Ray cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from osrae.benchmark.isolation import run_isolated
from osrae.benchmark.outcomes import Outcome
from osrae.errors import InputError

__all__ = ["Backend", "Pool", "workers"]

Backend = Literal["local", "dask", "ray"]

#: How often a cell is started whose process was killed.
_STARTS = 2
#: Seconds in which a scheduler must answer.
_ANSWER = 20


@dataclass(frozen=True)
class Pool:
    """Workers.

    Attributes
    ----------
    size : int
        Cells that run at a time.
    threads : int
        Threads of each, unless something else is asked for.
    run : callable
        Called with a cell, the folder of the data, threads, and a folder for what is kept of it
        while it is unfinished (a path of this machine, of which others make no use); returns an
        `Outcome`, and may be called from several threads at once.
    """

    size: int
    threads: int
    run: Callable[[dict[str, Any], str | None, int, str], Outcome]


@contextmanager
def workers(backend: Backend, address: str | None, jobs: int) -> Iterator[Pool]:
    """Have workers for a while.

    Parameters
    ----------
    backend : {"local", "dask", "ray"}
    address : str or None
        Of a cluster; None starts one on this machine.
    jobs : int
        Workers on this machine.

    Raises
    ------
    InputError
        If a library is missing, or the cluster does not answer or has no workers.
    """
    share = max(1, (os.cpu_count() or 1) // jobs) if address is None else 1
    if backend == "local":
        yield Pool(jobs, share, run_patiently)
    else:
        with (_dask if backend == "dask" else _ray)(address, jobs, share) as pool:
            yield pool


def run_patiently(
    cell: dict[str, Any], folder: str | None, threads: int, unfinished: str | None = None
) -> Outcome:
    """Run a cell in a process of its own; if that is killed, once more."""
    for _ in range(_STARTS):
        outcome = run_isolated(cell, folder, threads, unfinished)
        if outcome.content.get("error", {}).get("type") != "Killed":
            break
    return outcome


@contextmanager
def _dask(address: str | None, jobs: int, share: int) -> Iterator[Pool]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise InputError("backend='dask' needs Dask: pip install 'osrae[dask]'.") from error
    with ExitStack() as stack:
        target: Any = address
        if address is None:
            target = stack.enter_context(
                LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None)
            )
        try:
            client = stack.enter_context(Client(target, timeout=_ANSWER))
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                f"No Dask scheduler answers at {address}: {error}. Start one with `dask scheduler`."
            ) from error
        size = sum(client.nthreads().values())
        if not size:
            raise InputError(f"The Dask cluster at {address} has no workers; start some.")

        def run(cell: dict[str, Any], folder: str | None, threads: int, unfinished: str) -> Outcome:
            # Dask gives the cell of a worker that is lost to another one.
            return client.submit(run_patiently, cell, folder, threads, pure=False).result()

        yield Pool(size, share, run)


@contextmanager
def _ray(address: str | None, jobs: int, share: int) -> Iterator[Pool]:
    try:
        import ray
    except ImportError as error:
        raise InputError("backend='ray' needs Ray: pip install 'osrae[ray]'.") from error
    where: dict[str, Any] = {"num_cpus": jobs} if address is None else {"address": address}
    try:
        ray.init(log_to_driver=False, include_dashboard=False if address is None else None, **where)
    except (ConnectionError, ValueError) as error:
        raise InputError(
            f"No Ray cluster answers at {address}: {error}. Start one with `ray start --head`."
        ) from error
    try:
        # Ray starts the cell of a worker that is lost again.
        remote = ray.remote(num_cpus=1, max_retries=3)(run_patiently)

        def run(cell: dict[str, Any], folder: str | None, threads: int, unfinished: str) -> Outcome:
            return ray.get(remote.remote(cell, folder, threads))

        yield Pool(max(1, int(ray.cluster_resources().get("CPU", jobs))), share, run)
    finally:
        ray.shutdown()
