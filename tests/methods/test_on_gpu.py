"""Where there is a GPU: every deep method trains there, and its model means the same elsewhere."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_iris

from osrae import RAEClassifier, load
from osrae.methods import available, get
from osrae.methods.presets import PRESETS

from .deep_cases import StopAt

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
    pytest.mark.filterwarnings("ignore::osrae.DataWarning"),
]

DEEP = [entry for entry in available() if "max_steps" in entry.defaults]
ON_GPU = {"device": "cuda", "max_steps": 6, "random_state": 0}


def data_of(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Few rows, one class rare."""
    X, y = (
        load_digits(n_class=3, return_X_y=True)
        if kind == "pictures"
        else load_iris(return_X_y=True)
    )
    if kind == "pictures":
        X = (X.reshape(-1, 8, 8) * 15).astype(np.uint8)
    kept = np.concatenate([np.flatnonzero(y == c)[:n] for c, n in ((0, 40), (1, 30), (2, 12))])
    return X[kept], y[kept]


@pytest.mark.parametrize("kind", ["pictures", "tables"])
@pytest.mark.parametrize("entry", DEEP, ids=lambda entry: entry.name)
def test_methods_train_on_the_gpu_and_are_loaded_on_the_cpu(entry, kind, tmp_path):
    if kind not in entry.data:
        pytest.skip("not for such data")
    X, y = data_of(kind)
    model = entry.estimator(**ON_GPU)
    if entry.kind == "sampler":
        X_new, y_new = model.fit_resample(X, y)
        assert np.bincount(y_new).tolist() == [40, 40, 40]
        assert np.isfinite(np.asarray(X_new, dtype=float)).all()
    else:
        model.fit(X, y)
    model.save(tmp_path / "model")
    elsewhere = load(tmp_path / "model", device="cpu")
    if entry.kind == "classifier":
        # Convolutions of the GPU round to ten bits (TF32).
        ours, theirs = model.predict_proba(X), elsewhere.predict_proba(X)
        np.testing.assert_allclose(ours, theirs, atol=5e-3)
        assert np.isfinite(ours).all()
    if hasattr(model, "sample") and (entry.name, kind) != ("gamo", "pictures"):  # it makes features
        assert np.asarray(elsewhere.sample(4, 2, random_state=0)).shape == (4, *X.shape[1:])
        assert np.asarray(model.sample(4, 2, random_state=0)).shape == (4, *X.shape[1:])


def test_pickles_hold_nothing_that_is_on_the_gpu():
    model = RAEClassifier(**ON_GPU).fit(*data_of("tables"))  # encoders hold rows back
    assert b"cuda:" not in pickle.dumps(model)


@pytest.mark.parametrize(
    ("preset", "kind"), [(preset, kind) for preset, kinds in PRESETS.items() for kind in kinds]
)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_every_preset_of_rae_trains_on_the_gpu(preset, kind, precision):
    X, y = data_of(kind)
    model = RAEClassifier(**{**ON_GPU, "max_steps": 12}, preset=preset, precision=precision)
    assert np.isfinite(model.fit(X, y).predict_proba(X)).all()


@pytest.mark.parametrize(
    "loss", ["weighted", "focal", "class_balanced", "ldam", "logit_adjustment"]
)
@pytest.mark.parametrize("mixup", [None, "mixup", "remix", "cutmix"])
def test_every_loss_and_mixture_trains_on_the_gpu(loss, mixup):
    X, y = data_of("pictures")
    model = get("plain").estimator(**ON_GPU, loss=loss, mixup=mixup).fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_stopped_run_goes_on_where_it_was(tmp_path, monkeypatch):
    # By default sums on a GPU come in any order, and training carries the differences on.
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    X, y = data_of("pictures")
    options = {**ON_GPU, "max_steps": 20, "precision": "float32"}
    whole = RAEClassifier(**options).fit(X, y)
    folder = tmp_path / "run"
    RAEClassifier(**options, checkpoint_dir=folder, callbacks=[StopAt(9)]).fit(X, y)
    again = RAEClassifier(**options, checkpoint_dir=folder, resume=True).fit(X, y)
    np.testing.assert_allclose(again.predict_proba(X), whole.predict_proba(X), atol=1e-4)
