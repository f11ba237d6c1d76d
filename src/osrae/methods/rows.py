"""What over-samplers share that work on rows of numbers, without networks."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from osrae.data.codec import PictureCodec, TableCodec
from osrae.data.description import TableDescription
from osrae.data.frames import append_rows, n_rows, take_rows
from osrae.methods.inputs import check_labels
from osrae.methods.parameters import DataParameters, estimator
from osrae.methods.progress import Advance, shown, silent
from osrae.methods.resampling import Oversampler

__all__ = ["RowOversampler", "encoded_rows", "sources_of", "with_copies"]


def encoded_rows(codec: PictureCodec | TableCodec, X: Any) -> np.ndarray:
    """Return samples as rows of floating-point numbers ``(n, d)``.

    Numbers of a table are standardised and its categories become indicator columns; pictures are
    flattened to values in [0, 1].
    """
    rows = codec.encode(X)
    rows = rows.reshape(len(rows), -1)
    return rows.astype(np.float32) / np.float32(255) if rows.dtype == np.uint8 else rows


def sources_of(
    new: np.ndarray, new_codes: np.ndarray, rows: np.ndarray, codes: np.ndarray
) -> np.ndarray:
    """Return, for each new row, the number of the row of its class that it equals, or -1.

    Rows of a class that are equal among themselves (as they may be once encoded) take turns.

    Parameters
    ----------
    new : ndarray of shape (k, d)
    new_codes : ndarray of int, shape (k,)
        Class numbers.
    rows : ndarray of shape (n, d)
    codes : ndarray of int, shape (n,)

    Returns
    -------
    ndarray of int, shape (k,)
    """
    equal = defaultdict(list)
    for place, key in enumerate(_keys(rows, codes)):
        equal[key].append(place)
    turns = {key: cycle(places) for key, places in equal.items()}
    keys = _keys(new, new_codes)
    found = np.array([next(turns[key]) if key in turns else -1 for key in keys], dtype=np.int64)
    # Equal hashes alone do not make rows equal.
    return np.where((new == rows[found]).all(axis=1), found, -1)


def _keys(rows: np.ndarray, codes: np.ndarray) -> Iterator[tuple[int, int]]:
    return ((code, hash(row.tobytes())) for code, row in zip(codes.tolist(), rows, strict=True))


def with_copies(X_resampled: Any, X: Any, sources: np.ndarray) -> Any:
    """Put the user's own row wherever a new one equals it, up to the codec's rounding."""
    n_old, places = n_rows(X_resampled) - len(sources), np.flatnonzero(sources >= 0)
    if not len(places):
        return X_resampled
    if isinstance(X_resampled, np.ndarray):
        X_resampled[n_old + places] = X[sources[places]]
        return X_resampled
    new = take_rows(X_resampled, n_old + np.arange(len(sources)))
    order = np.arange(len(sources))
    order[places] = len(sources) + np.arange(len(places))
    new = take_rows(append_rows(new, take_rows(X, sources[places])), order)
    return append_rows(take_rows(X_resampled, np.arange(n_old)), new)


@estimator
class RowOversampler(Oversampler):
    """Base of over-samplers that work on rows of numbers."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Oversampler._parameter_constraints,
        **DataParameters._parameter_constraints,
        "verbose": ["verbose"],
    }
    verbose: int = 0

    #: Arrays that `_sample_rows` needs, part of a saved model.
    _fitted_arrays: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def _resample_rows(
        self,
        rows: np.ndarray,
        codes: np.ndarray,
        n_new: np.ndarray,
        rng: np.random.Generator,
        advance: Advance = silent,
    ) -> np.ndarray:
        """Learn from the data, and make the new rows that resampling adds.

        Parameters
        ----------
        rows : ndarray of shape (n, d)
        codes : ndarray of int, shape (n,)
            Class numbers.
        n_new : ndarray of int, shape (C,)
            New rows of each class.
        rng : numpy.random.Generator
        advance : callable
            Is told which share of the work is done.

        Returns
        -------
        ndarray of shape (n_new.sum(), d)
            Class by class, in the order of class numbers.
        """

    @abstractmethod
    def _sample_rows(self, n: int, code: int, rng: np.random.Generator) -> np.ndarray:
        """Make ``n`` further rows of one class, ``(n, d)``."""

    @property
    def _within_range(self) -> bool:
        """False: where a new or moved row lies, beyond all others even, is the method's to say."""
        return False

    @property
    def _table(self) -> TableDescription | None:
        """Where categories stand in encoded rows; None for pictures."""
        description = self.codec_.description
        return description if isinstance(description, TableDescription) else None

    def _learn(
        self, X: Any, classes: np.ndarray, codes: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Learn from checked data, and make the new rows that resampling adds.

        Returns them, and the `sources_of` them, class by class in the order of class numbers.
        """
        self._fit_codec(X)
        self.classes_, self.class_counts_ = classes, np.bincount(codes)
        self._warn_of_single_samples()
        seed = self._new_seed()
        n_new = np.bincount(self._wanted_codes(), minlength=len(classes))
        rng = np.random.default_rng([seed, 0])
        rows = encoded_rows(self.codec_, X)
        with shown(type(self).__name__, self.verbose) as advance:
            new = self._resample_rows(rows, codes, n_new, rng, advance)
        sources = sources_of(new, np.sort(self._wanted_codes()), rows, codes)
        self.seed_ = seed
        return new, sources

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        new, sources = self._learn(X, *check_labels(self, X, y))
        wanted = self._wanted_codes()
        # Rows come class by class in the order of numbers; wanted, in that of the strategy.
        order = np.argsort(np.argsort(wanted, kind="stable"))
        by_class = (order[wanted == code] for code in dict.fromkeys(wanted.tolist()))
        blocks = (self._shaped(new[places]) for places in by_class)
        X_resampled, y_resampled = self._appended(X, y, blocks)
        return with_copies(X_resampled, X, sources[order]), y_resampled

    def _new_rows(self, wanted: np.ndarray, seed: int) -> Iterator[np.ndarray]:
        rng = np.random.default_rng([seed, 1])
        for code, count in enumerate(np.bincount(wanted)):
            if count:
                yield self._shaped(self._sample_rows(int(count), code, rng))

    def _shaped(self, rows: np.ndarray) -> np.ndarray:
        """Give rows the shape that the codec decodes; pictures are clipped to [0, 1]."""
        rows = rows.reshape(len(rows), *self.codec_.description.shape).astype(np.float32)
        return rows if self._table is not None else rows.clip(0, 1)

    def _state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        arrays = {name: np.asarray(getattr(self, name)) for name in self._fitted_arrays}
        tensors = {f"fitted.{name}": torch.from_numpy(array) for name, array in arrays.items()}
        content, others = super()._state()
        return content, others | tensors

    def _set_state(
        self, content: dict[str, Any], tensors: dict[str, Tensor], folder: Path, device: str
    ) -> None:
        super()._set_state(content, tensors, folder, device)
        for name in self._fitted_arrays:
            setattr(self, name, tensors[f"fitted.{name}"].numpy())
