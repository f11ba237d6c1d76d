"""What a result was made with: machine, versions, state of the code; and what it needed."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from osrae.storage import library_versions

__all__ = ["Meter", "code_state", "machine", "machine_text", "peak_memory", "versions"]

#: Libraries that decide results beside those that a model file names.
_ALSO = ("scipy", "imbalanced-learn", "pandas")
_ENERGY = Path("/sys/class/powercap")
_KILOBYTE = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in


def machine() -> dict[str, Any]:
    """Describe the machine and how much of it this process uses."""
    import torch

    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "system": platform.platform(),
    }


def machine_text(told: Mapping[str, Any]) -> str:
    """Say in words what `machine` returned."""
    gpu = f", {told['gpu']}" if told["gpu"] else ""
    return f"{told['processor']}, {told['threads']} of {told['cores']} cores{gpu}"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that decide results."""
    return {**library_versions(), **{name: version(name) for name in _ALSO}}


@cache
def code_state() -> str | None:
    """Return the commit of the checkout that osrae runs from, with "-dirty" if it was changed.

    None if it runs from no checkout: installed in a folder of somebody's own repository, it is
    none of that. It is what it was when first asked for.
    """
    if _git("ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None
    return _git("describe", "--always", "--dirty") or None


def _git(*arguments: str) -> str | None:
    """Return what git says in the folder of this file; None if it fails."""
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def peak_memory() -> int:
    """Return the most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTE


class Meter:
    """Measures a piece of work: ``with Meter() as meter: …``, and up to where `read` is called.

    Attributes
    ----------
    wall_seconds, cpu_seconds : float
        By the clock, and of all cores together.
    energy_joules : float or None
        Of all processors of the machine, other work on it included, where the system lets this
        process read them (Linux's powercap); None elsewhere.
    """

    wall_seconds: float
    cpu_seconds: float
    energy_joules: float | None

    def __enter__(self) -> Self:
        self._energy = _energy_counters()
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *failure: object) -> None:
        self.read()

    def read(self) -> None:
        """Measure up to now."""
        self.wall_seconds = time.perf_counter() - self._wall
        self.cpu_seconds = time.process_time() - self._cpu
        self.energy_joules = _spent(self._energy, _energy_counters())

    def to_dict(self) -> dict[str, float | None]:
        """Return what was measured."""
        return {
            "wall_seconds": self.wall_seconds,
            "cpu_seconds": self.cpu_seconds,
            "energy_joules": self.energy_joules,
        }


def _energy_counters() -> dict[Path, tuple[int, int]]:
    """Return, for every processor package that can be read, microjoules and where they wrap."""
    counters = {}
    for folder in _ENERGY.glob("intel-rapl:[0-9]"):
        try:
            used = int((folder / "energy_uj").read_text())
            counters[folder] = (used, int((folder / "max_energy_range_uj").read_text()))
        except (OSError, ValueError):  # since 2020 the counter is for root alone on most systems
            continue
    return counters


def _spent(before: dict[Path, tuple[int, int]], after: dict[Path, tuple[int, int]]) -> float | None:
    common = before.keys() & after.keys()
    if not common:
        return None
    return sum((after[p][0] - before[p][0]) % max(after[p][1], 1) for p in common) / 1e6
