"""New samples of one class, from any estimator that can make them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state

from osrae.errors import InputError
from osrae.methods.base import Estimator
from osrae.methods.deep import DeepEstimator
from osrae.training.device import autocast
from osrae.training.engine import EVALUATION_ROWS
from osrae.training.method import Generates
from osrae.training.seeding import fresh_generator

__all__ = ["DeepGenerator", "Generator"]


class Generator(Estimator):
    """An estimator that makes new samples."""

    @abstractmethod
    def _new_rows(self, wanted: np.ndarray, seed: int) -> Iterator[np.ndarray]:
        """Make one row, as the codec decodes it, for every class number in ``wanted``."""

    def sample(
        self, n: int, label: Any, random_state: int | np.random.RandomState | None = None
    ) -> Any:
        """Make new samples of one class.

        Parameters
        ----------
        n : int
            How many, at least 1.
        label : label
            One of ``classes_``.
        random_state : int, RandomState or None, default=None
            Decides which samples; None gives other ones at each call.

        Returns
        -------
        X : same container as the training data
            ``n`` samples in the user's columns, or layout, dtype and range of pictures.

        Raises
        ------
        InputError
            If ``n`` is no whole number above 0, ``label`` is no class of the training data, or the
            model cannot make samples.
        """
        self._check_fitted()
        self._check_generates()
        rows = list(self._new_rows(*self._wanted(n, label, random_state)))
        return self.codec_.decode(np.concatenate(rows))

    def _check_generates(self) -> None:
        """Raise `InputError` if this model cannot make samples."""

    def _wanted(self, n: int, label: Any, random_state: Any) -> tuple[np.ndarray, int]:
        """Return the class number of each sample asked for, and a seed."""
        code = self._code_of(label)
        if isinstance(n, bool) or not isinstance(n, Integral) or n < 1:
            raise InputError(f"n={n!r}: ask for a whole number of samples, at least 1.")
        seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
        return np.full(n, code), seed


class DeepGenerator(Generator, DeepEstimator):
    """A generator that asks its method for rows."""

    def _new_rows(self, wanted: np.ndarray, seed: int) -> Iterator[np.ndarray]:
        method = self.method_
        assert isinstance(method, Generates)
        generator = fresh_generator(seed, "sampling", device=method.device)
        for codes in torch.from_numpy(wanted).split(EVALUATION_ROWS):
            with torch.inference_mode(), autocast(method.device, method.precision):
                rows = method.generate(codes.to(method.device), generator)
            yield rows.float().cpu().numpy()
