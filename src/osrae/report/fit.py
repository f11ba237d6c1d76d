"""The report on a trained classifier."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from datetime import date
from inspect import signature
from typing import Any

import numpy as np
from sklearn.manifold import TSNE

from osrae.data.frames import column_names, n_rows, take_rows
from osrae.errors import InputError
from osrae.evaluation.calibration import expected_calibration_error, reliability_table
from osrae.methods.calibration import resolve_priors
from osrae.report.classes import (
    Results,
    class_numbers,
    confusion_items,
    count_table,
    recall_table,
    results,
)
from osrae.report.figures import latent_space, reliability, training_curves
from osrae.report.findings import highlights, lead
from osrae.report.page import (
    Code,
    Column,
    DataTable,
    Facts,
    Highlights,
    Item,
    Note,
    Page,
    Section,
)
from osrae.report.samples import generated_samples, sample_items
from osrae.storage import library_versions

__all__ = ["fit_report"]

#: Points in the picture of the latent space: samples, and mixtures of each class.
_MOST_POINTS, _MIXTURES = 900, 300


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
        *_latent(model, *drawn, random_state),
        *_samples(model, X_train, y_train, random_state),
        *(_calibration(model, X_test, found) if tested else []),
        *_training(model),
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


def _latent(model: Any, X: Any, y: Any, what: str, seed: int) -> Iterator[Section]:
    """What the model sees: samples and mixtures in the plane."""
    if not hasattr(model, "transform") or n_rows(X) < 4:
        return
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(n_rows(X))[:_MOST_POINTS])
    codes = class_numbers(y, model.classes_)[rows]
    z = [np.asarray(model.transform(take_rows(X, rows)))]
    if hasattr(model, "sample_latent"):
        each = max(3, min(_MIXTURES, len(rows)) // len(model.classes_))
        z += [model.sample_latent(each, label, seed)[0] for label in model.classes_]
        codes = np.concatenate([codes, np.repeat(np.arange(len(model.classes_)), each)])
    vectors = np.concatenate(z)
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    start = "pca" if vectors.shape[1] > 1 else "random"
    tsne = TSNE(init=start, perplexity=perplexity, random_state=seed)
    points = tsne.fit_transform(vectors)
    mixed = np.arange(len(points)) >= len(rows)
    yield Section(
        "Latent space",
        "What the classifier sees of the data. Each class should lie apart from the others.",
        [latent_space(points, codes, mixed, [str(label) for label in model.classes_], what)],
    )


def _samples(model: Any, X: Any, y: Any, seed: int) -> Iterator[Section]:
    if not hasattr(model, "sample"):
        return
    codes = class_numbers(y, model.classes_)
    try:
        found = generated_samples(model.sample, model.codec_, X, codes, model.classes_, seed)
    except InputError as error:
        items: list[Item] = [Note(f"This model makes no samples of its own. {error}")]
    else:
        names = column_names(X)
        items = sample_items(
            found, model.codec_, X, None if names is None else [str(name) for name in names]
        )
    yield Section(
        "New samples",
        "What the model makes of each class, beside the real training sample that it is nearest "
        "to. Samples that only repeat training samples would show here.",
        items,
    )


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


def _training(model: Any) -> Iterator[Section]:
    stages = {stage: part for stage, part in _stages(model).items() if hasattr(part, "history_")}
    galleries = {stage: training_curves(part.history_) for stage, part in stages.items()}
    for stage, gallery in galleries.items():
        if gallery.figures:
            steps = f"{stages[stage].n_steps_} steps were taken."
            yield Section(f"Training of the {stage}", steps, [gallery])


def _stages(model: Any) -> dict[str, Any]:
    stages = {stage: getattr(model, f"{stage}_", None) for stage in ("sampler", "classifier")}
    given = {stage: part for stage, part in stages.items() if part is not None}
    return given or {"model": model}


def _settings(model: Any, command: str) -> Section:
    """How it was made: the command, what was set, what followed from it, versions."""
    items: list[Item] = [Code(command, "The command that trains this model")] if command else []
    for stage, part in _stages(model).items():
        items.append(Facts([(stage, type(part).__name__), *_given(part)]))
        settings = getattr(getattr(part, "method_", None), "settings", None)
        if settings is not None:
            items.append(_all_settings(stage, settings))
    versions = ", ".join(f"{name} {number}" for name, number in library_versions().items())
    items.append(Facts([("versions", versions)]))
    return Section("How it was made", "", items)


def _given(estimator: Any) -> list[tuple[str, str]]:
    """The parameters that differ from the defaults."""
    defaults = {p.name: p.default for p in signature(type(estimator)).parameters.values()}
    return [
        (name, _value(value))
        for name, value in estimator.get_params(deep=False).items()
        if name not in ("checkpoint_dir", "resume", "verbose", "callbacks")
        and repr(value) != repr(defaults.get(name))
    ]


def _all_settings(stage: str, settings: Any) -> DataTable:
    rows = [(name, _value(value)) for name, value in dataclasses.asdict(settings).items()]
    return DataTable(
        f"All settings of the {stage}", [Column("setting"), Column("value")], rows, folded=True
    )


def _value(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
