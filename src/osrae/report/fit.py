"""The report on a trained classifier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np

from osrae.data.frames import n_rows
from osrae.evaluation.calibration import expected_calibration_error, reliability_table
from osrae.methods.calibration import resolve_priors
from osrae.report.classes import (
    Results,
    confusion_items,
    count_table,
    recall_table,
    results,
)
from osrae.report.figures import reliability
from osrae.report.findings import highlights, lead
from osrae.report.model import (
    latent_sections,
    sample_sections,
    setting_items,
    training_sections,
)
from osrae.report.page import (
    Code,
    Facts,
    Highlights,
    Item,
    Page,
    Section,
)
from osrae.storage import library_versions

__all__ = ["fit_report"]


def fit_report(
    model: Any,
    X_train: Any,
    y_train: Any,
    X_test: Any = None,
    y_test: Any = None,
    *,
    others: Mapping[str, Any] | None = None,
    title: str = "",
    command: str = "",
    random_state: int = 0,
) -> Page:
    """Say what a trained classifier is worth, class by class, and show what it has learned.

    Parameters
    ----------
    model : fitted classifier
        Of this library, or any with ``classes_`` and `predict`. Curves, latent space, new samples
        and calibration are there if the model has them.
    X_train, y_train
        What it was trained on.
    X_test, y_test
        Held-out samples, which the scores are for; without them there are none.
    others : mapping of str to array-like, optional
        Predictions of other models for ``X_test``, by what these are called; the first is what
        the model is drawn against.
    title : str
        What the data is called.
    command : str
        The command that trains it, to be shown.
    random_state : int
        Decides which samples are drawn.

    Returns
    -------
    Page
        ``page.write("report.html")`` makes the file.

    Raises
    ------
    InputError
        If labels are none of the model's classes, or predictions do not fit the test samples.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae import RAEClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = RAEClassifier(max_steps=50, random_state=0).fit(X[:110], y[:110])
    >>> page = fit_report(model, X[:110], y[:110], X[110:], y[110:])
    >>> page.write("iris.html")  # doctest: +SKIP
    """
    tested = X_test is not None and n_rows(X_test) > 0
    predicted = model.predict(X_test) if tested else []
    found = results(
        model.classes_, y_train, y_test if tested else [], predicted, others or {} if tested else {}
    )
    name = _model_name(model)
    drawn = (X_test, y_test, "held-out samples") if tested else (X_train, y_train, "samples")
    sections = [
        _classes(found),
        *([Section("Confusions", "", confusion_items(found))] if tested else []),
        *latent_sections(model, *drawn, random_state),
        *sample_sections(model, X_train, y_train, random_state),
        *(_calibration(model, X_test, found) if tested else []),
        *training_sections(model),
        _settings(model, command),
    ]
    return Page(
        title or f"Report on a {name}",
        f"{name} · {_amounts(found)} · {date.today().isoformat()}",
        lead(found),
        sections,
        [Highlights(highlights(found))] if found.scored else [],
    )


def _model_name(model: Any) -> str:
    parts = [getattr(model, f"{stage}_", None) for stage in ("sampler", "classifier")]
    named = [type(part).__name__ for part in parts if part is not None]
    return " + ".join(named) or type(model).__name__


def _amounts(found: Results) -> str:
    text = f"{len(found.names)} classes, {int(found.counts.sum())} training samples"
    return f"{text}, {len(found.true)} held out" if found.scored else text


def _classes(found: Results) -> Section:
    if not found.scored:
        return Section("Classes", "", [count_table(found)])
    text = "The rarest classes stand last."
    if found.others:
        first = next(iter(found.others))
        text += f" The line leads from what the {first} recognises to what this model does."
    return Section("Classes", text, [recall_table(found)])


def _calibration(model: Any, X: Any, found: Results) -> Iterator[Section]:
    if not hasattr(model, "predict_proba"):
        return
    priors = getattr(model, "priors", None)
    own = priors is None or (isinstance(priors, str) and priors == "learned")
    weighted = not own and bool(found.held_out.all())
    stated = resolve_priors(priors, found.counts) if weighted else None
    judged = (
        "Held-out samples are weighted to the class frequencies that the model predicts for."
        if weighted
        else "Every held-out sample counts the same."
    )
    given = (found.true, model.predict_proba(X), np.arange(len(found.names)), stated)
    error = expected_calibration_error(*given)
    yield Section(
        "Calibration",
        "Whether its probabilities can be believed: how sure it was and how often it was right "
        f"differ by {100 * error:.1f} points on average (expected calibration error). {judged}",
        [reliability(reliability_table(*given, n_bins=10), error)],
    )


def _settings(model: Any, command: str) -> Section:
    """How it was made: the command, what was set, what followed from it, versions."""
    items: list[Item] = [Code(command, "The command that trains this model")] if command else []
    versions = ", ".join(f"{name} {number}" for name, number in library_versions().items())
    return Section(
        "How it was made", "", [*items, *setting_items(model), Facts([("versions", versions)])]
    )
