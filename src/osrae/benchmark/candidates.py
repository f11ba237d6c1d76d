"""The methods that are compared on a user's data."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from osrae.benchmark.cells import Cell
from osrae.benchmark.models import check_method, make_model
from osrae.data.description import DataKind
from osrae.errors import InputError
from osrae.methods import registry
from osrae.methods.combination import split_name

__all__ = ["ALWAYS", "SIMPLE", "Candidate", "candidates"]

#: What takes part in every comparison, without which nobody knows what a method is good for: from
#: the simplest to the least simple, those that are as simple as each other together.
SIMPLE: dict[DataKind, tuple[tuple[str, ...], ...]] = {
    "tables": (
        ("logistic-regression",),
        ("weighted-logistic-regression", "corrected-logistic-regression"),
        ("gradient-boosting",),
        ("weighted-gradient-boosting", "corrected-gradient-boosting"),
    ),
    "pictures": (("plain",), ("class-weights",), ("weighted-gradient-boosting",)),
}
ALWAYS: dict[DataKind, tuple[str, ...]] = {
    kind: tuple(itertools.chain(*groups)) for kind, groups in SIMPLE.items()
}
#: What comes next, before all others, as long as there is time.
_FIRST: dict[DataKind, tuple[str, ...]] = {
    "tables": (
        "rae",
        "rae-sampler+gradient-boosting",
        "smote+gradient-boosting",
        "smote+logistic-regression",
        "balanced-random-forest",
    ),
    "pictures": ("rae", "logit-adjustment", "balanced-sampling", "remix", "ldam-drw"),
}
#: No methods by themselves, or the same as another one here.
_NOT_ALONE = {"two-stage", "rae-sampler"}


@dataclass(frozen=True)
class Candidate:
    """A method in a comparison.

    Attributes
    ----------
    name : str
        Of the method, or ``"sampler+classifier"``.
    title : str
        For people.
    rank : int
        0 for what always takes part, 1 for what comes next or was chosen, 2 for all others.
    """

    name: str
    title: str
    rank: int

    def model(self, seed: int) -> Any:
        """Make the untrained classifier, as a user gets it."""
        return make_model(self._cell(seed))

    def _cell(self, seed: int) -> Cell:
        # A cell of cross-validation: its model may hold out a part of the training data.
        return Cell(data="yours", method=self.name, seed=seed, fold=0, folds=2)

    @property
    def trains_networks(self) -> bool:
        """Whether any part of it has a length of training."""
        model = self.model(0)
        parts = [getattr(model, name, None) for name in ("sampler", "classifier")]
        told = [p.get_params(deep=False) for p in (model, *parts) if hasattr(p, "get_params")]
        return any("max_steps" in parameters for parameters in told)

    def check(self, data: DataKind) -> None:
        """Refuse a method that does not exist or does not take such data."""
        check_method(self._cell(0), data)


def candidates(data: DataKind, methods: Sequence[str] | None = None) -> list[Candidate]:
    """Return the methods to compare, in the order in which they get their time.

    Parameters
    ----------
    data : {"pictures", "tables"}
    methods : sequence of str or None
        Chosen ones, beside those that always take part; None for all that take such data.

    Raises
    ------
    InputError
        If a chosen method does not exist or does not take such data.
    """
    always, first = ALWAYS[data], _FIRST[data]
    if methods is None:
        others = [e.name for e in registry.available(data=data) if e.name not in _NOT_ALONE]
        named = dict.fromkeys((*first, *others))
    else:
        for name in methods:
            if not isinstance(name, str):
                raise InputError(f"methods: {name!r} is no name of a method; expected text.")
        named = dict.fromkeys(methods)
    next_ones = first if methods is None else named
    rank = {**dict.fromkeys(named, 2), **dict.fromkeys(next_ones, 1), **dict.fromkeys(always, 0)}
    wanted = [*always, *(name for name in named if name not in always)]
    chosen = [Candidate(name, _title(name), rank[name]) for name in wanted]
    if methods is None:
        # Of all others, what is quick comes first: networks would use up its time.
        chosen.sort(key=lambda candidate: candidate.rank == 2 and candidate.trains_networks)
    for candidate in chosen:
        if candidate.rank:  # boosting takes part on pictures, too: on their pixels
            candidate.check(data)
    return chosen


def _title(name: str) -> str:
    first, second = split_name(name)
    if not second:
        entry = registry.get(first)
        return entry.title if entry.kind == "classifier" else f"{entry.title}, then a network"
    behind = registry.get(second).title
    return f"{registry.get(first).title}, then {behind[:1].lower()}{behind[1:]}"
