"""Cells of a grid: one method on one data set with one seed, keyed by what decides its result."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from osrae.errors import InputError

__all__ = ["Cell"]

_KEY_LENGTH = 12
_MOST_SEED = 2**32 - 1  # of NumPy


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What is measured.

    Parameters
    ----------
    data : str
        A data set of `osrae.datasets.available`.
    method : str
        A method of `osrae.methods.available`; ``"sampler+classifier"`` puts a classifier of one's
        choice behind a sampler, as in ``"smote+gradient-boosting"``.
    preset : str, default="default"
    seed : int, default=0
        Draws the training part or the folds, and seeds the method.
    settings : mapping of str to Any
        Parameters of the method; those of the classifier behind a sampler begin with
        ``"classifier."``.
    core_minutes : float or None, default=None
        Processor time that training may take, about, in minutes of one core; None is as long as
        the preset says.
    fold, folds : int or None, default=None
        Which part is for the test, of how many of cross-validation; None for the data set's own
        test parts.
    label : str, default=""
        What tables call the method; without it, its name, preset and settings. Decides nothing.
    """

    data: str
    method: str
    preset: str = "default"
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    core_minutes: float | None = None
    fold: int | None = None
    folds: int | None = None
    label: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in ("data", "method", "preset", "label"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"{name}={getattr(self, name)!r}: expected text.")
        _check_settings(self.settings)
        for name, value in (("seed", self.seed), ("fold", self.fold or 0)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise InputError(f"{name}={value!r}: expected a whole number, at least 0.")
        if self.seed > _MOST_SEED:
            raise InputError(f"seed={self.seed}: expected a number from 0 to {_MOST_SEED}.")
        if self.core_minutes is not None:
            # A budget is the same one as 20 and as 20.0, and so is its key.
            object.__setattr__(self, "core_minutes", _minutes(self.core_minutes))
        if (self.fold is None) != (self.folds is None):
            raise InputError(f"fold={self.fold!r}, folds={self.folds!r}: give both or none.")
        if self.folds is not None and not (self.fold or 0) < self.folds >= 2:
            raise InputError(
                f"fold={self.fold!r} of folds={self.folds!r}: expected at least 2 folds, counted "
                "from 0."
            )

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Make the cell that `to_dict` described."""
        return cls(**content)

    def to_dict(self) -> dict[str, Any]:
        """Describe the cell in plain values."""
        return {**dataclasses.asdict(self), "settings": dict(self.settings)}

    @property
    def key(self) -> str:
        """Twelve hexadecimal digits that everything but the label decides."""
        content = self.to_dict() | {"settings": _as_floats(dict(self.settings))}
        del content["label"]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]

    @property
    def variant(self) -> str:
        """Text of all that decides a result but data, seed and fold."""
        settings = _as_floats(dict(self.settings))
        own = (self.method, self.preset, settings, self.core_minutes, self.folds)
        return json.dumps(own, sort_keys=True)

    @property
    def title(self) -> str:
        """What tables call the method."""
        if self.label:
            return self.label
        told = {} if self.preset == "default" else {"preset": self.preset}
        told |= self.settings
        given = ", ".join(f"{name}={_short(value)}" for name, value in sorted(told.items()))
        return f"{self.method} ({given})" if given else self.method

    def __str__(self) -> str:
        fold = "" if self.fold is None else f", fold {self.fold + 1} of {self.folds}"
        return f"{self.title} on {self.data}, seed {self.seed}{fold}"


def _minutes(value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and 0 < value < math.inf):
        raise InputError(f"core_minutes={value!r}: expected a number above 0, or none.")
    return float(value)


def _as_floats(value: Any) -> Any:
    """Write every number in one way: settings of 2 and of 2.0 are the same."""
    if isinstance(value, Mapping):
        return {name: _as_floats(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_floats(part) for part in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _check_settings(settings: Any) -> None:
    """Refuse settings that JSON, and so the file of a result, could not hold."""
    named = isinstance(settings, Mapping) and all(isinstance(name, str) for name in settings)
    try:
        if named:
            json.dumps(dict(settings), allow_nan=False)
            return
    except (TypeError, ValueError):
        pass
    raise InputError(
        f"settings={settings!r}: expected names, with numbers, text, lists or true and false."
    )


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
