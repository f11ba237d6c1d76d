"""What all over-samplers share: strategies, containers, labels, and the order of rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from numbers import Real
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_sampling_strategy, check_target_type
from imblearn.utils._validation import ArraysTransformer
from sklearn.base import _fit_context
from sklearn.preprocessing import label_binarize
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from osrae.data.codec import append_decoded
from osrae.data.frames import append_rows, is_polars, like_container, take_rows
from osrae.data.labels import label_array
from osrae.errors import InputError
from osrae.methods.generating import DeepGenerator, Generator
from osrae.methods.inputs import check_features, check_labels, told_classes
from osrae.methods.parameters import SamplingParameters, TrainingParameters

__all__ = ["DeepOversampler", "Oversampler"]


class Oversampler(SamplingParameters, Generator, BaseOverSampler):
    """Base of over-samplers, under imbalanced-learn's contract."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = BaseOverSampler._parameter_constraints

    #: Whether it may move or drop rows of ``X``; then `fit_resample` sets ``moved_mask_``, which
    #: rows of the result were moved, and ``kept_indices_``, which rows of ``X`` it begins with.
    cleans: ClassVar[bool] = False

    sampling_strategy_: dict[Any, int]  #: New samples by class.
    synthetic_mask_: np.ndarray  #: True for the new rows of the latest result.

    def _check_fitted(self) -> None:
        check_is_fitted(
            self,
            self._fitted_mark,
            msg="This %(name)s is not trained yet: call fit_resample; fit only checks the data.",
        )

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Check the data and work out how many samples each class needs, without training.

        What was trained before is forgotten.

        Parameters
        ----------
        X : as for `fit_resample`
        y : array-like of shape (n,)

        Returns
        -------
        self
        """
        with self._whole_fit():
            self._forget_fit()
            self._check(X, y)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Train, and return the data with new samples of the rarer classes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p), data frame, or pictures
        y : array-like of shape (n,)

        Returns
        -------
        X_resampled : same container as ``X``
            The rows of ``X``, first and unchanged, then the new ones, class by class. A sampler
            that ``cleans`` may move or drop rows of ``X``.
        y_resampled : same container as ``y``

        Raises
        ------
        InputError
            If the data or the sampling strategy cannot be used.
        TrainingDivergedError
            If a loss stops being finite.
        """
        with self._whole_fit():
            checked, labels, binarized = self._check(X, y)
            X_resampled, y_resampled = self._fit_resample(checked, labels)
        one_vs_all = self.classes_ if binarized else None
        return _like_samples(X, X_resampled), _like_labels(y, y_resampled, one_vs_all)

    @abstractmethod
    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        """Learn from checked data, and append new samples."""

    def _appended(
        self, X: Any, y: np.ndarray, blocks: Iterator[np.ndarray]
    ) -> tuple[Any, np.ndarray]:
        """Append new rows, which come in the order of `_wanted_codes`, and their labels."""
        wanted = self._wanted_codes()
        if len(wanted):
            X = append_decoded(self.codec_, X, blocks, len(wanted))
        self.synthetic_mask_ = np.arange(len(y) + len(wanted)) >= len(y)
        return X, np.concatenate([y, self.classes_[wanted].astype(y.dtype, copy=False)])

    def _wanted_codes(self) -> np.ndarray:
        """Return the class number of every new sample that the strategy asks for."""
        codes = [self._code_of(label) for label in self.sampling_strategy_]
        return np.repeat(codes, list(self.sampling_strategy_.values())).astype(np.int64)

    def _check(self, X: Any, y: Any) -> tuple[Any, np.ndarray, bool]:
        """Check the data and set ``sampling_strategy_``."""
        y, binarized = _one_vs_rest(y)
        labels = label_array(y)
        checked = check_features(self, X, reset=True)
        classes, codes = check_labels(self, checked, labels)
        self.sampling_strategy_ = self._resolve_strategy(labels, classes, codes)
        return checked, labels, binarized

    def _resolve_strategy(
        self, labels: np.ndarray, classes: np.ndarray, codes: np.ndarray
    ) -> dict[Any, int]:
        """Return the new samples by class; imbalanced-learn resolves text and numbers itself."""
        strategy = self.sampling_strategy
        strategy = strategy(labels) if callable(strategy) else strategy
        if isinstance(strategy, dict):
            strategy = {label: _whole(count, label) for label, count in strategy.items()}
        if told_classes(classes) is classes:
            return check_sampling_strategy(strategy, labels, self._sampling_type)
        numbers = {label: code for code, label in enumerate(classes)}
        if isinstance(strategy, dict):
            unknown = [label for label in strategy if label not in numbers]
            if unknown:
                raise InputError(
                    f"sampling_strategy names {unknown}, and y holds {list(numbers)} only."
                )
            strategy = {numbers[label]: count for label, count in strategy.items()}
        resolved = check_sampling_strategy(strategy, codes, self._sampling_type)
        return {classes[code]: count for code, count in resolved.items()}

    def _state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        content, tensors = super()._state()
        strategy = [[self._code_of(k), int(v)] for k, v in self.sampling_strategy_.items()]
        return content | {"sampling_strategy": strategy}, tensors

    def _set_state(
        self, content: dict[str, Any], tensors: dict[str, Tensor], folder: Path, device: str
    ) -> None:
        super()._set_state(content, tensors, folder, device)
        self.sampling_strategy_ = {
            self.classes_[code]: new for code, new in content["sampling_strategy"]
        }


class DeepOversampler(Oversampler, DeepGenerator):
    """Base of over-samplers that train networks."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Oversampler._parameter_constraints,
        **TrainingParameters._parameter_constraints,
    }

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        self._learn(X, *check_labels(self, X, y))
        return self._appended(X, y, self._rows_to_append(self._wanted_codes()))

    def _learn(self, X: Any, classes: np.ndarray, codes: np.ndarray) -> None:
        """Learn from checked data what `_new_rows` needs."""
        self._fit_networks(X, classes, codes)

    def _rows_to_append(self, wanted: np.ndarray) -> Iterator[np.ndarray]:
        """Make the rows that resampling adds, one for every class number in ``wanted``."""
        return self._new_rows(wanted, self.seed_)


def _whole(count: Any, label: Any) -> int:
    if not isinstance(count, Real) or isinstance(count, bool) or not float(count).is_integer():
        raise InputError(
            f"sampling_strategy asks for {count!r} rows of the class {label}; give a whole number, "
            "which is that of all its rows after resampling."
        )
    return int(float(count))


def _one_vs_rest(y: Any) -> tuple[Any, bool]:
    """Undo one-vs-rest indicator columns, and say whether there were any.

    Labels that imbalanced-learn does not know (torch, polars, objects) pass as an array.
    """
    if hasattr(y, "detach") or is_polars(y) or np.ndim(y) == 1:
        return label_array(y), False
    return check_target_type(y, indicate_one_vs_all=True)


def _like_samples(X: Any, resampled: Any) -> Any:
    """Return samples in the container of ``X``; pictures in a list may be arrays or tensors."""
    if isinstance(X, list) and resampled.ndim > 2:
        return [like_container(picture, X[0]) for picture in resampled]
    return like_container(resampled, X)


def _like_labels(y: Any, labels: np.ndarray, one_vs_all: np.ndarray | None) -> Any:
    """Return labels in the container of ``y``."""
    if one_vs_all is not None:
        labels = label_binarize(labels, classes=one_vs_all)
    if hasattr(y, "detach"):
        return append_rows(y[:0], labels.reshape(-1, *y.shape[1:]))
    if is_polars(y):
        return append_rows(take_rows(y, np.arange(0)), labels)
    _, restored = ArraysTransformer(np.empty((0, 1)), y).transform(np.empty((0, 1)), labels)
    return restored
