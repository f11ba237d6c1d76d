"""``osrae fit``."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from osrae import RAEClassifier, TwoStageClassifier
from osrae.cli.display import console, note, print_scores
from osrae.cli.options import NOT_TO_SET, MethodOptions
from osrae.cli.runs import Stopped, check_output_folder, checkpoint_beside, keep_checkpoints
from osrae.cli.scoring import plain_predictions, scores
from osrae.cli.source import Source, read_source
from osrae.data.files import is_table
from osrae.data.frames import take_rows
from osrae.data.labels import encode_labels, label_array
from osrae.errors import InputError
from osrae.methods.base import Estimator
from osrae.methods.combination import classifier_behind, split_name
from osrae.methods.entries import MethodEntry
from osrae.methods.foreign import can_be_written
from osrae.methods.persistence import save_estimator
from osrae.methods.registry import get
from osrae.report.fit import fit_report
from osrae.report.render import check_report_path, write_report
from osrae.storage import finite
from osrae.training.checkpoint import has_checkpoint, remove_checkpoint
from osrae.training.splitting import split_validation

#: Parameters that say how the data is read, in both stages alike.
_OF_THE_DATA = {"categorical_features"}

#: What the baseline's predictions are called in sentences.
_IN_REPORTS = {
    "plain": "plain network",
    "plain, corrected": "plain network corrected for class frequencies",
}


@dataclass(frozen=True)
class _Parts:
    """Training and held-out rows."""

    X_train: Any
    y_train: np.ndarray
    X_test: Any
    y_test: np.ndarray


def run(
    data: Path,
    target: str | None,
    output: Path,
    size: tuple[int, int] | None,
    method: MethodOptions,
    test_fraction: float,
    baseline: bool,
    report: Path | None,
    resume: bool,
) -> None:
    """Train, save, score, train the baseline and write a report if asked for."""
    if not 0 <= test_fraction < 1:
        raise InputError(f"--test-fraction {test_fraction}: expected a number from 0 up to 1.")
    if baseline and test_fraction == 0:
        raise InputError("--baseline compares on held-out data; use a --test-fraction above 0.")
    check_output_folder(output, replace="model")
    if report is not None:
        check_report_path(report)
    checkpoints = {
        kind: checkpoint_beside(output, kind, resume)
        for kind in ("checkpoint", "sampler-checkpoint", "baseline-checkpoint")
    }
    _check_data(method.name, data)
    model = _model(method, checkpoints, resume)
    if baseline and not isinstance(model, RAEClassifier):
        raise InputError(
            f"--baseline is the network of rae without over-sampling; with --method {method.name}, "
            "train --method plain in a run of its own."
        )
    source = read_source(data, target, size)
    parts = _split(source, test_fraction, method.seed)
    notes: dict[str, Any] = {"target": target, "size": size}
    try:
        model.fit(parts.X_train, parts.y_train)
    except KeyboardInterrupt:
        raise _saved_so_far(model, output, checkpoints, notes) from None
    save_estimator(model, output, notes)  # before anything else can go wrong
    scored = len(parts.y_test) > 0
    predictions: dict[str, np.ndarray] = {}
    if scored:
        predictions[method.name] = model.predict(parts.X_test)
        held_out = scores(parts.y_test, predictions[method.name])
        save_estimator(model, output, {**notes, "held_out": finite(held_out)})
    if baseline and not scored:
        note("No class can spare a sample to hold out, so there is nothing to compare on.")
    if baseline and scored:
        predictions |= _baseline(model, checkpoints["baseline-checkpoint"], parts, output)
    for folder in checkpoints.values():
        remove_checkpoint(folder)
    _print(parts, predictions)
    console.print(f"Model: {output}", markup=False)
    if report is not None:
        others = {
            _IN_REPORTS[title]: made for title, made in predictions.items() if title in _IN_REPORTS
        }
        _write_report(report, model, parts, others, data.name, method.seed)
        console.print(f"Report: {report}", markup=False)


def _check_data(name: str, data: Path) -> None:
    """Refuse a method that does not take data of this kind."""
    kind = "tables" if is_table(data) else "pictures"
    takes = get(split_name(name)[0]).data
    if kind not in takes:
        raise InputError(
            f"--method {name} is for {' and '.join(takes)}, and {data} is read as {kind}; "
            "`osrae methods` lists what takes all data."
        )


def _model(method: MethodOptions, checkpoints: dict[str, Path], resume: bool) -> Any:
    """Make the classifier that the options name; a sampler gets one behind it.

    Raises
    ------
    InputError
        If there is no such method, or its models cannot be written.
    """
    first, behind = split_name(method.name)
    entry = get(first)
    classifier = _behind(entry, behind)
    settable = set() if classifier is None else _settable(classifier)
    model = entry.estimator(**method.parameters(entry, settable))
    places = {}
    if entry.kind == "sampler":
        places[checkpoints["sampler-checkpoint"]] = model
        model = TwoStageClassifier(
            sampler=model,
            categorical_features=method.categorical or "auto",
            random_state=method.seed,
        )
    if classifier is not None:
        model.classifier = classifier.set_params(**_of_the_classifier(method, classifier))
    last = model.classifier if isinstance(model, TwoStageClassifier) else model
    if not isinstance(last, Estimator) and not can_be_written(last):
        raise InputError(
            f"--method {method.name} ends in a {type(last).__name__} of {type(last).__module__}, "
            "which osrae does not write to disk; use it in Python: "
            f"osrae.methods.get({method.name!r}).estimator()."
        )
    keep_checkpoints(method.name, {**places, checkpoints["checkpoint"]: last}, resume)
    return model


def _behind(entry: MethodEntry, name: str) -> Any:
    """Return the untrained classifier behind a sampler; None if the method has none to be told."""
    if name and entry.kind != "sampler":
        raise InputError(f"--method {entry.name}+{name}: {entry.name} is no sampler.")
    if entry.kind != "sampler":
        made = entry.estimator()
        if not isinstance(made, TwoStageClassifier) or made.classifier is not None:
            return None
    return classifier_behind(name)


def _settable(classifier: Any) -> set[str]:
    """Return what the shell can set of the classifier behind a sampler."""
    return classifier.get_params(deep=False).keys() - NOT_TO_SET - _OF_THE_DATA


def _of_the_classifier(method: MethodOptions, classifier: Any) -> dict[str, Any]:
    """Return what it is told; other libraries' mean something else by ``verbose`` and the like."""
    known = classifier.get_params(deep=False).keys()
    if not isinstance(classifier, Estimator):
        known -= method.run().keys()
    return {name: value for name, value in method.second_stage().items() if name in known}


def _split(source: Source, fraction: float, seed: int) -> _Parts:
    """Hold out a share of every class that can spare it."""
    y = label_array(source.y)
    if len(y) != len(source.X):
        raise InputError(f"{len(source.X)} rows and {len(y)} labels: one label per row is needed.")
    classes, codes = encode_labels(y)
    split = split_validation(codes, fraction, np.random.default_rng([seed, 0]))
    if fraction and len(split.unvalidated):
        names = ", ".join(str(label) for label in classes[split.unvalidated])
        note(f"Too small to hold a sample out: {names}. They train whole and are not scored.")
    return _Parts(
        take_rows(source.X, split.train),
        y[split.train],
        take_rows(source.X, split.validation),
        y[split.validation],
    )


def _saved_so_far(
    model: Any, output: Path, checkpoints: dict[str, Path], notes: dict[str, Any]
) -> Stopped:
    """Save an interrupted model, if it has come to one."""
    resumable = any(has_checkpoint(folder) for folder in checkpoints.values())
    goes_on = " The same command with --resume goes on." if resumable else ""
    if not hasattr(model, "n_steps_"):
        return Stopped(f"Stopped before there was a model; nothing was written.{goes_on}")
    save_estimator(model, output, notes)
    return Stopped(f"Stopped at step {model.n_steps_}; the model so far is {output}.{goes_on}")


def _baseline(
    model: RAEClassifier, checkpoint: Path, parts: _Parts, output: Path
) -> dict[str, np.ndarray]:
    """Train the same network plainly; predict with it as it is and corrected for frequencies."""
    note("The same network without oversampling:")
    plain = clone(model).set_params(checkpoint_dir=checkpoint, oversampling=False, decoder=False)
    try:
        plain.fit(parts.X_train, parts.y_train)
    except KeyboardInterrupt:
        raise Stopped(
            f"Stopped; the model is {output}. The same command with --resume goes on with the "
            "baseline."
        ) from None
    return plain_predictions(plain, parts.X_test)


def _print(parts: _Parts, predictions: dict[str, np.ndarray]) -> None:
    labels, counts = np.unique(parts.y_train.astype(str), return_counts=True)
    columns = {title: scores(parts.y_test, made) for title, made in predictions.items()}
    print_scores(dict(zip(labels, counts, strict=True)), columns)


def _write_report(
    path: Path, model: Any, parts: _Parts, others: dict[str, np.ndarray], title: str, seed: int
) -> None:
    page = fit_report(
        model,
        parts.X_train,
        parts.y_train,
        parts.X_test,
        parts.y_test,
        others=others,
        title=title,
        command=shlex.join(["osrae", *sys.argv[1:]]),
        random_state=seed,
    )
    write_report(page, path)
