"""Over-sample, then train a classifier on the result: how samplers become classifiers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metaestimators import available_if
from torch import Tensor

from osrae.data.labels import class_numbers
from osrae.errors import InputError
from osrae.methods.base import Estimator
from osrae.methods.classifying import AccuracyMixin
from osrae.methods.deep import DeepEstimator
from osrae.methods.deep_classifier import DeepClassifier
from osrae.methods.foreign import foreign_path, read_foreign, write_foreign
from osrae.methods.generating import Generator
from osrae.methods.inputs import check_features, check_labels, told_classes
from osrae.methods.parameters import DataParameters, estimator
from osrae.methods.rows import encoded_rows

__all__ = ["TwoStageClassifier", "default_classifier"]


def default_classifier(**parameters: Any) -> DeepClassifier:
    """Return ResNet-18 for pictures and the network of Table 18 for tables.

    Plain cross-entropy, trained on everything that it is given, as published over-sampling methods
    are judged by it.
    """
    return DeepClassifier(**{"preset": "two-stage", "validation_fraction": 0.0, **parameters})


def _can(name: str) -> Any:
    return available_if(lambda self: hasattr(self._stage_two(), name))


@estimator
class TwoStageClassifier(AccuracyMixin, Estimator):
    """Classifier that is trained on over-sampled data.

    Parameters
    ----------
    sampler : over-sampler or None, default=None
        Of this library or of imbalanced-learn; None trains on the data as they are.
    classifier : classifier or None, default=None
        Any that scikit-learn knows; None is ResNet-18 for pictures, and the network of Table 18
        for tables, with plain cross-entropy.
    {shared}

    Attributes
    ----------
    {shared_attributes}
    sampler_ : over-sampler or None
        The sampler, trained.
    classifier_ : classifier
        The classifier, trained on the resampled data.

    Notes
    -----
    Samplers and classifiers of this library get the data as they are. Others get rows of numbers:
    columns standardised, categories as indicator columns, missing values filled in, pictures
    flattened. Both get your labels, so that strategies and class weights name classes as you do;
    only to others' parts, labels of mixed types, or of types but text, whole numbers and booleans,
    are the class numbers 0 … C-1 in the order of ``classes_``. ``random_state`` seeds those of the
    two that have none, and ``categorical_features`` and ``image_shape`` hold for those of this
    library that have none.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from osrae.methods.smote import SMOTEFamily
    >>> from osrae.methods.two_stage import TwoStageClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = TwoStageClassifier(sampler=SMOTEFamily(), classifier=LogisticRegression())
    >>> model.fit(X[:110], y[:110]).predict_proba(X[:2]).shape
    (2, 3)

    A search reaches into parts that are given; `default_classifier` makes what None stands for:

    >>> from sklearn.model_selection import GridSearchCV
    >>> from osrae.methods.two_stage import default_classifier
    >>> model = TwoStageClassifier(sampler=SMOTEFamily(), classifier=default_classifier())
    >>> grid = {"sampler__n_neighbors": [3, 5], "classifier__max_steps": [100, 200]}
    >>> search = GridSearchCV(model, grid, scoring="balanced_accuracy")
    """

    sampler: Any = None
    classifier: Any = None

    _fitted_mark: ClassVar[str] = "classifier_"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **DataParameters._parameter_constraints,
        "sampler": [HasMethods(["fit_resample"]), None],
        # Some show `predict` only once they are fitted.
        "classifier": [HasMethods(["fit"]), None],
    }

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any) -> Self:
        """Over-sample, and train the classifier on the result.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p), data frame, or pictures
        y : array-like of shape (n,)

        Returns
        -------
        self

        Raises
        ------
        InputError
            If ``classifier`` is none, or the data cannot be used; the message says what was found
            and what to do.
        """
        if not is_classifier(self._stage_two()):
            raise InputError(
                f"classifier={self.classifier!r} is no classifier: it predicts something else than "
                "classes. Use one, as LogisticRegression(), or None."
            )
        with self._whole_fit():
            self._fit(X, y)
        return self

    def _fit(self, X: Any, y: Any) -> None:
        X = check_features(self, X, reset=True)
        self.classes_, codes = check_labels(self, X, y)
        self.class_counts_ = np.bincount(codes)
        self._fit_codec(X)
        self.seed_ = self._new_seed()
        seeds = check_random_state(self.seed_).randint(np.iinfo(np.int32).max, size=2)
        sampler, of_sampler = self._own(self.sampler, seeds[0])
        classifier, of_classifier = self._own(self._stage_two(), seeds[1])
        self._unset = {"sampler": of_sampler, "classifier": of_classifier}
        self.sampler_, rows = sampler, X
        if sampler is not None:
            _announce("Sampler", sampler)
            told = self._told(sampler)
            rows, labels = sampler.fit_resample(self._for(sampler, X), told[codes])
            codes = class_numbers(labels, told)
        if sampler is None or isinstance(sampler, Estimator):
            rows = self._for(classifier, rows)
        elif isinstance(classifier, Estimator):
            rows = self.codec_.decode(_shaped(rows, self.codec_))
        _announce("Classifier", classifier)
        self.classifier_ = classifier.fit(rows, self._told(classifier)[codes])

    def _own(self, part: Any, seed: int) -> tuple[Any, dict[str, Any]]:
        """Copy a part, and tell it what it was not told itself: its seed, and how to read data.

        Returns the copy, and what the parameters are that it was told in the place of.
        """
        if part is None:
            return None, {}
        part = clone(part)
        told = {"random_state": int(seed)}
        if isinstance(part, Estimator):
            told |= {name: getattr(self, name) for name in ("categorical_features", "image_shape")}
            part._validate_params()  # now, and not once the sampler has been trained
        if isinstance(part, DeepEstimator):
            part._settings(self.codec_.description)
        given = part.get_params(deep=True)
        inner = [name for name in sorted(given) if name.endswith("__random_state")]
        seeds = check_random_state(seed).randint(np.iinfo(np.int32).max, size=len(inner))
        told |= dict(zip(inner, seeds.tolist(), strict=True))
        unset = {name: given[name] for name in told if name in given and _is_unset(given[name])}
        return part.set_params(**{name: told[name] for name in unset}), unset

    def _stage_two(self) -> Any:
        return default_classifier() if self.classifier is None else self.classifier

    def _for(self, part: Any, X: Any) -> Any:
        """Return the data as ``part`` takes them."""
        return X if isinstance(part, Estimator) else encoded_rows(self.codec_, X)

    def _told(self, part: Any) -> np.ndarray:
        """Return the classes as ``part`` is told of them."""
        return self.classes_ if isinstance(part, Estimator) else told_classes(self.classes_)

    def _answer(self, question: str, X: Any) -> np.ndarray:
        self._check_fitted()
        rows = self._for(self.classifier_, check_features(self, X, reset=False))
        return getattr(self.classifier_, question)(rows)

    def predict(self, X: Any) -> np.ndarray:
        """Return the class of every row.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of shape (n,)
        """
        labels = self._answer("predict", X)
        told = self._told(self.classifier_)
        return labels if told is self.classes_ else self.classes_[class_numbers(labels, told)]

    @_can("predict_proba")
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities, if the classifier has any.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of shape (n, C)
            Columns in the order of ``classes_``.
        """
        return self._answer("predict_proba", X)

    @_can("decision_function")
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the classifier's scores, if it has any.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of shape (n,) or (n, C)
        """
        return self._answer("decision_function", X)

    def sample(self, n: int, label: Any, random_state: Any = None) -> Any:
        """Make new samples of one class with the sampler, see its own `sample`.

        Raises
        ------
        InputError
            If there is no sampler of this library, or it cannot make them.
        """
        self._check_fitted()
        if not isinstance(self.sampler_, Generator):
            raise InputError(
                f"sampler={self.sampler!r} cannot make samples of one class; use one of osrae's."
            )
        return self.sampler_.sample(n, label, random_state)

    # ------------------------------------------------------------------ files

    def _write(self, folder: Path, notes: dict[str, Any] | None) -> None:
        from osrae.methods.persistence import write_estimator

        write_estimator(self, folder, notes)
        for name, part in self._parts().items():
            if isinstance(part, Estimator):
                (folder / name).mkdir()
                part._write(folder / name, None)
            else:
                write_foreign(part, foreign_path(folder, name))

    def _parts(self) -> dict[str, Any]:
        parts = {"sampler": self.sampler_, "classifier": self.classifier_}
        return {name: part for name, part in parts.items() if part is not None}

    def _state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        return {"parts": list(self._parts()), "unset": self._unset}, {}

    def _set_state(
        self, content: dict[str, Any], tensors: dict[str, Tensor], folder: Path, device: str
    ) -> None:
        from osrae.methods.persistence import load_estimator

        self.sampler_, self._unset = None, content["unset"]
        for name in content["parts"]:
            foreign = foreign_path(folder, name)
            part = (
                read_foreign(foreign) if foreign.exists() else load_estimator(folder / name, device)
            )
            setattr(self, f"{name}_", part)
            # What this model told its copy is not the parameter's value: it would be for ever.
            setattr(self, name, clone(part).set_params(**self._unset[name]))


def _announce(stage: str, part: Any) -> None:
    """Say whose progress follows, where the progress bar is, too."""
    if getattr(part, "verbose", 0):
        print(f"{stage}: {type(part).__name__}", file=sys.stderr)


def _shaped(rows: np.ndarray, codec: Any) -> np.ndarray:
    """Give rows that another library made the shape that the codec decodes."""
    return np.asarray(rows, dtype=np.float32).reshape(len(rows), *codec.description.shape)


def _is_unset(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value == "auto")
