"""What stands in the places of a table: names, and the results that belong there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from osrae.benchmark.cells import Cell
from osrae.benchmark.grids import make_cells, read_grid
from osrae.benchmark.measured import Measured, Store
from osrae.benchmark.published import printed
from osrae.benchmark.tables.model import Style, Value
from osrae.errors import InputError

__all__ = [
    "DATA_TITLES",
    "METHOD_TITLES",
    "PERCENT",
    "PICTURES",
    "SCORE_TITLES",
    "TABLES",
    "TEN_AND_HAIR",
    "Found",
    "data_title",
    "find",
    "method_columns",
    "method_title",
    "ready_cells",
    "title_of",
    "value",
]

#: The five picture data sets that most tables are about, all seven, and the tables of numbers.
TEN_AND_HAIR = ("mnist", "fashion-mnist", "svhn", "cifar10", "celeba")
PICTURES = (*TEN_AND_HAIR, "cifar100", "imagenet-100")
TABLES = ("optdigits", "isolet", "webpage", "protein-homo")

DATA_TITLES: Mapping[str, str] = {
    "mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "svhn": "SVHN", "cifar10": "CIFAR-10",
    "celeba": "CelebA", "cifar100": "CIFAR-100", "imagenet-100": "ImageNet-100",
    "optdigits": "OPTICAL DIGITS", "isolet": "ISOLET", "webpage": "WEBPAGE",
    "protein-homo": "PROTEIN HOMO",
}  # fmt: skip
METHOD_TITLES: Mapping[str, str] = {
    "rae": "RAE", "deepsmote": "DeepSMOTE", "gamo": "GAMO", "gamo2pix": "GAMO2PIX",
    "bagan": "BAGAN", "dgc": "DGC", "smote": "SMOTE", "amdo": "AMDO", "mc-ccr": "MC-CCR",
    "mc-rbo": "MC-RBO", "rae-paper-encoder": "RAE, the paper's encoder",
    "rae-sampler": "RAE, as a sampler",
}  # fmt: skip
SCORE_TITLES: Mapping[str, str] = {
    "acsa": "ACSA", "f1": "F1", "gm": "GM", "recall_gm": "GM of recalls", "density": "density",
    "coverage": "coverage",
}  # fmt: skip

#: Scores between 0 and 1 that are printed in per cent.
PERCENT = Style(decimals=2, scale=100)

#: The method with the paper's encoder and without augmentation and averages, as the others are;
#: and making samples for the classifier that is behind theirs.
_VARIANTS = ("rae-paper-encoder", "rae-sampler")


@dataclass(frozen=True)
class Found:
    """What stands in a place of a table, and what more there is for it.

    Attributes
    ----------
    column : str
        How the table calls the method.
    data : str
    shown : Measured
    others : int
        How often the same was measured with other settings or budgets, which are not shown.
    """

    column: str
    data: str
    shown: Measured
    others: int


def data_title(name: str) -> str:
    """Return how a table calls a data set."""
    return DATA_TITLES.get(name, name)


def method_title(name: str) -> str:
    """Return how a table calls a method."""
    first, bracket, rest = name.partition(" ")
    return f"{METHOD_TITLES.get(first, first)}{bracket}{rest}"


def title_of(store: Store, method: str) -> str:
    """Return what results call a method that is named as they or as tables do.

    Raises
    ------
    InputError
        If there is no result of it.
    """
    there = sorted({title for data in store.data for title in store.titles(data)})
    for title in there:
        if method in (title, method_title(title)):
            return title
    raise InputError(f"There is no result of {method!r}; there are {', '.join(there)}.")


def method_columns(store: Store, data: Iterable[str], methods: Sequence[str]) -> list[str]:
    """Return the methods of a table, each with what there is of its variants behind it.

    These are its presets, and of the paper's own method the one with networks made equal to the
    others', and the one that makes samples for their classifier.
    """
    names = list(data)
    columns: list[str] = []
    for method in methods:
        variants = [*(_VARIANTS if method == "rae" else ()), *store.presets(method)]
        there = [v for v in variants if v not in methods and any(store.groups(d, v) for d in names)]
        columns += [method, *there]
    return columns


def ready_cells(grid: str, data: str) -> dict[str, Cell]:
    """Return a cell of each label of a ready grid, in its order; empty if it has not the data."""
    cells = [cell for block in read_grid(grid) for cell in make_cells(**block)]
    found: dict[str, Cell] = {}
    for cell in cells:
        if cell.data == data:
            found.setdefault(cell.label, cell)
    return found


def find(
    store: Store, data: str, name: str, *, test: str | None = None, like: Cell | None = None
) -> Found | None:
    """Return the results to show of a method on a data set: those with the largest budget.

    Parameters
    ----------
    store : Store
    data, name : str
        A data set, and the title of a method, see `Cell.title`.
    test : str or None
        Only results on this test part, or failed ones.
    like : Cell or None
        See `Store.groups`.
    """
    groups = [
        group
        for group in store.groups(data, name, like)
        if test is None or not group.whole or group.scores("acsa", test)
    ]
    if not groups:
        return None
    return Found(method_title(name), data, groups[0], sum(bool(g.whole) for g in groups[1:]))


def value(
    found: Found | None,
    style: Style,
    score: str,
    *,
    test: str | None = None,
    samples: bool = False,
    paper: tuple[int, str, str] | None = None,
) -> Value:
    """Return a score as a value of a table.

    Parameters
    ----------
    found : Found or None
    style : Style
    score : str
    test : str or None
        Test part; None is the main one.
    samples : bool
        Whether the score is one of the generated samples.
    paper : (table, data, method) or None
        Where the paper prints the score.
    """
    runs: list[float] = []
    if found is not None:
        shown = found.shown
        runs = shown.sample_scores(score) if samples else shown.scores(score, test)
    return Value(
        style,
        tuple(style.scale * run for run in runs),
        printed(paper[0], paper[1], "fid" if score == "frechet" else score, paper[2])
        if paper
        else None,
        failed=found is not None and not found.shown.whole and bool(found.shown.failed),
    )
