"""What estimators of deep methods share: data in, one training run, samples out, files."""

from __future__ import annotations

import dataclasses
import hashlib
import numbers
import warnings
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from osrae.data.codec import PictureCodec, TableCodec, fit_codec
from osrae.data.description import DataDescription
from osrae.data.samples import Rows, Samples
from osrae.errors import DataWarning, InputError
from osrae.methods.rae import RAE
from osrae.storage import jsonable
from osrae.training.batches import TrainingData
from osrae.training.callbacks import Callback, TrainingState
from osrae.training.device import inference_dtype, place, resolve_device, resolve_precision
from osrae.training.engine import EVALUATION_ROWS, RunSettings, train
from osrae.training.seeding import seeded_initialisation
from osrae.training.splitting import ValidationSplit, split_validation

__all__ = ["TRAINING_CONSTRAINTS", "DeepEstimator"]

#: Constraints of the parameters that every deep estimator has.
TRAINING_CONSTRAINTS: dict[str, list[Any]] = {
    "learning_rate": [Interval(numbers.Real, 0, None, closed="neither"), None],
    "weight_decay": [Interval(numbers.Real, 0, None, closed="left"), None],
    "batch_size": [Interval(numbers.Integral, 2, None, closed="left"), None],
    "max_steps": [Interval(numbers.Integral, 1, None, closed="left"), None],
    "validation_fraction": [Interval(numbers.Real, 0, 1, closed="left")],
    "patience": [Interval(numbers.Integral, 1, None, closed="left"), None],
    "warm_start": ["boolean"],
    "categorical_features": [StrOptions({"auto"}), "array-like"],
    "image_shape": ["array-like", None],
    "checkpoint_dir": [str, Path, None],
    "resume": ["boolean"],
    "callbacks": [list, tuple, None],
    "device": [str],
    "precision": [StrOptions({"auto", "float32", "bfloat16"})],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}

#: Rows of the history that a run leaves, about.
_EVALUATIONS = 40
#: Least time between two checkpoints.
CHECKPOINT_SECONDS = 30.0


class DeepEstimator(BaseEstimator):
    """Base of classifiers and samplers that train networks.

    A subclass says which network parameters its constructor has (``_setting_names``) and makes
    the method; this class reads the data, runs the engine, and keeps what came of it.
    """

    #: Constructor parameters that override the preset.
    _setting_names: ClassVar[tuple[str, ...]] = ()

    method_: RAE  #: The trained networks.
    codec_: TableCodec | PictureCodec  #: Translation between the user's data and the networks'.
    history_: list[dict[str, Any]]  #: One row per evaluation.
    n_steps_: int  #: Steps taken.
    seed_: int  #: The seed that decided everything.
    validation_indices_: np.ndarray  #: Rows held back from training.

    @abstractmethod
    def _make_method(self, description: DataDescription, n_classes: int, n_samples: int) -> RAE:
        """Build the networks for this data."""

    def _fit_networks(self, X: Any, classes: np.ndarray, codes: np.ndarray) -> TrainingState:
        """Train on checked data and set every fitted attribute but the sampler's own.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, once the model so far is in place.
        """
        device = resolve_device(self.device)
        warm = self.warm_start and hasattr(self, "method_")
        if warm:
            self._check_same_classes(classes)
        self.seed_ = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        if not warm:
            self.codec_ = fit_codec(X, self._image_shape(), self.categorical_features)
        with seeded_initialisation(self.seed_):
            method = self._make_method(self.codec_.description, len(classes), len(codes))
        if warm:
            _take_weights(method, self.method_)
        self.method_ = method
        self.classes_ = classes
        x = self.codec_.rows(X)
        split = self._split(codes)
        self.validation_indices_ = split.validation
        self.class_counts_ = np.bincount(codes)
        state = self._run(x, codes, split, device)
        self.method_.to(inference_dtype(device, self.codec_.description))
        self.history_, self.n_steps_ = state.history, state.step
        self._after_training(x, codes, split)
        if state.reason == "interrupt":
            raise KeyboardInterrupt
        return state

    def _run(
        self, x: Rows, codes: np.ndarray, split: ValidationSplit, device: torch.device
    ) -> TrainingState:
        method, settings = self.method_, self.method_.settings
        place(method, device, torch.float32)
        method.precision = resolve_precision(self.precision, device, self.codec_.description)
        data, held = (
            TrainingData(Samples(x, torch.from_numpy(part)), torch.from_numpy(codes[part]))
            for part in (split.train, split.validation)
        )
        max_steps = settings.resolve_steps(len(data))
        run = RunSettings(
            max_steps=max_steps,
            batch_size=settings.batch_size,
            evaluate_every=max(1, max_steps // _EVALUATIONS),
            patience=self.patience,
            seed=self.seed_,
            checkpoint_seconds=CHECKPOINT_SECONDS,
            checkpoint=None if self.checkpoint_dir is None else Path(self.checkpoint_dir),
            resume=self.resume,
            identity=self._identity(x, codes, max_steps),
        )
        state = train(method, data, held if len(held) else None, run, self._all_callbacks())
        method.optimizers = {}  # their moments are twice the size of the weights
        return state

    def _split(self, codes: np.ndarray) -> ValidationSplit:
        rng = np.random.default_rng([self.seed_, 1])
        split = split_validation(codes, self.validation_fraction, rng)
        counts = np.bincount(codes)
        single = self.classes_[counts == 1]
        if len(single):
            warnings.warn(
                f"Classes with one sample: {_listed(single)}. It is paired with itself, so no "
                "new sample of such a class can differ from it much.",
                DataWarning,
                stacklevel=2,
            )
        if self.validation_fraction and len(split.unvalidated):
            small = _listed(self.classes_[split.unvalidated])
            warnings.warn(
                f"Classes too small to hold a sample back for validation: {small}. They "
                "train whole, and the validation score does not see them.",
                DataWarning,
                stacklevel=2,
            )
        return split

    def _identity(self, x: Rows, codes: np.ndarray, max_steps: int) -> dict[str, Any]:
        """Say what two runs must share for one to go on from the other's checkpoint."""
        if self.checkpoint_dir is None:
            return {}
        digest = hashlib.blake2b(digest_size=16)
        for places in torch.arange(len(x)).split(EVALUATION_ROWS):
            digest.update(np.ascontiguousarray(x[places].numpy()).data)
        digest.update(np.ascontiguousarray(codes).data)
        settings = dataclasses.asdict(self.method_.settings)
        return {
            "data": digest.hexdigest(),
            "settings": jsonable(settings),
            "precision": str(self.method_.precision),
            "device": self.method_.device.type,
            "max_steps": max_steps,
            "seed": self.seed_,
            "validation_fraction": self.validation_fraction,
            "patience": self.patience,
        }

    def _all_callbacks(self) -> list[Callback]:
        callbacks = list(self.callbacks or ())
        if self.verbose:
            from osrae.training.progress import ProgressBar

            callbacks.append(ProgressBar())
        return callbacks

    @abstractmethod
    def _after_training(self, x: Rows, codes: np.ndarray, split: ValidationSplit) -> None:
        """Set ``bank_``, from which new samples are mixed."""

    def _image_shape(self) -> tuple[int, ...] | None:
        return None if self.image_shape is None else tuple(int(size) for size in self.image_shape)

    def _check_same_classes(self, classes: np.ndarray) -> None:
        if len(classes) != len(self.classes_) or (classes != self.classes_).any():
            raise InputError(
                f"warm_start=True goes on training for the classes {_listed(self.classes_)}, but y "
                f"holds {_listed(classes)}. Set warm_start=False to train afresh."
            )

    # ------------------------------------------------------------------ what comes of it

    def sample(
        self, n: int, label: Any, random_state: int | np.random.RandomState | None = None
    ) -> Any:
        """Make new samples of one class.

        Of a class that training made no new rows of, at most 1000 members, spread evenly, are
        mixed.

        Parameters
        ----------
        n : int
            How many, at least 1.
        label : label
            One of ``classes_``.
        random_state : int, RandomState or None, default=None
            Decides which samples; None gives other ones at each call.

        Returns
        -------
        X : same container as the training data
            ``n`` samples in the user's columns, or layout, dtype and range of pictures.

        Raises
        ------
        InputError
            If ``label`` is no class of the training data, or there is no decoder.
        """
        check_is_fitted(self, "bank_")
        self._check_decoder()
        blocks = self.bank_.decoded(self.method_, *self._wanted(n, label, random_state))
        return self.codec_.decode(np.concatenate([rows for rows, _, _ in blocks]))

    def sample_latent(
        self, n: int, label: Any, random_state: int | np.random.RandomState | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Make new latent vectors of one class: what `sample` decodes, from the same members.

        Parameters
        ----------
        n, label, random_state
            As for `sample`.

        Returns
        -------
        Z : ndarray of shape (n, m)
            Convex mixtures of latent vectors of training samples (Eq. 1).
        mixing_weights : ndarray of shape (n, t)
            The coefficients of each; rows sum to 1.
        parent_indices : ndarray of int, shape (n, t)
            Rows of the training data that each was mixed from.

        Raises
        ------
        InputError
            If ``label`` is no class of the training data.
        """
        check_is_fitted(self, "bank_")
        blocks = self.bank_.mixtures(self.method_, *self._wanted(n, label, random_state))
        z, parents, weights = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        return z, weights, parents

    def _wanted(self, n: int, label: Any, random_state: Any) -> tuple[np.ndarray, int]:
        """Return the class number of each sample asked for, and a seed."""
        code = self._code_of(label)
        if n < 1:
            raise InputError(f"n={n!r}: at least 1 sample must be asked for.")
        seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
        return np.full(n, code), seed

    def _check_decoder(self) -> None:
        if "decoder" not in self.method_.networks:
            raise InputError("decoder=False: this model has no decoder to make samples with.")

    def _code_of(self, label: Any) -> int:
        codes = [number for number, known in enumerate(self.classes_) if known == label]
        if not codes:
            raise InputError(
                f"label={label!r} is no class of the training data; there are "
                f"{_listed(self.classes_)}."
            )
        return codes[0]

    def __getstate__(self) -> dict[str, Any]:
        """Pickle with the networks on the CPU, so that a model trained on a GPU loads anywhere."""
        state = super().__getstate__().copy()
        if "method_" in state:
            state["method_"] = state["method_"].portable()
        return state

    def save(self, path: str | Path) -> None:
        """Write the model to a folder of safetensors and JSON files; loading runs no code of its.

        Parameters
        ----------
        path : str or Path
            A new folder, or one that holds an osrae model, which is replaced.

        Raises
        ------
        InputError
            If ``path`` holds something else, or cannot be written.
        """
        from osrae.methods.persistence import save_estimator

        check_is_fitted(self, "bank_")
        save_estimator(self, Path(path))

    @classmethod
    def load(cls, path: str | Path, device: str = "auto") -> Self:
        """Read a model that `save` wrote.

        Parameters
        ----------
        path : str or Path
        device : str, default="auto"
            Where it will run, whatever it was trained on.

        Raises
        ------
        ModelFileError
            If the folder holds no model, another kind of model, or a damaged one.
        """
        from osrae.methods.persistence import load_estimator

        return load_estimator(Path(path), device, expected=cls)


def _listed(classes: np.ndarray, most: int = 8) -> str:
    shown = ", ".join(str(label) for label in classes[:most])
    return shown if len(classes) <= most else f"{shown} and {len(classes) - most} more"


def _take_weights(method: RAE, trained: RAE) -> None:
    """Go on from the weights of ``trained``.

    Raises
    ------
    InputError
        If the networks differ in kind or size.
    """
    weights = trained.state_dict()
    shapes = {name: value.shape for name, value in weights.items()}
    if shapes != {name: value.shape for name, value in method.state_dict().items()}:
        raise InputError(
            "warm_start=True goes on with the networks of the fit before, but the parameters now "
            "ask for others. Set warm_start=False, or leave encoder, latent_dim, mixture_size, the "
            "switches and the preset as they were."
        )
    method.load_state_dict(weights)
