"""Classifiers and samplers of scikit-learn and imbalanced-learn as files.

skops writes them without pickle: a file names the types of its objects, and only those that the
reader trusts are made. A file may have any trusted name called with arguments of its choice, so
names of functions, and of classes that do more than hold what they are given, are not trusted.
What trusted objects hold is not looked at: a tree made by an attacker can crash the process.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from osrae.errors import InputError, ModelFileError

__all__ = ["can_be_written", "foreign_path", "read_foreign", "write_foreign"]

#: Packages whose estimators are trusted, beside what skops trusts itself.
_PACKAGES = ("sklearn.", "imblearn.")
#: Modules whose own classes are trusted, too: what fitted estimators are made of.
_PARTS = frozenset(
    {
        "sklearn.calibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor",
        "sklearn.gaussian_process.kernels",
        "sklearn.metrics._dist_metrics",
        "sklearn.neighbors._ball_tree",
        "sklearn.neighbors._kd_tree",
        "sklearn.neural_network._stochastic_optimizers",
        "sklearn.tree._tree",
        "sklearn.utils._bunch",
    }
)
#: The one type of osrae's own that wraps theirs.
_OWN = "osrae.methods.prior_correction.PriorCorrectedClassifier"


def can_be_written(part: Any) -> bool:
    """Say, before it is trained, whether `write_foreign` takes an estimator."""
    return _is_trusted(f"{type(part).__module__}.{type(part).__qualname__}")


def foreign_path(folder: Path, name: str) -> Path:
    """Return where a part of a model lies that is another library's."""
    return folder / f"{name}.skops"


def write_foreign(part: Any, path: Path) -> None:
    """Write a fitted estimator of another library.

    Raises
    ------
    InputError
        If it is none of scikit-learn's or imbalanced-learn's, or holds objects that are not.
    """
    import skops.io

    content = b""
    if can_be_written(part):
        try:
            content = skops.io.dumps(part)
        except Exception as error:  # whatever an object inside cannot do
            raise InputError(
                f"This {type(part).__name__} cannot be written ({error}). Keep it with joblib."
            ) from error
    if not content or _strangers(content):
        raise InputError(
            f"{type(part).__module__}.{type(part).__name__} could only be written by pickle, which "
            "runs code when it is loaded: model files hold parts of osrae, scikit-learn and "
            "imbalanced-learn. Keep such a model with joblib."
        )
    path.write_bytes(content)


def read_foreign(path: Path) -> Any:
    """Read what `write_foreign` wrote.

    Raises
    ------
    ModelFileError
        If the file is damaged, or holds types that are not trusted.
    """
    import skops.io

    try:
        content = path.read_bytes()
        strangers = _strangers(content)
        if not strangers:
            return skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))
    except Exception as error:  # a damaged archive fails in many ways
        raise ModelFileError(
            f"{path} is damaged ({error}). Train or copy the model again."
        ) from error
    raise ModelFileError(
        f"{path} holds {', '.join(strangers)}, which osrae did not write and does not load."
    )


def _strangers(content: bytes) -> list[str]:
    """Return the types in a file that are not trusted."""
    import skops.io

    return [name for name in skops.io.get_untrusted_types(data=content) if not _is_trusted(name)]


def _is_trusted(name: str) -> bool:
    module, _, kind = name.rpartition(".")
    if name == _OWN:
        return True
    if not module.startswith(_PACKAGES):
        return False
    try:
        named = getattr(import_module(module), kind, None)
    except ImportError:
        return False
    if not inspect.isclass(named):
        return False
    return issubclass(named, BaseEstimator) or (module in _PARTS and named.__module__ == module)
