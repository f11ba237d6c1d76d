"""What all estimators share: the user's data and classes, and files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from osrae.data.codec import PictureCodec, TableCodec, fit_codec
from osrae.errors import DataWarning, InputError
from osrae.methods.parameters import DataParameters

__all__ = ["Estimator", "listed"]


class Estimator(DataParameters, BaseEstimator):
    """Base of classifiers and samplers, for tables and for pictures."""

    #: The attribute that the end of training sets.
    _fitted_mark: ClassVar[str] = "seed_"

    codec_: TableCodec | PictureCodec  #: Translation between the user's data and the method's.
    classes_: np.ndarray  #: The distinct labels, sorted.
    class_counts_: np.ndarray  #: Samples of each class in the training data.
    seed_: int  #: The seed that decided everything.

    @property
    def _within_range(self) -> bool:
        """Whether new numbers of a table are clipped to the range of their column."""
        return True

    def _fit_codec(self, X: Any) -> None:
        shape = None if self.image_shape is None else tuple(int(size) for size in self.image_shape)
        self.codec_ = fit_codec(X, shape, self.categorical_features, self._within_range)

    def _new_seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _check_fitted(self) -> None:
        check_is_fitted(self, self._fitted_mark)

    def _forget_fit(self) -> None:
        """Drop every fitted attribute."""
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)

    @contextmanager
    def _whole_fit(self) -> Iterator[None]:
        """Let a fit that fails leave the one before as it was.

        What is raised after training came to its end, as Ctrl-C is, leaves the model that there is.
        """
        before = self.__dict__.copy()
        self.__dict__.pop(self._fitted_mark, None)
        try:
            yield
        except BaseException:
            if not hasattr(self, self._fitted_mark):
                self._forget_fit()
                self.__dict__.update(before)
            raise

    def _code_of(self, label: Any) -> int:
        # A list is equal to a number of NumPy's element by element, which is no label's equality.
        same = [known == label for known in self.classes_]
        codes = [number for number, equal in enumerate(same) if np.ndim(equal) == 0 and equal]
        if not codes:
            raise InputError(
                f"label={label!r} is no class of the training data; there are "
                f"{listed(self.classes_)}."
            )
        return codes[0]

    def _warn_of_single_samples(self) -> None:
        single = self.classes_[self.class_counts_ == 1]
        if len(single):
            warnings.warn(
                f"Classes with one sample: {listed(single)}. Whatever is learned or made of such "
                "a class comes from that sample alone.",
                DataWarning,
                stacklevel=2,
            )

    def save(self, path: str | Path) -> None:
        """Write the model to a folder of safetensors and JSON files; loading runs no code of its.

        Parameters
        ----------
        path : str or Path
            A new folder, or one that holds an osrae model, which is replaced.

        Raises
        ------
        InputError
            If ``path`` holds something else, or cannot be written.
        """
        from osrae.methods.persistence import save_estimator

        self._check_fitted()
        save_estimator(self, Path(path))

    @classmethod
    def load(cls, path: str | Path, device: str = "auto") -> Self:
        """Read a model that `save` wrote.

        Parameters
        ----------
        path : str or Path
        device : str, default="auto"
            Where it will run, whatever it was trained on.

        Raises
        ------
        ModelFileError
            If the folder holds no model, another kind of model, or a damaged one.
        """
        from osrae.methods.persistence import load_estimator

        return load_estimator(Path(path), device, expected=cls)

    def _write(self, folder: Path, notes: dict[str, Any] | None) -> None:
        """Write all files into an existing folder."""
        from osrae.methods.persistence import write_estimator

        write_estimator(self, folder, notes)

    def _state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Return what a file holds beyond data format and classes: JSON values, and tensors."""
        return {}, {}

    def _set_state(
        self, content: dict[str, Any], tensors: dict[str, Tensor], folder: Path, device: str
    ) -> None:
        """Go back to what `_state` returned; ``folder`` is where it was read from."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.three_d_array = True
        return tags


def listed(classes: np.ndarray, most: int = 8) -> str:
    """Name the classes, the first ones if there are many."""
    shown = ", ".join(str(label) for label in classes[:most])
    return shown if len(classes) <= most else f"{shown} and {len(classes) - most} more"
