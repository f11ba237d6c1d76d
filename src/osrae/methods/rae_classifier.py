"""The method as a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import (
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from osrae.data.labels import label_array
from osrae.data.samples import Rows, Samples
from osrae.errors import InputError
from osrae.methods.bank import LatentBank, encode_samples
from osrae.methods.base import TRAINING_CONSTRAINTS
from osrae.methods.calibration import fit_temperature, resolve_priors
from osrae.methods.inputs import check_features, check_labels
from osrae.methods.rae_common import SETTING_CONSTRAINTS, RAEEstimator
from osrae.training.callbacks import Callback
from osrae.training.engine import batched_logits
from osrae.training.splitting import ValidationSplit

__all__ = ["RAEClassifier"]


class RAEClassifier(
    ClassNamePrefixFeaturesOutMixin, ClassifierMixin, TransformerMixin, RAEEstimator
):
    """Classifier that holds its recall on rare classes.

    An auto-encoder learns a latent space in which a linear classifier separates the classes, and
    convex mixtures of latent vectors of one class are trained on as members of that class.

    Parameters
    ----------
    preset : {"default", "paper", "reference"}, default="default"
        ``"paper"`` is the text of the paper, ``"reference"`` adds what its authors' code does
        beyond it, ``"default"`` is what was found to work best on validation data. Every
        parameter that follows and is None takes the preset's value.
    encoder : {"conv", "residual", "resnet18", "densenet201", "mlp"} or None, default=None
        The encoder network; ``"mlp"`` for tables, the others for pictures.
    latent_dim : int or None, default=None
        m, the size of the latent space.
    mixture_size : int or None, default=None
        t, the number of samples in a mixture, at least 2.
    mixing : {"mixer", "uniform"}, float, array-like of shape (t,) or None, default=None
        Where mixing coefficients come from: learned by the mixer network, uniform on the
        simplex, a symmetric Dirichlet distribution with this concentration (Beta(a, a) for
        t = 2), or fixed numbers that sum to 1.
    class_sampling : {"balanced", "instance", "deferred"} or None, default=None
        How often each class is drawn in training: all alike, as often as it occurs, or first
        the latter and later the former. However it is, predictions are for ``priors``.
    linear_classifier : bool, default=True
        Whether the linear classifier shapes the latent space (a switch of Table 4). Without it
        the classifier only reads the latent space.
    oversampling : bool, default=True
        Whether to mix, and to draw classes other than as they occur (a switch of Table 4).
        False trains the same network plainly: the baseline.
    decoder : bool, default=True
        Whether decoder and critic are trained (a switch of Table 4). Without them there is
        no `sample` and no `inverse_transform`.
    critic_steps : int or None, default=None
        Steps of the critic for each step of the decoder.
    conditional_critic : bool or None, default=None
        Whether the critic sees the label.
    weight_averaging : float or None, default=None
        Decay of the moving averages by which results are computed, in [0, 1); 0 is none.
    augmentation : str or None, default=None
        Policy for pictures, a key of ``osrae.training.augmentation.POLICIES``, or ``"auto"``:
        colour pictures are mirrored and moved, grey ones (letters, digits) turned and moved.
    learning_rate : float or None, default=None
        Of the encoder (and of the other networks unless the preset has a rate for them).
    weight_decay : float or None, default=None
        Of the encoder's AdamW, as torch counts it (multiplied by the learning rate).
    batch_size : int or None, default=None
        Tuples in a batch: t times as many samples.
    max_steps : int or None, default=None
        Length of training in steps; the default preset counts epochs instead.
    priors : {"balanced", "train"} or array-like of shape (C,), default="balanced"
        The class frequencies that predictions are for: all alike (which holds the recall of rare
        classes), those of the training data, or stated in the order of ``classes_``. Read at
        prediction, so it may be changed after `fit`.
    validation_fraction : float, default=0.1
        Share of every class that is held back from training, at most 5000 rows of each; it
        decides which weights are kept and when to stop. Classes too small to spare a sample train
        whole (and a `DataWarning` names them). 0 trains on everything and keeps the last weights.
    patience : int or None, default=None
        Evaluations (there are about 40 in a run) without a better validation ACSA after which
        training stops; None trains to the end.
    warm_start : bool, default=False
        Go on from the weights of the fit before, with fresh optimizers.
    categorical_features : "auto" or array-like of int, str or bool, default="auto"
        Columns of a table that are categories; ``"auto"`` takes those that are text, categorical
        or boolean.
    image_shape : tuple of int or None, default=None
        ``(height, width)`` or ``(height, width, channels)`` of pictures given as flat rows.
    checkpoint_dir : str, Path or None, default=None
        Folder for checkpoints of the run.
    resume : bool, default=False
        Go on from the checkpoint in ``checkpoint_dir`` where there is one, to the same result as
        if training had not been stopped. Needs the same data, settings and integer
        ``random_state``.
    callbacks : list of Callback or None, default=None
        Hooks into training, see `osrae.training.callbacks`.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``, or any name that torch knows.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Of matrix products; ``"auto"`` is bfloat16 for pictures where the machine multiplies it
        faster. Weights and losses are float32 in every case.
    verbose : int, default=0
        1 shows a progress bar: rate, losses, validation ACSA, time left.
    random_state : int, RandomState or None, default=None
        Decides everything.

    Attributes
    ----------
    classes_ : ndarray of shape (C,)
        The distinct labels, sorted.
    n_features_in_ : int
        Columns of the table, or values per picture.
    feature_names_in_ : ndarray of str
        Column names, if ``X`` was a data frame.
    history_ : list of dict
        One row per evaluation: ``step``, mean losses by network, ``validation_acsa``,
        ``seconds``.
    n_steps_ : int
        Steps taken.
    seed_ : int
        The seed that ``random_state`` gave.
    class_counts_ : ndarray of shape (C,)
        Samples of each class in ``X``, those held back included.
    validation_indices_ : ndarray of int
        Rows of ``X`` that were held back.
    method_ : RAE
        The networks.
    temperature_ : float
        What the logits are divided by, fitted on the rows held back (1 without any).
    coef_ : ndarray of shape (C, m)
        The linear classifier on latent vectors.
    intercept_ : ndarray of shape (C,)
        Its intercepts, under the stated priors.

    See Also
    --------
    RAEOversampler : Writes new samples instead, for any classifier.

    Notes
    -----
    A table is a 2-D array, a scipy sparse matrix, a list of rows, or a pandas or polars data
    frame; columns may be numbers, booleans, categories or text, and may have missing values.
    Pictures are arrays or torch tensors of shape (n, h, w) or (n, h, w, c), with h, w ≥ 8 and c
    one of 1, 3, 4, as uint8 (0 to 255) or float (0 to 1).

    References
    ----------
    Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling for Imbalanced Data via
    Class-Preserving Regularized Auto-Encoders. AISTATS 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from osrae import RAEClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = RAEClassifier(max_steps=200, random_state=0).fit(X[:110], y[:110])
    >>> model.predict_proba(X[:2]).shape
    (2, 3)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SETTING_CONSTRAINTS,
        "oversampling": ["boolean"],
        "decoder": ["boolean"],
        "priors": [StrOptions({"balanced", "train"}), "array-like"],
        **TRAINING_CONSTRAINTS,
    }
    _setting_names: ClassVar[tuple[str, ...]] = (
        *RAEEstimator._setting_names,
        "oversampling",
        "decoder",
    )
    _saved_numbers: ClassVar[tuple[str, ...]] = ("temperature_",)

    temperature_: float  #: Divides the logits; fitted on the validation part.

    def __init__(
        self,
        *,
        preset: str = "default",
        encoder: str | None = None,
        latent_dim: int | None = None,
        mixture_size: int | None = None,
        mixing: str | float | Sequence[float] | None = None,
        class_sampling: Literal["balanced", "instance", "deferred"] | None = None,
        linear_classifier: bool = True,
        oversampling: bool = True,
        decoder: bool = True,
        critic_steps: int | None = None,
        conditional_critic: bool | None = None,
        weight_averaging: float | None = None,
        augmentation: str | None = None,
        learning_rate: float | None = None,
        weight_decay: float | None = None,
        batch_size: int | None = None,
        max_steps: int | None = None,
        priors: str | Sequence[float] = "balanced",
        validation_fraction: float = 0.1,
        patience: int | None = None,
        warm_start: bool = False,
        categorical_features: str | Sequence[Any] = "auto",
        image_shape: tuple[int, ...] | None = None,
        checkpoint_dir: str | Path | None = None,
        resume: bool = False,
        callbacks: Sequence[Callback] | None = None,
        device: str = "auto",
        precision: str = "auto",
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.preset = preset
        self.encoder = encoder
        self.latent_dim = latent_dim
        self.mixture_size = mixture_size
        self.mixing = mixing
        self.class_sampling = class_sampling
        self.linear_classifier = linear_classifier
        self.oversampling = oversampling
        self.decoder = decoder
        self.critic_steps = critic_steps
        self.conditional_critic = conditional_critic
        self.weight_averaging = weight_averaging
        self.augmentation = augmentation
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.priors = priors
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.warm_start = warm_start
        self.categorical_features = categorical_features
        self.image_shape = image_shape
        self.checkpoint_dir = checkpoint_dir
        self.resume = resume
        self.callbacks = callbacks
        self.device = device
        self.precision = precision
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Train on a table or on pictures.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p), data frame, or pictures
            See the class's notes.
        y : array-like of shape (n,)
            Labels of any hashable sort.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the data cannot be used; the message says what was found and what to do.
        TrainingDivergedError
            If a loss stops being finite.
        """
        X = check_features(self, X, reset=not (self.warm_start and hasattr(self, "method_")))
        classes, codes = check_labels(self, X, y)
        resolve_priors(self.priors, np.bincount(codes))
        self._fit_networks(X, classes, codes)
        return self

    def _after_training(self, x: Rows, codes: np.ndarray, split: ValidationSplit) -> None:
        self.temperature_ = 1.0
        self.bank_ = LatentBank.build(self.method_, x, codes, split.train)
        if len(split.validation):
            held = Samples(x, torch.from_numpy(split.validation))
            logits = batched_logits(self.method_, held).double().numpy()
            self.temperature_ = fit_temperature(logits, codes[split.validation])

    def decision_function(self, X: Any) -> np.ndarray:
        """Return log-odds under the stated priors.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of shape (n,) or (n, C)
            For two classes the log-odds of ``classes_[1]``; otherwise a score per class.
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities, calibrated on held-out data, under the stated priors.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of shape (n, C)
            Columns in the order of ``classes_``.
        """
        return softmax(self._scores(X), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of every row under the stated priors.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of shape (n,)
        """
        codes = self._scores(X).argmax(axis=1)
        return self.classes_[codes]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy; see `osrae.evaluation` for what rare classes ask for.

        Parameters
        ----------
        X : as for `fit`
        y : array-like of shape (n,)
            Labels of any hashable sort.
        sample_weight : array-like of shape (n,) or None

        Returns
        -------
        float
            In [0, 1].
        """
        predicted, labels = self.predict(X), label_array(y)
        check_consistent_length(predicted, labels, sample_weight)
        correct = [bool(made == true) for made, true in zip(predicted, labels, strict=True)]
        return float(np.average(correct, weights=sample_weight))

    def transform(self, X: Any) -> np.ndarray:
        """Return latent vectors.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of shape (n, m)
        """
        samples = self._samples(X)
        return encode_samples(self.method_, samples).numpy()

    def inverse_transform(self, Z: Any, y: Any = None) -> Any:
        """Decode latent vectors into samples.

        Parameters
        ----------
        Z : array-like of shape (n, m)
        y : array-like of shape (n,) or None
            Classes that the decoder is told; None takes the linear classifier's.

        Returns
        -------
        X : same container as the training data
        """
        check_is_fitted(self, "bank_")
        self._check_decoder()
        z = torch.as_tensor(np.asarray(Z, dtype=np.float32))
        if z.ndim != 2 or z.shape[1] != self.method_.latent_dim:
            raise InputError(
                f"Z has shape {tuple(z.shape)}; latent vectors are (n, {self.method_.latent_dim})."
            )
        z = z.to(self.method_.device)
        with torch.inference_mode():
            codes = (
                self.method_.classify(z).argmax(1)
                if y is None
                else torch.tensor([self._code_of(label) for label in y], device=z.device)
            )
            return self.codec_.decode(self.method_.decode(z, codes).cpu().numpy())

    @property
    def coef_(self) -> np.ndarray:
        """Weights of the linear classifier on latent vectors, of shape (C, m).

        With `intercept_` they are what predicts: ``transform(X) @ coef_.T + intercept_`` are the
        scores behind `predict`, under the stated priors.
        """
        return self._linear()[0]

    @property
    def intercept_(self) -> np.ndarray:
        """Intercepts of the linear classifier, of shape (C,), see `coef_`."""
        return self._linear()[1]

    def _linear(self) -> tuple[np.ndarray, np.ndarray]:
        check_is_fitted(self, "bank_")
        m = self.method_.latent_dim
        points = torch.cat([torch.zeros(1, m), torch.eye(m)])
        with torch.inference_mode():
            logits = self.method_.classify(points.to(self.method_.device)).double().cpu().numpy()
        scores = self._stated(logits)
        return (scores[1:] - scores[0]).T, scores[0]

    def _stated(self, logits: np.ndarray) -> np.ndarray:
        """Turn logits for equally common classes into scores under the stated priors."""
        return logits / self.temperature_ + np.log(resolve_priors(self.priors, self.class_counts_))

    def _scores(self, X: Any) -> np.ndarray:
        samples = self._samples(X)
        logits = batched_logits(self.method_, samples)
        return self._stated(logits.double().numpy())

    def _samples(self, X: Any) -> Samples:
        check_is_fitted(self, "bank_")
        return Samples(self.codec_.rows(check_features(self, X, reset=False)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        return self.method_.latent_dim
