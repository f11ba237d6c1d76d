"""``osrae demo``: the main job on real data that comes with scikit-learn."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MinMaxScaler

from osrae import RAEClassifier, RAEOversampler
from osrae.cli.display import console, note, print_scores
from osrae.cli.runs import check_output_folder
from osrae.cli.scoring import plain_scores, scores
from osrae.data.folders import write_folder
from osrae.datasets import Split, load_split
from osrae.datasets.profiles import PAPER
from osrae.evaluation.plots import latent_space, project, sample_rows, training_curves
from osrae.methods.persistence import save_estimator
from osrae.storage import atomic_folder, explain_os_errors, write_header

#: Enough for 375 pictures; the default is meant for thousands.
_STEPS = 600
_RARE = (5, 6, 7, 8, 9)
_COUNTS = PAPER["digits"].train


def run(output: Path, seed: int) -> None:
    """Train, compare on the same split, and write model, data and pictures to ``output``."""
    check_output_folder(output, replace="demo")
    started = time.monotonic()
    digits = load_split("digits", seed=seed)
    settings: dict[str, Any] = {"max_steps": _STEPS, "random_state": seed, "verbose": 1}
    note(f"Digits, {len(digits.y_train)} for training: 120 zeros down to 4 nines.\n\n1/3 osrae")
    model = RAEClassifier(**settings).fit(digits.X_train, digits.y_train)
    note("2/3 the same network without oversampling")
    plain = RAEClassifier(**settings, oversampling=False, decoder=False)
    plain.fit(digits.X_train, digits.y_train)
    note("3/3 a balanced set of pictures")
    sampler = RAEOversampler(**settings)
    X, y = sampler.fit_resample(digits.X_train, digits.y_train)
    smote = _smote(seed).fit(_flat(digits.X_train), digits.y_train)
    X_test, y_test = digits.X_test_balanced, digits.y_test_balanced
    columns = {"osrae": scores(y_test, model.predict(X_test))}
    columns |= plain_scores(plain, X_test, y_test)
    columns["SMOTE + logistic regression"] = scores(y_test, smote.predict(_flat(X_test)))
    figures = {
        "training.png": training_curves(model.history_),
        "latent.png": _latent(model, digits, seed),
        "digits.png": _rows(sampler, digits, seed),
    }
    with explain_os_errors(output), atomic_folder(output, replace="demo") as folder:
        save_estimator(model, folder / "model", {"held_out": columns["osrae"]})
        write_folder(folder / "balanced", X, y.astype(str), synthetic=sampler.synthetic_mask_,
                     sources=None)  # fmt: skip
        for name, figure in figures.items():
            figure.savefig(folder / name)
        write_header(folder, "demo", {})
    counts = {str(digit): count for digit, count in enumerate(_COUNTS)}
    print_scores(counts, columns)
    console.print(_summary(output, time.monotonic() - started), markup=False)


def _smote(seed: int) -> Any:
    neighbours = min(5, min(_COUNTS) - 1)
    return make_pipeline(
        MinMaxScaler(),
        SMOTE(k_neighbors=neighbours, random_state=seed),
        LogisticRegression(max_iter=2000),
    )


def _flat(X: np.ndarray) -> np.ndarray:
    return X.reshape(len(X), -1)


def _latent(model: RAEClassifier, digits: Split, seed: int) -> Figure:
    """Test samples and mixtures of training samples in the latent space, by t-SNE."""
    wanted = np.repeat(np.arange(len(_COUNTS)), 20)
    mixtures = [model.sample_latent(20, label, seed + label)[0] for label in range(len(_COUNTS))]
    z = np.concatenate([model.transform(digits.X_test_balanced), *mixtures])
    points = project(z, seed)
    labels = np.concatenate([digits.y_test_balanced, wanted])
    synthetic = np.arange(len(z)) >= len(digits.y_test_balanced)
    return latent_space(points, labels, synthetic, dict(enumerate(_COUNTS)))


def _rows(sampler: RAEOversampler, digits: Split, seed: int) -> Figure:
    groups = [
        (f"{digit}  (n = {_COUNTS[digit]})", digits.X_train[digits.y_train == digit],
         sampler.sample(10, digit, random_state=seed))
        for digit in _RARE
    ]  # fmt: skip
    return sample_rows(groups)


def _summary(output: Path, seconds: float) -> str:
    return (
        f"\nIn {seconds:.0f} s, written to {output}/:\n"
        "  model/        osrae info and osrae predict read it\n"
        "  balanced/     pictures, as many of every class, and manifest.csv\n"
        "  digits.png    rare digits, real and generated\n"
        "  latent.png    the latent space\n"
        "  training.png  losses and validation ACSA"
    )
