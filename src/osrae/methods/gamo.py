"""GAMO as a classifier; what it does is in `osrae.methods.gamo_method`.

References
----------
Mullick, Datta, Das. Generative Adversarial Minority Oversampling. ICCV 2019.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from sklearn.utils._param_validation import StrOptions

from osrae.data.description import DataDescription
from osrae.methods.classifying import ClassifyingEstimator
from osrae.methods.gamo_method import GAMO
from osrae.methods.gamo_settings import PRESETS, GAMOSettings, resolve_game
from osrae.methods.generating import DeepGenerator
from osrae.methods.parameters import estimator, whole
from osrae.methods.settings import Presets

__all__ = ["GAME_CONSTRAINTS", "GAMOClassifier"]

#: Constraints of the parameters that describe the game.
GAME_CONSTRAINTS: dict[str, list[Any]] = {
    "preset": [StrOptions(set(PRESETS))],
    "architecture": [StrOptions({"equal", "original"}), None],
    "latent_dim": [whole(1), None],
    "update": [StrOptions({"joint", "per_class"}), None],
    "fakes_per_batch": [StrOptions({"balance", "batch"}), None],
    "update_features": [StrOptions({"joint", "frozen_head"}), None],
}


@estimator
class GAMOClassifier(ClassifyingEstimator, DeepGenerator):
    """Classifier trained against a generator of points near the border of its class.

    A convex generator makes points of the rarer classes, as convex combinations of the real ones,
    such that a discriminator takes them for real and the classifier for another class; the
    classifier learns from both.

    Parameters
    ----------
    preset : {"default", "original"}, default="default"
        ``"original"`` is the authors' code, with their networks and what it does beside the
        article: players move in turn, the generator class by class; every epoch of the game has one
        order; a run has 25,000 batches. ``"default"`` has the networks of all methods here, and all
        move at once. Every parameter that follows and is None takes the preset's value.
    architecture : {"equal", "original"} or None, default=None
        Networks of the same capacity as those of the other methods, or the authors'.
    latent_dim : int or None, default=None
        Features of a picture; no effect on tables.
    update : {"joint", "per_class"} or None, default=None
        Whether every player moves once in a step, or, as in the authors' code, M and the
        discriminator twice and the generator twice for every class.
    fakes_per_batch : {"balance", "batch"} or None, default=None
        How many points are generated for a batch: as many as balance the classes, or as many as
        there are real ones.
    update_features : {"joint", "frozen_head"} or None, default=None
        Whether the feature network of pictures learns with the classifier, or alone in an epoch
        before every epoch of the game (a step of which is one of ``max_steps``); no effect on
        tables, which have no such network.
    {shared}

    Attributes
    ----------
    {shared_attributes}

    See Also
    --------
    GAMO2PIX : Turns the generated features of pictures into pictures.

    Notes
    -----
    `sample` is for tables: of pictures, what the method makes is features. Classes of the largest
    size are not generated; samples of them are rows of the training data.

    References
    ----------
    Mullick, Datta, Das. Generative Adversarial Minority Oversampling. ICCV 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae import GAMOClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = GAMOClassifier(max_steps=50, random_state=0).fit(X[:110], y[:110])
    >>> model.sample(3, label=2).shape
    (3, 4)
    """

    preset: str = "default"
    architecture: Literal["equal", "original"] | None = None
    latent_dim: int | None = None
    update: Literal["joint", "per_class"] | None = None
    fakes_per_batch: Literal["balance", "batch"] | None = None
    update_features: Literal["joint", "frozen_head"] | None = None

    _method = GAMO
    _presets: ClassVar[Presets[GAMOSettings]] = PRESETS
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ClassifyingEstimator._parameter_constraints,
        **GAME_CONSTRAINTS,
    }

    def _settings(self, description: DataDescription) -> GAMOSettings:
        return resolve_game(self._presets, self.preset, description, self._overrides())
