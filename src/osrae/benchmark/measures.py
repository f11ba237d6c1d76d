"""What is measured of a trained model: scores, its samples, its latent space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from osrae.benchmark.parts import Parts
from osrae.data.frames import take_rows
from osrae.errors import InputError
from osrae.evaluation.calibration import brier_score, expected_calibration_error
from osrae.evaluation.classification import confusion_table, per_class_table, summary
from osrae.evaluation.features import default_extractor
from osrae.evaluation.generation import compare_samples
from osrae.storage import finite

__all__ = [
    "makes_samples",
    "predictions",
    "score_samples",
    "score_test",
    "shown_latent",
    "shown_samples",
]

#: Generated and real test samples of each class that are compared (the paper's number).
_COMPARED = 800
#: Samples of a class that are kept to be looked at.
_SHOWN = 5
#: Test samples and mixtures of a class whose latent vectors are kept.
_LATENT, _MIXTURES = 50, 20


def predictions(model: Any, X: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return predicted labels (n,) and, of a model that gives any, probabilities (n, C).

    The model is asked once: some methods take long to answer.
    """
    if not hasattr(model, "predict_proba"):
        return np.asarray(model.predict(X)), None
    probabilities = np.asarray(model.predict_proba(X), dtype=np.float64)
    return model.classes_[probabilities.argmax(1)], probabilities


def score_test(
    y: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray | None, classes: np.ndarray
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Score what a classifier says of a test part.

    Parameters
    ----------
    y, predicted : ndarray of shape (n,)
    probabilities : ndarray of shape (n, C) or None
        Columns in the order of ``classes``.
    classes : ndarray of shape (C,)

    Returns
    -------
    scores : dict
        ``summary`` (scores of all classes), ``classes`` (one row each), ``confusion`` (rows are
        true classes).
    arrays : dict of str to ndarray
        ``true`` and ``predicted``, and ``probabilities`` where the model gives any.
    """
    arrays = {"true": np.asarray(y), "predicted": predicted}
    overall = summary(y, predicted, probabilities, classes)
    if probabilities is not None:
        arrays["probabilities"] = probabilities.astype(np.float16)
        overall["brier"] = brier_score(y, probabilities, classes)
        overall["ece"] = expected_calibration_error(y, probabilities, classes)
    table = per_class_table(y, predicted, probabilities, classes)
    confusion = confusion_table(y, predicted)
    scores = {
        "summary": finite(overall),
        "classes": _rows(table),
        "confusion": {
            "classes": [str(label) for label in confusion.index],
            "counts": confusion.to_numpy().tolist(),
        },
    }
    return scores, arrays


def score_samples(model: Any, parts: Parts, seed: int) -> dict[str, Any] | None:
    """Compare new pictures of every class with as many real ones of the balanced test part.

    None for tables, and for models that make no pictures.
    """
    if not parts.pictures or not makes_samples(model, parts.y[0]):
        return None
    X, y = parts.tests[parts.main_test]
    labels, counts = np.unique(y, return_counts=True)
    n = min(_COMPARED, int(counts.min()))
    real = np.concatenate([np.flatnonzero(y == label)[:n] for label in labels])
    made = np.concatenate([np.asarray(model.sample(n, label, seed)) for label in labels])
    extractor = default_extractor()
    compared = compare_samples(
        X[real], made, y[real], np.repeat(labels, n), extractor=extractor, random_state=seed
    )
    assert compared.per_class is not None
    assert compared.class_means is not None
    return {
        "extractor": compared.extractor,
        "samples_of_a_class": n,
        **compared.class_means,
        "frechet": compared.frechet,
        "kernel": compared.kernel,
        "classes": _rows(compared.per_class),
    }


def shown_samples(model: Any, parts: Parts, seed: int) -> dict[str, np.ndarray]:
    """Return new pictures of every class, and of each the nearest training picture of its class.

    Returns
    -------
    dict of str to ndarray of uint8
        ``made/CLASS`` and ``nearest/CLASS``; empty for tables, and for models that make none.
    """
    if not parts.pictures or not makes_samples(model, parts.y[0]):
        return {}
    arrays = {}
    for label in np.unique(parts.y):
        made = np.asarray(model.sample(_SHOWN, label, seed))
        own = parts.X[parts.y == label]
        search = NearestNeighbors(n_neighbors=1).fit(_flat(own))
        nearest = search.kneighbors(_flat(made), return_distance=False)[:, 0]
        arrays[f"made/{label}"], arrays[f"nearest/{label}"] = _bytes(made), _bytes(own[nearest])
    return arrays


def shown_latent(model: Any, parts: Parts, seed: int) -> dict[str, np.ndarray]:
    """Return latent vectors of test samples and of mixtures, of every class alike.

    Returns
    -------
    dict
        ``latent/z`` (n, m), ``latent/labels`` (n,), ``latent/mixture`` (n,): whether it is one;
        empty for models without such a space.
    """
    if not hasattr(model, "sample_latent") or not hasattr(model, "transform"):
        return {}
    X, y = parts.tests[parts.main_test]
    labels = np.unique(parts.y)
    rows = np.concatenate([np.flatnonzero(y == label)[:_LATENT] for label in labels])
    mixtures = [model.sample_latent(_MIXTURES, label, seed)[0] for label in labels]
    z = np.concatenate([model.transform(take_rows(X, rows)), *mixtures])
    mixed = np.repeat(labels, _MIXTURES)
    return {
        "latent/z": z.astype(np.float16),
        "latent/labels": np.concatenate([y[rows], mixed]).astype(str),
        "latent/mixture": np.arange(len(z)) >= len(rows),
    }


def makes_samples(model: Any, label: Any) -> bool:
    """Say whether a model makes samples; of pictures, GAMO makes features, and others nothing."""
    if not hasattr(model, "sample"):
        return False
    try:
        model.sample(1, label, 0)
    except InputError:
        return False
    return True


def _flat(pictures: np.ndarray) -> np.ndarray:
    return pictures.reshape(len(pictures), -1).astype(np.float32)


def _bytes(pictures: np.ndarray) -> np.ndarray:
    """Return pictures as uint8."""
    if pictures.dtype == np.uint8:
        return pictures
    return np.rint(255 * np.clip(pictures.astype(np.float64), 0, 1)).astype(np.uint8)


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table with a row for every class as plain values."""
    return [
        {"class": str(label), **finite(values)}
        for label, values in zip(table.index, table.to_dict("records"), strict=True)
    ]
