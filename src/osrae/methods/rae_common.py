"""What the method's classifier and its sampler have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import StrOptions
from torch import Tensor

from osrae.data.description import DataDescription
from osrae.errors import InputError
from osrae.methods.bank import LatentBank
from osrae.methods.generating import DeepGenerator
from osrae.methods.parameters import (
    TrainingParameters,
    ValidationParameters,
    estimator,
    positive,
    whole,
)
from osrae.methods.presets import PRESETS, RAESettings, preset_settings
from osrae.methods.rae import RAE
from osrae.methods.settings import Presets
from osrae.storage import tensors_below

__all__ = ["RAEEstimator"]


@estimator
class _Parameters(ValidationParameters, TrainingParameters):
    preset: str = "default"
    encoder: str | None = None
    latent_dim: int | None = None
    mixture_size: int | None = None
    mixing: str | float | Sequence[float] | None = None
    class_sampling: Literal["balanced", "instance", "deferred"] | None = None
    linear_classifier: bool = True
    critic_steps: int | None = None
    conditional_critic: bool | None = None
    weight_averaging: float | None = None
    augmentation: str | None = None
    weight_decay: float | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **TrainingParameters._parameter_constraints,
        **ValidationParameters._parameter_constraints,
        "preset": [StrOptions(set(PRESETS))],
        "encoder": [str, None],
        "latent_dim": [whole(1), None],
        "mixture_size": [whole(2), None],
        "mixing": [StrOptions({"mixer", "uniform"}), positive(), "array-like", None],
        "class_sampling": [StrOptions({"balanced", "instance", "deferred"}), None],
        "linear_classifier": ["boolean"],
        "critic_steps": [whole(1), None],
        "conditional_critic": ["boolean", None],
        "weight_averaging": [positive("left", 1), None],
        "augmentation": [str, None],
        "weight_decay": [positive("left"), None],
    }


class RAEEstimator(_Parameters, DeepGenerator):
    """How constructor parameters become networks, and latent vectors new samples."""

    _method = RAE
    _presets: ClassVar[Presets[RAESettings]] = PRESETS

    method_: RAE  #: The trained networks.
    bank_: LatentBank  #: What new samples are mixed from.

    def _settings(self, description: DataDescription) -> RAESettings:
        return preset_settings(self._presets, self.preset, description, self._overrides())

    def _new_rows(self, wanted: np.ndarray, seed: int) -> Iterator[np.ndarray]:
        for rows, _, _ in self.bank_.decoded(self.method_, wanted, seed):
            yield rows

    def sample_latent(
        self, n: int, label: Any, random_state: int | np.random.RandomState | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Make new latent vectors of one class: what `sample` decodes, from the same members.

        A sampler's new rows have, by default, details beside what is decoded. A classifier's
        latent vectors are mixtures of what its `transform` returns: where it classifies pictures
        with their mirror images, `sample` decodes those of the pictures alone.

        At most 1000 members of a class, spread evenly, are mixed.

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
        self._check_fitted()
        blocks = self.bank_.embedded_mixtures(self.method_, *self._wanted(n, label, random_state))
        z, parents, weights = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        return z, weights, parents

    def _check_generates(self) -> None:
        if "decoder" not in self.method_.networks:
            raise InputError("decoder=False: this model has no decoder to make samples with.")

    def _state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        content, tensors = super()._state()
        bank = self.bank_.tensors()
        return content, tensors | {f"bank.{name}": tensor for name, tensor in bank.items()}

    def _set_state(
        self, content: dict[str, Any], tensors: dict[str, Tensor], folder: Path, device: str
    ) -> None:
        super()._set_state(content, tensors, folder, device)
        self.bank_ = LatentBank(**tensors_below(tensors, "bank"))
