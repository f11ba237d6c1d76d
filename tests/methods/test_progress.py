from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console
from sklearn.datasets import load_iris

from osrae import AMDO, MCCCR, MCRBO, SMOTEFamily
from osrae.methods import amdo_method
from osrae.methods.amdo_method import count_same_class
from osrae.methods.mc_ccr_method import CCRSettings, resample
from osrae.methods.mc_rbo_method import RadialWalk, oversample_classes
from osrae.methods.progress import part_of, shown

from .mc_ccr_cases import three_classes


def run(verbose: int, terminal: bool) -> str:
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=80, legacy_windows=False)
    with shown("MCRBO", verbose, console) as advance:
        advance(0.25)
        advance(0.5)
    return text.getvalue()


def test_a_terminal_shows_a_bar_and_a_log_file_one_line():
    shown_there = run(1, terminal=True)
    for part in ("MCRBO", "100%", "0:00:00"):
        assert part in shown_there
    assert run(1, terminal=False) == "MCRBO  0 s\n"
    assert run(0, terminal=True) == run(0, terminal=False) == ""


def test_a_part_of_the_work_ends_where_the_next_begins():
    told: list[float] = []
    for start, stop in ((0.0, 0.5), (0.5, 0.75)):
        part = part_of(told.append, start, stop)
        part(0.5)
        part(1.0)
    assert told == [0.25, 0.5, 0.625, 0.75]


def shares_of(method, monkeypatch) -> list[float]:
    rows, codes = three_classes()
    n_new, rng = 30 - np.bincount(codes), np.random.default_rng(0)
    told: list[float] = []
    if method is AMDO:
        monkeypatch.setattr(amdo_method, "_MEMBERS", 10)
        count_same_class(rows, codes, np.arange(len(rows)), 5, told.append)
    elif method is MCCCR:
        resample(rows, codes, n_new, CCRSettings(3.0), rng, told.append)
    else:
        walk = RadialWalk(gamma=1.0, step=0.01, n_steps=20)
        oversample_classes(rows, codes, n_new, walk, "sampling", rng, told.append)
    return told


@pytest.mark.parametrize("method", [AMDO, MCCCR, MCRBO])
def test_shares_of_the_work_rise_to_one(method, monkeypatch):
    told = shares_of(method, monkeypatch)
    assert len(told) >= 2
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] == pytest.approx(1)


@pytest.mark.parametrize("method", [AMDO, MCCCR, MCRBO, SMOTEFamily])
def test_verbose_says_who_works_and_changes_nothing(method, capsys):
    X, y = load_iris(return_X_y=True)
    quiet, _ = method(random_state=0).fit_resample(X[:110], y[:110])
    assert capsys.readouterr() == ("", "")
    told, _ = method(random_state=0, verbose=1).fit_resample(X[:110], y[:110])
    assert capsys.readouterr().err.startswith(f"{method.__name__}  ")
    np.testing.assert_array_equal(told, quiet)
