"""``osrae predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from osrae import load
from osrae.cli.display import console, score_line
from osrae.cli.runs import check_output_file
from osrae.data.codec import PictureCodec, TableCodec
from osrae.data.files import TABLE_SUFFIXES, is_table, read_table, write_table
from osrae.data.folders import read_folder
from osrae.errors import InputError
from osrae.evaluation.classification import summary
from osrae.methods.persistence import read_notes


def run(model_path: Path, data: Path, output: Path, priors: str | None, device: str) -> None:
    """Write the data's rows (or file names) with predictions beside them."""
    check_output_file(output, TABLE_SUFFIXES, data)
    model = load(model_path, device=device)
    if not is_classifier(model):
        raise InputError(f"{model_path} holds a {type(model).__name__}, which cannot predict.")
    if priors is not None:
        _state_priors(model, priors)
    notes = read_notes(model_path)
    pictures = isinstance(model.codec_, PictureCodec)
    X, rows, truth = _pictures(model, data, notes) if pictures else _table(model, data, notes)
    probabilities = model.predict_proba(X)
    predicted = model.classes_[probabilities.argmax(axis=1)]
    write_table(output, _with_predictions(rows, model.classes_, predicted, probabilities))
    if truth is not None:
        _print_scores(notes["target"], truth, model.classes_, predicted)
    console.print(f"{len(predicted)} predictions: {output}", markup=False)


def _print_scores(
    target: str, truth: np.ndarray, classes: np.ndarray, predicted: np.ndarray
) -> None:
    known = _known_as(classes, truth)
    strange = np.array([str(label) for label in truth])[known < 0]
    if len(strange) == len(truth):
        said = f"The column {target} holds none of the model's classes, so it is not scored."
        console.print(said, markup=False)
        return
    names = np.array([str(label) for label in classes], dtype=object)
    true = names[known]
    true[known < 0] = strange
    named = np.array([str(label) for label in predicted], dtype=object)
    console.print(score_line(f"against the column {target}", summary(true, named)))


def _known_as(classes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the place of each label among the classes, or -1; numbers count by their value."""
    for key in (_value, str):
        places = {key(label): place for place, label in enumerate(classes.tolist())}
        if len(places) == len(classes):
            break
    return np.array([places.get(key(label), -1) for label in labels.tolist()])


def _value(label: Any) -> Any:
    """Read 1, 1.0, "1" and True as the same: what a column is read as depends on its other rows."""
    text = str(label)
    try:
        return float({"True": "1", "False": "0"}.get(text, text))
    except ValueError:
        return text


def _state_priors(model: Any, priors: str) -> None:
    if priors not in ("balanced", "train"):
        raise InputError(f"--priors {priors}: expected balanced or train.")
    if "priors" not in model.get_params():
        raise InputError(
            f"--priors {priors}: a {type(model).__name__} predicts for the frequencies of what it "
            "was trained on; leave the option out."
        )
    model.priors = priors


def _table(
    model: Any, data: Path, notes: dict[str, Any]
) -> tuple[Any, pd.DataFrame, np.ndarray | None]:
    if not is_table(data):
        raise InputError(
            f"The model was trained on a table, and {data} is none (.csv, .tsv, .parquet)."
        )
    assert isinstance(model.codec_, TableCodec)
    frame = read_table(data, text=model.codec_.encoder.text_columns)
    target = notes.get("target")  # only of models that `osrae fit` trained
    rows = frame.drop(columns=[target] if target else [], errors="ignore")
    known = target in frame.columns and frame[target].notna().all()
    truth = frame[target].to_numpy() if known else None
    names = getattr(model, "feature_names_in_", None)
    if names is None:  # it was trained on an array
        return rows.to_numpy(), frame, truth
    return rows[list(names)] if set(rows.columns) == set(names) else rows, frame, truth


def _pictures(
    model: Any, data: Path, notes: dict[str, Any]
) -> tuple[np.ndarray, pd.DataFrame, None]:
    if is_table(data):
        raise InputError(f"The model was trained on pictures, and {data} is a table.")
    size = notes.get("size")
    size = size or model.codec_.description.shape[1:]
    folder = read_folder(data, size=tuple(size), labelled=False)
    channels = model.codec_.description.shape[0]
    return _with_channels(folder.pictures, channels), pd.DataFrame({"file": folder.files}), None


def _with_channels(pictures: np.ndarray, channels: int) -> np.ndarray:
    """Show grey pictures in colour, and opaque ones with opacity, where the model has these."""
    if pictures.ndim == 3 and channels > 1:
        pictures = np.repeat(pictures[..., None], 3, axis=-1)
    if pictures.ndim == 4 and pictures.shape[-1] == 3 and channels == 4:
        opaque = np.full((*pictures.shape[:-1], 1), 255, np.uint8)
        pictures = np.concatenate([pictures, opaque], axis=-1)
    return pictures


def _with_predictions(
    rows: pd.DataFrame, classes: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray
) -> pd.DataFrame:
    added = {"prediction": predicted}
    added |= {f"probability {label}": probabilities[:, code] for code, label in enumerate(classes)}
    taken = [name for name in added if name in rows.columns]
    if taken:
        raise InputError(
            f"The data has columns that predictions would be written to: {', '.join(taken)}. "
            "Rename or drop them."
        )
    return pd.concat([rows, pd.DataFrame(added, index=rows.index)], axis=1)
