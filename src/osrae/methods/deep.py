"""What estimators of deep methods share: one training run, and the networks' files."""

from __future__ import annotations

import dataclasses
import hashlib
import warnings
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from osrae.data.description import DataDescription
from osrae.data.samples import Rows, Samples
from osrae.errors import DataWarning, InputError
from osrae.methods.base import Estimator, listed
from osrae.methods.parameters import TrainingParameters
from osrae.methods.settings import Presets, Settings, resolve
from osrae.storage import jsonable, tensors_below, with_tuples
from osrae.training.batches import TrainingData
from osrae.training.callbacks import Callback, TrainingState
from osrae.training.device import inference_dtype, place, resolve_device, resolve_precision
from osrae.training.engine import EVALUATION_ROWS, RunSettings, train
from osrae.training.method import Method
from osrae.training.seeding import seeded_initialisation
from osrae.training.splitting import ValidationSplit, split_validation

__all__ = ["DeepEstimator"]

#: Least time between two checkpoints.
CHECKPOINT_SECONDS = 30.0


class DeepEstimator(TrainingParameters, Estimator):
    """Base of classifiers and samplers that train networks.

    A subclass names its method and presets; this class reads the data, runs the engine, and keeps
    what came of it.
    """

    _fitted_mark: ClassVar[str] = "history_"

    _method: ClassVar[type[Method]]
    _presets: ClassVar[Presets]
    #: Numbers that training sets, beside those of every estimator.
    _saved_numbers: ClassVar[tuple[str, ...]] = ()

    # Parameters of those estimators whose method has something to validate.
    validation_fraction: float = 0.0
    patience: int | None = None

    method_: Method  #: The trained networks.
    history_: list[dict[str, Any]]  #: One row per evaluation.
    n_steps_: int  #: Steps taken.
    validation_indices_: np.ndarray  #: Rows held back from training.

    def _settings(self, description: DataDescription) -> Settings:
        """Return the preset's settings, with the parameters that are given in place of its own."""
        return resolve(self._presets, self.preset, description, self._overrides())

    def _overrides(self) -> dict[str, Any]:
        """Return the parameters that are settings of the method, too."""
        names = {field.name for field in dataclasses.fields(self._settings_class())}
        return {name: v for name, v in self.get_params(deep=False).items() if name in names}

    @classmethod
    def _settings_class(cls) -> type[Settings]:
        variants = next(iter(cls._presets.values()))
        return type(next(iter(variants.values())))

    def _fit_networks(self, X: Any, classes: np.ndarray, codes: np.ndarray) -> TrainingState:
        """Train on checked data and set every fitted attribute but the sampler's own.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, once the model so far is in place.
        """
        device = resolve_device(self.device)
        trained = self.method_ if self.warm_start and hasattr(self, "method_") else None
        if trained is not None:
            self._check_same_classes(classes)
        self.seed_ = self._new_seed()
        if trained is None:
            self._fit_codec(X)
        self.classes_, self.class_counts_ = classes, np.bincount(codes)
        settings = self._settings(self.codec_.description)
        split = self._split(codes, settings.n_encoders)
        self.validation_indices_ = split.validation
        counts = torch.from_numpy(np.bincount(codes[split.train], minlength=len(classes)))
        self.method_ = self._make_method(counts, settings)
        if trained is not None:
            _take_weights(self.method_, trained)
        x = self.codec_.rows(X)
        shares = settings.n_encoders > 1 and len(split.validation) > 0
        held_by = _held_by(split, len(codes)) if shares else None
        data, held = (_part(x, codes, held_by, part) for part in (split.train, split.validation))
        state = self._run(data, held, device, self._identity(x, codes, trained is not None))
        self.method_.to(inference_dtype(device, self.codec_.description))
        with torch.inference_mode():
            self.method_.conclude(data)
        self._after_training(x, codes, split)
        self.history_, self.n_steps_ = state.history, state.step
        if state.reason == "interrupt":
            raise KeyboardInterrupt
        return state

    def _make_method(self, class_counts: Tensor, settings: Settings) -> Method:
        with seeded_initialisation(self.seed_):
            return self._method(self.codec_.description, class_counts, settings)

    def _run(
        self,
        data: TrainingData,
        held: TrainingData,
        device: torch.device,
        identity: dict[str, Any],
    ) -> TrainingState:
        method = self.method_
        place(method, device, torch.float32)
        method.precision = resolve_precision(self.precision, device, self.codec_.description)
        max_steps = method.settings.resolve_steps(len(data))
        if identity:
            identity |= {"precision": str(method.precision), "max_steps": max_steps}
        run = RunSettings(
            max_steps=max_steps,
            evaluate_every=max(1, max_steps // method.n_evaluations),
            patience=self.patience,
            seed=self.seed_,
            checkpoint_seconds=CHECKPOINT_SECONDS,
            checkpoint=None if self.checkpoint_dir is None else Path(self.checkpoint_dir),
            resume=self.resume,
            identity=identity,
        )
        state = train(method, data, held if len(held) else None, run, self._all_callbacks())
        method.optimizers = {}  # their moments are twice the size of the weights
        return state

    def _split(self, codes: np.ndarray, n_encoders: int) -> ValidationSplit:
        rng = np.random.default_rng([self.seed_, 1])
        split = split_validation(codes, self.validation_fraction, rng, n_encoders)
        self._warn_of_single_samples()
        if self.validation_fraction and len(split.unvalidated):
            small = listed(self.classes_[split.unvalidated])
            warnings.warn(
                f"Classes too small to hold a sample back for validation: {small}. They "
                "train whole, and the validation score does not see them.",
                DataWarning,
                stacklevel=2,
            )
        return split

    def _identity(self, x: Rows, codes: np.ndarray, warm: bool) -> dict[str, Any]:
        """Say what two runs must share for one to go on from the other's checkpoint."""
        if self.checkpoint_dir is None:
            return {}
        blocks = (x[places].numpy() for places in torch.arange(len(x)).split(EVALUATION_ROWS))
        identity = {
            "data": _digest(chain(blocks, [codes])),
            "method": type(self.method_).__name__,
            "settings": jsonable(dataclasses.asdict(self.method_.settings)),
            "device": resolve_device(self.device).type,
            "seed": self.seed_,
            "validation_fraction": self.validation_fraction,
            "patience": self.patience,
        }
        if warm:  # else seed and settings decide over the weights that training begins with
            weights = self.method_.state_dict().values()
            identity["weights to begin with"] = _digest(weight.numpy() for weight in weights)
        return identity

    def _all_callbacks(self) -> list[Callback]:
        callbacks = list(self.callbacks or ())
        if self.verbose:
            from osrae.training.progress import ProgressBar

            callbacks.append(ProgressBar())
        return callbacks

    def _after_training(self, x: Rows, codes: np.ndarray, split: ValidationSplit) -> None:
        """Set fitted attributes of a kind of estimator."""

    def _check_same_classes(self, classes: np.ndarray) -> None:
        if len(classes) != len(self.classes_) or (classes != self.classes_).any():
            raise InputError(
                f"warm_start=True goes on training for the classes {listed(self.classes_)}, but y "
                f"holds {listed(classes)}. Set warm_start=False to train afresh."
            )

    # ------------------------------------------------------------------ files

    def __getstate__(self) -> dict[str, Any]:
        """Pickle with the networks on the CPU, so that a model trained on a GPU loads anywhere."""
        state = super().__getstate__().copy()
        if "method_" in state:
            state["method_"] = state["method_"].portable()
        return state

    def _state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        method = self.method_
        content = {
            "settings": jsonable(dataclasses.asdict(method.settings)),
            "trained_class_counts": method.class_counts.tolist(),
            "history": self.history_,
            "n_steps": self.n_steps_,
            "fitted": {name: getattr(self, name) for name in self._saved_numbers},
        }
        # Results may be computed in float64, but what training leaves is float32.
        tensors = {
            f"method.{name}": value.float() if value.is_floating_point() else value
            for name, value in method.kept_tensors().items()
        }
        tensors["validation_indices"] = torch.from_numpy(self.validation_indices_)
        return content, tensors

    def _set_state(
        self, content: dict[str, Any], tensors: dict[str, Tensor], folder: Path, device: str
    ) -> None:
        settings = self._settings_class()(**with_tuples(content["settings"]))
        method = self._make_method(torch.tensor(content["trained_class_counts"]), settings)
        method.load_kept_tensors(tensors_below(tensors, "method"))
        target = resolve_device(device)
        place(method, target, inference_dtype(target, self.codec_.description))
        method.precision = resolve_precision(self.precision, target, self.codec_.description)
        self.method_ = method.eval()
        self.validation_indices_ = tensors["validation_indices"].numpy()
        self.history_, self.n_steps_ = content["history"], content["n_steps"]
        for name, value in content["fitted"].items():
            setattr(self, name, value)


def _digest(arrays: Iterable[np.ndarray]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _held_by(split: ValidationSplit, n: int) -> Tensor:
    """Return, for each of ``n`` rows, the encoder that holds it back, or -1."""
    held_by = torch.full((n,), -1, dtype=torch.int16)
    held_by[torch.from_numpy(split.validation)] = torch.from_numpy(split.held_by).short()
    return held_by


def _part(x: Rows, codes: np.ndarray, held_by: Tensor | None, rows: np.ndarray) -> TrainingData:
    places = torch.from_numpy(rows)
    own = None if held_by is None else held_by[places]
    return TrainingData(Samples(x, places), torch.from_numpy(codes[rows]), own)


def _take_weights(method: Method, trained: Method) -> None:
    """Go on from the weights of ``trained``; what belongs to its data stays behind.

    Raises
    ------
    InputError
        If the networks differ in kind or size.
    """
    own, theirs = method.state_dict(), trained.state_dict()
    networks = ("networks.", "averaged.")
    shapes, wanted = (
        {name: value.shape for name, value in state.items() if name.startswith(networks)}
        for state in (theirs, own)
    )
    if shapes != wanted:
        raise InputError(
            "warm_start=True goes on with the networks of the fit before, but the parameters or "
            "the data now ask for others. Set warm_start=False, or leave the preset and every "
            "parameter that decides over networks as they were."
        )
    taken = {
        name: value
        for name, value in theirs.items()
        if name != "class_counts" and own[name].shape == value.shape
    }
    method.load_state_dict({**own, **taken})
