"""Published tables of scores; each file names its source."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from osrae.evaluation.statistics import ScoreTable, score_table

HERE = Path(__file__).parent


def published(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / name, comment="#", index_col="dataset")


@pytest.fixture
def demsar() -> ScoreTable:
    return score_table(published("demsar_2006_table6.csv"))


@pytest.fixture
def demsar_printed(demsar) -> ScoreTable:
    """The ranks as table 6 prints them: voting's scores are tied only once they are rounded."""
    ranks = pd.DataFrame(demsar.ranks(), index=demsar.datasets, columns=demsar.methods)
    ranks.loc["voting", ["C4.5+cf", "C4.5+m+cf"]] = [2, 3]
    return score_table(ranks, higher_is_better=False)


@pytest.fixture
def garcia_herrera() -> ScoreTable:
    return score_table(published("garcia_herrera_2008.csv"))


@pytest.fixture
def benavoli() -> ScoreTable:
    return score_table(published("benavoli_2017_means.csv") / 100)


@pytest.fixture
def folds() -> pd.DataFrame:
    return pd.read_csv(HERE / "benavoli_2017_folds.csv", comment="#") / 100
