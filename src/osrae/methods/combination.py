"""Names of two methods in one: a sampler, and the classifier of one's choice behind it."""

from __future__ import annotations

from typing import Any

from osrae.errors import InputError
from osrae.methods import registry
from osrae.methods.two_stage import TwoStageClassifier, default_classifier

__all__ = ["classifier_behind", "split_name"]


def split_name(method: str) -> tuple[str, str]:
    """Return the two names in ``"sampler+classifier"``; the second is empty in a single name.

    Raises
    ------
    InputError
        If nothing follows the plus sign.
    """
    first, plus, second = method.partition("+")
    if plus and not second:
        raise InputError(f"{method}: name a classifier behind the +, or leave it out.")
    return first, second


def classifier_behind(name: str) -> Any:
    """Return the untrained classifier of this name to put behind a sampler.

    Parameters
    ----------
    name : str
        A method; empty for `default_classifier`.

    Raises
    ------
    InputError
        If there is no such method, or it is a sampler.
    """
    if not name:
        return default_classifier()
    entry = registry.get(name)
    if entry.kind != "classifier":
        raise InputError(f"{name} is a sampler; behind a sampler goes a classifier.")
    made = entry.estimator()
    # Those of other libraries come wrapped to take any data; behind a sampler they are so anyway.
    return made.classifier if isinstance(made, TwoStageClassifier) else made
