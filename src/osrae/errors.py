"""The errors and warnings of osrae.

Every message says what was found, what was expected and what to do.
"""

from functools import partial
from typing import Any

__all__ = [
    "DataWarning",
    "InputError",
    "ModelFileError",
    "OsraeError",
    "TrainingDivergedError",
]


class OsraeError(Exception):
    """Base of every error that osrae raises on purpose."""


class InputError(OsraeError, ValueError):
    """Data or a parameter that cannot be used as given."""


class ModelFileError(OsraeError, ValueError):
    """A folder that is no model, a damaged one, or one of a newer format version."""


class TrainingDivergedError(OsraeError, RuntimeError):
    """A loss became infinite or not a number during training.

    Attributes
    ----------
    network : str
        The network whose loss or weights were not finite first.
    step : int
        The training step (counted from 0).
    """

    def __init__(self, message: str, *, network: str, step: int) -> None:
        super().__init__(message)
        self.network = network
        self.step = step

    def __reduce__(self) -> tuple[Any, ...]:
        # Worker processes send errors back pickled, which keyword-only arguments do not survive.
        return partial(type(self), network=self.network, step=self.step), self.args


class DataWarning(UserWarning):
    """Data that is used after a documented treatment (for example an unseen category)."""
