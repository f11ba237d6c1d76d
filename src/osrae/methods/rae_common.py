"""What the method's classifier and its sampler have in common."""

from __future__ import annotations

import numbers
from typing import Any, ClassVar

from sklearn.utils._param_validation import Interval, StrOptions

from osrae.data.description import DataDescription
from osrae.methods.base import DeepEstimator
from osrae.methods.presets import PRESETS, preset_settings
from osrae.methods.rae import RAE

__all__ = ["SETTING_CONSTRAINTS", "RAEEstimator"]

#: Constraints of the parameters that override a preset.
SETTING_CONSTRAINTS: dict[str, list[Any]] = {
    "preset": [StrOptions(set(PRESETS))],
    "encoder": [str, None],
    "latent_dim": [Interval(numbers.Integral, 1, None, closed="left"), None],
    "mixture_size": [Interval(numbers.Integral, 2, None, closed="left"), None],
    "mixing": [
        StrOptions({"mixer", "uniform"}),
        Interval(numbers.Real, 0, None, closed="neither"),
        "array-like",
        None,
    ],
    "class_sampling": [StrOptions({"balanced", "instance", "deferred"}), None],
    "linear_classifier": ["boolean"],
    "critic_steps": [Interval(numbers.Integral, 1, None, closed="left"), None],
    "conditional_critic": ["boolean", None],
    "weight_averaging": [Interval(numbers.Real, 0, 1, closed="left"), None],
    "augmentation": [str, None],
}


class RAEEstimator(DeepEstimator):
    """How constructor parameters become networks."""

    #: Whether samples, rather than a classifier, are what the training is for.
    _to_resample: ClassVar[bool] = False

    _setting_names: ClassVar[tuple[str, ...]] = (
        *(name for name in SETTING_CONSTRAINTS if name != "preset"),
        "learning_rate",
        "weight_decay",
        "batch_size",
        "max_steps",
    )

    def _make_method(self, description: DataDescription, n_classes: int, n_samples: int) -> RAE:
        overrides = {name: getattr(self, name) for name in self._setting_names}
        settings = preset_settings(
            self.preset, description, n_samples, overrides, to_resample=self._to_resample
        )
        return RAE(description, n_classes, settings)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.three_d_array = True
        return tags
