"""The tables of the paper."""

from __future__ import annotations

from functools import partial

from osrae.datasets import readers
from osrae.datasets.download import Remote
from osrae.datasets.registry import Entry, Layout

__all__ = ["TABLES"]

_UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases"
_UCI_LICENCE = "CC BY 4.0"
_ZENODO = Remote(
    "benchmark-imbalanced-learn.tar.gz",
    ("https://zenodo.org/record/61452/files/benchmark-imbalanced-learn.tar.gz",),
)
_ZENODO_MANUAL = (
    "Or call imblearn.datasets.fetch_datasets(), or put benchmark-imbalanced-learn.tar.gz from "
    "https://zenodo.org/record/61452 there."
)


def _zenodo(number: int) -> tuple[Layout, ...]:
    read = partial(readers.read_imblearn, number=number)
    title = "imbalanced-learn's benchmark"
    return (
        Layout(title, (f"x{number}data.npz",), read),
        Layout(f"{title}, packed", (_ZENODO.name,), read, unmistakable=True),
    )


def _openml(stem: str, minority: tuple[str, ...]) -> tuple[Layout, ...]:
    read = partial(readers.read_openml, target="class", minority=minority)
    return tuple(
        Layout("table of OpenML", (f"{stem}*.{suffix}",), read)
        for suffix in ("arff", "arff.gz", "pq", "parquet")
    )


TABLES = (
    Entry(
        name="optdigits",
        title="OPTICAL DIGITS",
        kind="table",
        shape=(64,),
        n_classes=2,
        n_samples=5620,
        citation="E. Alpaydin, C. Kaynak. Optical Recognition of Handwritten Digits. UCI Machine "
        "Learning Repository, 1998.",
        licence=_UCI_LICENCE,
        homepage="https://archive.ics.uci.edu/dataset/80",
        layouts=(
            Layout("files of UCI", ("optdigits.tra", "optdigits.tes"), readers.read_optdigits,
                   unmistakable=True),
            Layout("training file of UCI, and scikit-learn's digits", ("optdigits.tra",),
                   readers.read_optdigits, unmistakable=True),
            *_zenodo(2),
            *_openml("*optdigits", ("8",)),
        ),
        folders=("optdigits", "imbalanced-learn", "zenodo"),
        remotes=(
            Remote.at(f"{_UCI}/optdigits/optdigits.tra", "md5:268ce7771f3f15afbc54402478b1d454"),
            Remote.at(f"{_UCI}/optdigits/optdigits.tes", "md5:a0339c30a8a5312a1b6f9e5c719dcce5"),
        ),
        manual="Or unpack https://archive.ics.uci.edu/static/public/80/"
        "optical+recognition+of+handwritten+digits.zip there.",
    ),
    Entry(
        name="isolet",
        title="ISOLET",
        kind="table",
        shape=(617,),
        n_classes=2,
        n_samples=7797,
        citation="R. Cole, M. Fanty. ISOLET. UCI Machine Learning Repository, 1991.",
        licence=_UCI_LICENCE,
        homepage="https://archive.ics.uci.edu/dataset/54",
        layouts=(
            *_zenodo(9),
            Layout("files of UCI", ("isolet1+2+3+4.data", "isolet5.data"), readers.read_isolet,
                   unmistakable=True),
            *_openml("*isolet", ("1", "2")),
        ),
        folders=("imbalanced-learn", "isolet", "zenodo"),
        remotes=(_ZENODO,),
        manual=_ZENODO_MANUAL,
    ),
    Entry(
        name="webpage",
        title="WEBPAGE (w7a)",
        kind="table",
        shape=(300,),
        n_classes=2,
        n_samples=34_780,
        citation="J. C. Platt. Fast Training of Support Vector Machines Using Sequential Minimal "
        "Optimization. Advances in Kernel Methods, MIT Press, 1998.",
        licence="not stated by its authors",
        homepage="https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/binary.html#w7a",
        layouts=(
            *_zenodo(23),
            Layout("files of LIBSVM", ("w7a", "w7a.t"), readers.read_w7a, unmistakable=True,
                   note="49,749 rows; imbalanced-learn's release has 34,780 of them"),
            *_openml("*webdata_wXa", ("1",)),
        ),
        folders=("imbalanced-learn", "webpage", "zenodo"),
        remotes=(_ZENODO,),
        manual=_ZENODO_MANUAL,
    ),
    Entry(
        name="protein-homo",
        title="PROTEIN HOMO (KDD Cup 2004)",
        kind="table",
        shape=(74,),
        n_classes=2,
        n_samples=145_751,
        citation="R. Caruana, T. Joachims, L. Backstrom. KDD-Cup 2004: Results and Analysis. "
        "SIGKDD Explorations 6(2), 2004.",
        licence="not stated by its authors",
        homepage="https://www.kdd.org/kdd-cup/view/kdd-cup-2004",
        layouts=(
            *_zenodo(26),
            Layout("file of the KDD Cup", ("bio_train.dat",), readers.read_protein_homo,
                   unmistakable=True),
            Layout("archive of the KDD Cup", ("data_kddcup04.tar.gz",), readers.read_protein_homo,
                   unmistakable=True),
        ),
        folders=("imbalanced-learn", "protein-homo", "zenodo"),
        remotes=(_ZENODO,),
        manual=_ZENODO_MANUAL,
    ),
)  # fmt: skip
