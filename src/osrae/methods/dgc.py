"""The deep generative classifier as an estimator; what it does is in `osrae.methods.dgc_method`.

References
----------
Wang, Lyu, Jing. Deep Generative Model for Robust Imbalance Classification. CVPR 2020.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.utils._param_validation import StrOptions

from osrae.data.description import DataDescription
from osrae.methods.classifying import ClassifyingEstimator
from osrae.methods.dgc_method import DGC
from osrae.methods.dgc_settings import PRESETS, DGCSettings, presets_for
from osrae.methods.generating import DeepGenerator
from osrae.methods.parameters import estimator, positive, whole
from osrae.methods.settings import resolve

__all__ = ["DGCClassifier"]


@estimator
class DGCClassifier(DeepGenerator, ClassifyingEstimator):
    """Deep generative classifier (DGC): Bayes' rule in a latent-variable model.

    A recogniser turns a sample and a label into a distribution of codes, from which a decoder makes
    the sample and a linear classifier the label. Rare classes are drawn more codes for. A sample is
    classified by trying every label on it: C · S codes are decoded for each row, so predicting
    takes its time, most of it in the decoder.

    Parameters
    ----------
    preset : {"default", "original"}, default="default"
        ``"default"`` has networks of the size of the other methods' and the faults of the authors'
        code repaired; ``"original"`` has the authors' networks (for pictures of 64 × 64 and larger
        those for faces, else those for digits) and does what their code does: the cross-entropy is
        a sum over the batch, every epoch has the order of the first, and the learning rate takes
        the course that the code comes to. Every parameter that follows and is None takes the
        preset's value.
    architecture : {"equal", "mnist", "celeba"} or None, default=None
        Networks of the same capacity as those of the other methods, or the authors' for digits or
        for faces, which are for pictures.
    latent_dim : int or None, default=None
        m, the size of a code.
    head : {"linear", "mlp"} or None, default=None
        p(y | z): one layer, or two hidden layers of 500 before it.
    n_codes : int or None, default=None
        S, the codes drawn for each label of a sample that is classified.
    mmd_weight : float or None, default=None
        λ, the weight of the distance between the codes and a standard normal distribution. The
        article chooses from 1 and 10, its code weighs the cross-entropy a hundred times as much.
    recon_weight : float or None, default=None
        Weight of the squared error of decoded samples, which is a sum over values.
    oversampling_rate : float or None, default=None
        r ≥ 0: how far the classes are brought to equal numbers of codes, for the classifier.
    extra_encoder_step : bool or None, default=None
        Whether the recogniser takes a step of its own before each joint step.
    warm_up_steps : int or None, default=None
        Most steps, at most a quarter of the run, in which the recogniser first learns to spread
        its codes like a standard normal distribution.
    {shared}

    Attributes
    ----------
    {shared_attributes}

    Notes
    -----
    The score of a label is a sum over all values of the sample, so that differences are large and
    probabilities near 0 or 1; ``temperature_``, fitted on the rows held back, corrects that.

    References
    ----------
    Wang, Lyu, Jing. Deep Generative Model for Robust Imbalance Classification. CVPR 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from osrae import DGCClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (80, 4)), rng.normal(6, 1, (20, 4))])
    >>> y = np.repeat(["common", "rare"], [80, 20])
    >>> classifier = DGCClassifier(max_steps=200, random_state=0).fit(X, y)
    >>> classifier.predict(np.full((1, 4), 6.0)).tolist()
    ['rare']
    >>> classifier.sample(2, "rare").shape
    (2, 4)
    """

    preset: str = "default"
    architecture: str | None = None
    latent_dim: int | None = None
    head: str | None = None
    n_codes: int | None = None
    mmd_weight: float | None = None
    recon_weight: float | None = None
    oversampling_rate: float | None = None
    extra_encoder_step: bool | None = None
    warm_up_steps: int | None = None

    _method = DGC
    _presets = PRESETS
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ClassifyingEstimator._parameter_constraints,
        "preset": [StrOptions(set(PRESETS))],
        "architecture": [StrOptions({"equal", "mnist", "celeba"}), None],
        "latent_dim": [whole(1), None],
        "head": [StrOptions({"linear", "mlp"}), None],
        "n_codes": [whole(1), None],
        "mmd_weight": [positive("left"), None],
        "recon_weight": [positive(), None],
        "oversampling_rate": [positive("left"), None],
        "extra_encoder_step": ["boolean", None],
        "warm_up_steps": [whole(0), None],
    }

    def _settings(self, description: DataDescription) -> DGCSettings:
        return resolve(presets_for(description), self.preset, description, self._overrides())
