"""A data set as its makers give it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Original"]


@dataclass(frozen=True)
class Original:
    """All samples of a data set, in the parts in which its makers give them.

    Attributes
    ----------
    X_train, y_train : ndarray
        Pictures of shape (n, h, w) or (n, h, w, c), uint8; or rows of shape (n, d), a data
        frame where columns have types; and the label of each.
    X_test, y_test : ndarray or None
        The same for the public test part; None for data that come in one part.
    class_names : tuple of str
        What the sorted labels mean; empty where the labels say it themselves.
    """

    X_train: Any
    y_train: np.ndarray
    X_test: Any = None
    y_test: np.ndarray | None = None
    class_names: tuple[str, ...] = ()
