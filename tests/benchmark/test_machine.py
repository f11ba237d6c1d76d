import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from osrae import __version__
from osrae.benchmark import machine as module
from osrae.benchmark.machine import Meter, code_state, machine, peak_memory, versions


def test_a_meter_tells_waiting_from_working():
    with Meter() as waited:
        time.sleep(0.2)
    assert waited.wall_seconds >= 0.2
    assert waited.cpu_seconds < 0.15
    with Meter() as worked:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
    assert worked.cpu_seconds >= 0.2
    assert worked.to_dict()["cpu_seconds"] == worked.cpu_seconds


def counter(folder: Path, used: int, largest: int = 1000_000_000) -> None:
    package = folder / "intel-rapl:0"
    package.mkdir(exist_ok=True)
    (package / "energy_uj").write_text(f"{used}\n")
    (package / "max_energy_range_uj").write_text(f"{largest}\n")


@pytest.mark.parametrize(
    ("before", "after", "joules"), [(1_000_000, 4_000_000, 3.0), (999_000_000, 1_000_000, 2.0)]
)
def test_energy_is_read_where_the_system_allows_it(tmp_path, monkeypatch, before, after, joules):
    monkeypatch.setattr(module, "_ENERGY", tmp_path)
    counter(tmp_path, before)
    with Meter() as meter:
        counter(tmp_path, after)  # the second time past the end of the counter
    assert meter.energy_joules == pytest.approx(joules)


def test_energy_is_not_known_where_it_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_ENERGY", tmp_path / "none")
    with Meter() as meter:
        pass
    assert meter.energy_joules is None


def test_peak_memory_is_in_bytes():
    before = peak_memory()
    block = np.ones(60_000_000, dtype=np.uint8)
    assert block.sum() == 60_000_000
    assert before >= 20e6
    assert peak_memory() >= before


def test_what_a_result_was_made_with():
    assert versions()["osrae"] == __version__
    assert versions()["torch"]
    told = machine()
    assert told["cores"] >= told["threads"] >= 1
    assert told["processor"]


@pytest.fixture
def asked_first():
    """Ask for the state of the code as if for the first time."""
    code_state.cache_clear()
    yield
    code_state.cache_clear()


@pytest.mark.usefixtures("asked_first")
def test_no_checkout_has_no_code_state(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "machine.py"))
    assert code_state() is None


@pytest.mark.usefixtures("asked_first")
def test_a_foreign_repository_is_not_osraes(tmp_path, monkeypatch):
    for command in (["init", "-q"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q",
                                     "--allow-empty", "-m", "theirs"]):  # fmt: skip
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    installed = tmp_path / "machine.py"
    installed.write_text("")
    monkeypatch.setattr(module, "__file__", str(installed))
    assert code_state() is None
