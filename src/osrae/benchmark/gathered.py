"""Warnings of many methods and folds, gathered and told once at the end."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["GatheredWarnings"]

#: A number that is a word of its own, and no part of a name.
_NUMBER = re.compile(r"(?<![\w.-])\d+(?![\w-])")
#: Methods that are named in a warning.
_MOST_NAMED = 3


@dataclass
class _Told:
    """A warning, with those that differ from it in numbers alone."""

    message: str
    titles: dict[str, None] = field(default_factory=dict)
    messages: set[str] = field(default_factory=set)


class GatheredWarnings:
    """What would bury everything else if each fold of each method told it."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, type[Warning]], _Told] = {}

    @contextmanager
    def of(self, title: str) -> Iterator[None]:
        """Keep the warnings of a block, in which the method ``title`` is at work."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                yield
            finally:
                self._keep(title, caught)

    def _keep(self, title: str, caught: list[warnings.WarningMessage]) -> None:
        for one in caught:
            message = str(one.message)
            kind = _NUMBER.sub("#", message), one.category
            told = self._told.setdefault(kind, _Told(message))
            told.titles[title] = None
            told.messages.add(message)

    def tell(self, stacklevel: int) -> None:
        """Warn of each thing once: whom it is about, and an example where numbers differ."""
        for (_, category), told in self._told.items():
            named = list(told.titles)[:_MOST_NAMED]
            more = len(told.titles) - len(named)
            who = "; ".join(named) + (f"; and {more} more methods" if more else "")
            others = len(told.messages) - 1
            rest = f" (And {others} more, with other numbers.)" if others else ""
            warnings.warn(f"{who}: {told.message}{rest}", category, stacklevel=stacklevel + 1)
