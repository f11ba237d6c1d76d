"""Methods of packages that are installed beside osrae."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from osrae import methods
from osrae.methods import registry

#: A sampler without networks: new rows are copies of the first row of the class.
SAMPLER = """
import numpy as np
from osrae.methods.parameters import estimator
from osrae.methods.rows import RowOversampler


@estimator
class FirstRow(RowOversampler):
    '''Over-sampler that repeats the first row of a class.

    Parameters
    ----------
    {shared}
    '''

    _parameter_constraints = RowOversampler._parameter_constraints
    _fitted_arrays = ("firsts_",)

    def _resample_rows(self, rows, codes, n_new, rng, advance):
        self.firsts_ = np.stack([rows[codes == code][0] for code in range(len(n_new))])
        return np.repeat(self.firsts_, n_new, axis=0)

    def _sample_rows(self, n, code, rng):
        return np.repeat(self.firsts_[[code]], n, axis=0)
"""
ENTRY = """
from osrae import methods

FIRST_ROW = methods.MethodEntry(
    name="first-row", title="The first row again", kind="sampler", data=("pictures", "tables"),
    paper="none", home="{package}.sampler:FirstRow",
)
"""


def install(folder: Path, package: str, points: str) -> None:
    """Lay out what pip would: a package, and its metadata."""
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").write_text("")
    (folder / package / "sampler.py").write_text(SAMPLER)
    (folder / package / "entry.py").write_text(ENTRY.replace("{package}", package))
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[osrae.methods]\n{points}\n")


def osrae(folder: Path, *arguments: object, expect: int = 0) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [sys.executable, "-m", "osrae", *map(str, arguments)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder), "COLUMNS": "100"},
    )  # fmt: skip
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def fresh(monkeypatch):
    """A registry that has not looked for other packages yet, and whose changes end with a test."""
    monkeypatch.setattr(registry, "_METHODS", dict(registry._METHODS))
    monkeypatch.setattr(registry, "_looked_for_others", False)


def test_the_shell_knows_the_method_of_another_package(tmp_path):
    install(tmp_path / "site", "first_row", "first-row = first_row.entry:FIRST_ROW")
    assert "The first row again" in osrae(tmp_path / "site", "methods").stdout
    shown = osrae(tmp_path / "site", "methods", "first-row").stdout
    assert "first_row.sampler.FirstRow" in shown

    data = load_iris(as_frame=True)
    frame = data.frame.iloc[np.r_[0:50, 50:80]].rename(columns={"target": "kind"})
    frame.to_csv(tmp_path / "iris.csv", index=False)
    train = [tmp_path / "iris.csv", "--target", "kind", "--method", "first-row", "--quiet"]
    osrae(tmp_path / "site", "resample", *train, "-o", tmp_path / "more.csv")
    more = pd.read_csv(tmp_path / "more.csv")
    new = more[more["synthetic"]].drop(columns="synthetic")
    assert len(new) == 20
    np.testing.assert_allclose(new, np.repeat(frame[50:51].to_numpy(), 20, axis=0), atol=1e-5)

    osrae(tmp_path / "site", "fit", *train, "-o", tmp_path / "m", "--max-steps", "3")
    assert "FirstRow" in osrae(tmp_path / "site", "info", tmp_path / "m").stdout
    osrae(tmp_path / "site", "predict", tmp_path / "m", tmp_path / "iris.csv", "-o",
          tmp_path / "made.csv")  # fmt: skip
    said = osrae(tmp_path, "info", tmp_path / "m", expect=2).stderr
    assert "entry point" in said


def test_a_method_that_cannot_be_loaded_is_named_and_left_out(tmp_path, fresh, monkeypatch):
    points = "\n".join(
        [
            "gone = broken_package.nowhere:ENTRY",
            "no-entry = broken_package.sampler:FirstRow",
            "first-row = broken_package.entry:FIRST_ROW",
        ]
    )
    install(tmp_path, "broken_package", points)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(UserWarning, match="left out") as warned:
        names = [entry.name for entry in methods.available()]
    said = sorted(str(warning.message) for warning in warned)
    assert len(said) == 2
    assert "'gone' of broken_package (broken_package.nowhere:ENTRY)" in said[0]
    assert "No module named 'broken_package.nowhere'" in said[0]
    assert "'no-entry'" in said[1]
    assert "MethodEntry" in said[1]
    assert names[-1] == "first-row"
    assert methods.get("first-row").kind == "sampler"  # and no second warning


def test_a_package_may_not_take_the_name_of_another_method(tmp_path, fresh, monkeypatch):
    install(tmp_path, "namesake", "smote = namesake.entry:FIRST_ROW")
    entry = tmp_path / "namesake" / "entry.py"
    entry.write_text(entry.read_text().replace('"first-row"', '"smote"'))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(UserWarning, match="'smote' of namesake.*'smote' already"):
        assert methods.get("smote").title == "SMOTE"


def test_a_method_of_another_package_costs_nothing_before_it_is_used(tmp_path):
    install(tmp_path, "first_row", "first-row = first_row.entry:FIRST_ROW")
    code = (
        "import sys, osrae.methods; print('first_row.entry' in sys.modules);"
        "print(osrae.methods.available()[-1].name);"
        "print([name for name in ('torch', 'first_row.sampler') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.split("\n")[:3] == ["False", "first-row", "[]"]
