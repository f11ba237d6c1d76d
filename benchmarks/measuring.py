"""What the benchmarks share: the machine's limits, and counting what a piece of work needs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from osrae.benchmark.machine import machine, versions

_SIDE = 2048
_COPIED = 2**28


class Counter(TorchDispatchMode):
    """Counts the floating-point operations of products and convolutions, and bytes moved.

    Operations are counted by torch's own formulas, forward and backward alike. Bytes are those of
    every tensor that an operation reads or writes; views move none. Caches make the true number
    smaller, and workspaces larger.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operations = self.bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.operations += formula(*args, **(kwargs or {}), out_val=result)
        if not func.is_view:
            tensors = [t for t in tree_leaves((args, kwargs, result)) if torch.is_tensor(t)]
            self.bytes += sum(t.numel() * t.element_size() for t in tensors)
        return result


def best_seconds(work: Callable[[], object], repeats: int = 8, device: str = "cpu") -> float:
    """Return the shortest time of several runs, after two that do not count."""
    times = []
    for _ in range(repeats + 2):
        synchronise(device)
        started = time.perf_counter()
        work()
        synchronise(device)
        times.append(time.perf_counter() - started)
    return min(times[2:])


def synchronise(device: str) -> None:
    """Wait until the device has done what it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def ceilings(dtype: torch.dtype, device: str = "cpu") -> dict[str, float]:
    """Measure what the machine can do: a large product in ``dtype``, and a copy in memory.

    Returns
    -------
    dict
        ``operations_per_second`` and ``bytes_per_second`` (read and written).
    """
    left, right = (torch.randn(_SIDE, _SIDE, device=device).to(dtype) for _ in range(2))
    product = torch.empty_like(left)
    source = torch.zeros(_COPIED, dtype=torch.uint8, device=device)
    target = torch.zeros_like(source)
    operations = 2 * _SIDE**3 / best_seconds(lambda: torch.mm(left, right, out=product), 8, device)
    copied = 2 * _COPIED / best_seconds(lambda: target.copy_(source), 8, device)
    return {"operations_per_second": operations, "bytes_per_second": copied}


def in_child(script: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Run ``script --child ARGUMENTS`` in a process of its own, and return what it prints.

    Peak memory is that of the child, so that one measurement does not see another's.
    """
    done = subprocess.run(
        [sys.executable, script, "--child", json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{script} {arguments}: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def write(path: Path, result: dict[str, Any]) -> None:
    """Write a result as JSON, together with the machine and the libraries."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = {"machine": machine(), "versions": versions()}
    path.write_text(json.dumps({**made, **result}, indent=1) + "\n")
