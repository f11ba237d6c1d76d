"""What all deep classifiers share: predictions for stated class frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_consistent_length

from osrae.data.labels import label_array
from osrae.data.samples import Rows, Samples
from osrae.methods.calibration import fit_temperature, resolve_priors
from osrae.methods.deep import DeepEstimator
from osrae.methods.inputs import check_features, check_labels
from osrae.methods.parameters import TrainingParameters, ValidationParameters, estimator
from osrae.training.engine import batched_logits
from osrae.training.method import Classifies
from osrae.training.splitting import ValidationSplit

__all__ = ["AccuracyMixin", "ClassifyingEstimator"]


@estimator
class _Parameters(ValidationParameters):
    priors: str | Sequence[float] = "balanced"


class AccuracyMixin(ClassifierMixin):
    """Accuracy of predictions of labels of any hashable sort."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy; see `osrae.evaluation` for what rare classes ask for.

        Parameters
        ----------
        X : as for `fit`
        y : array-like of shape (n,)
            Labels of any hashable sort.
        sample_weight : array-like of shape (n,) or None

        Returns
        -------
        float
            In [0, 1].
        """
        predicted, labels = self.predict(X), label_array(y)
        check_consistent_length(predicted, labels, sample_weight)
        correct = [bool(made == true) for made, true in zip(predicted, labels, strict=True)]
        return float(np.average(correct, weights=sample_weight))


class ClassifyingEstimator(AccuracyMixin, _Parameters, DeepEstimator):
    """Base of classifiers that train networks."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **TrainingParameters._parameter_constraints,
        **ValidationParameters._parameter_constraints,
        "priors": [StrOptions({"balanced", "train"}), "array-like"],
    }
    _saved_numbers: ClassVar[tuple[str, ...]] = ("temperature_",)

    temperature_: float  #: Divides the logits; fitted on the validation part.

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Train on a table or on pictures.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p), data frame, or pictures
            See the class's notes.
        y : array-like of shape (n,)
            Labels of any hashable sort.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the data cannot be used; the message says what was found and what to do.
        TrainingDivergedError
            If a loss stops being finite.
        """
        with self._whole_fit():
            X = check_features(self, X, reset=not (self.warm_start and hasattr(self, "method_")))
            classes, codes = check_labels(self, X, y)
            self._check_priors(np.bincount(codes))
            self._fit_networks(X, classes, codes)
        return self

    def _check_priors(self, counts: np.ndarray) -> None:
        resolve_priors(self.priors, counts)

    def _after_training(self, x: Rows, codes: np.ndarray, split: ValidationSplit) -> None:
        self.temperature_ = 1.0
        if len(split.validation):
            held_by = torch.from_numpy(split.held_by)
            logits = self._logits(Samples(x, torch.from_numpy(split.validation)), held_by)
            held = codes[split.validation]
            self.temperature_ = fit_temperature(logits, held, self._calibrated_priors())

    def _calibrated_priors(self) -> np.ndarray:
        """Class frequencies that probabilities are calibrated for, (C,), up to a factor."""
        return np.ones(len(self.classes_))

    def decision_function(self, X: Any) -> np.ndarray:
        """Return log-odds under the stated priors.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of shape (n,) or (n, C)
            For two classes the log-odds of ``classes_[1]``; otherwise a score per class.
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities, calibrated on held-out data, under the stated priors.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of shape (n, C)
            Columns in the order of ``classes_``.
        """
        return softmax(self._scores(X), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of every row under the stated priors.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of shape (n,)
        """
        codes = self._scores(X).argmax(axis=1)
        return self.classes_[codes]

    def _stated(self, logits: np.ndarray) -> np.ndarray:
        """Turn logits for equally common classes into scores under the stated priors."""
        return logits / self.temperature_ + np.log(resolve_priors(self.priors, self.class_counts_))

    def _scores(self, X: Any) -> np.ndarray:
        return self._stated(self._logits(self._samples(X)))

    def _logits(self, samples: Samples, held_by: torch.Tensor | None = None) -> np.ndarray:
        assert isinstance(self.method_, Classifies)
        return batched_logits(self.method_, samples, held_by).double().numpy()

    def _samples(self, X: Any) -> Samples:
        self._check_fitted()
        return Samples(self.codec_.rows(check_features(self, X, reset=False)))
