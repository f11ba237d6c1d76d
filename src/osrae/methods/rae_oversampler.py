"""The method as an over-sampler."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_sampling_strategy, check_target_type
from imblearn.utils._validation import ArraysTransformer
from sklearn.base import _fit_context
from sklearn.preprocessing import label_binarize

from osrae.data.codec import append_decoded
from osrae.data.frames import append_rows, is_polars, like_container, n_rows
from osrae.data.labels import label_array
from osrae.data.samples import Rows
from osrae.errors import InputError
from osrae.methods.bank import LatentBank
from osrae.methods.base import TRAINING_CONSTRAINTS
from osrae.methods.inputs import check_features, check_labels
from osrae.methods.rae_common import SETTING_CONSTRAINTS, RAEEstimator
from osrae.training.callbacks import Callback
from osrae.training.splitting import ValidationSplit

__all__ = ["RAEOversampler"]


class RAEOversampler(RAEEstimator, BaseOverSampler):
    """Over-sampler whose new samples keep their class, for tables and pictures.

    New samples are decoded from convex mixtures of latent vectors of one class.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        As everywhere in imbalanced-learn: a ratio (two classes), ``"minority"``,
        ``"not minority"``, ``"not majority"``, ``"all"``, ``"auto"`` (``"not majority"``), the
        number of samples of each class after resampling, or a function of ``y`` that returns it.
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
        the latter and later the former.
    linear_classifier : bool, default=True
        Whether the linear classifier shapes the latent space (a switch of Table 4). Without it
        the classifier only reads the latent space.
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
    validation_fraction : float, default=0.0
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
    sampling_strategy_ : dict
        New samples by class.
    synthetic_mask_ : ndarray of bool, shape (n_resampled,)
        True for the rows that are new.
    parent_indices_ : ndarray of int, shape (n_new, t)
        Rows of ``X`` that each new row was mixed from.
    mixing_weights_ : ndarray of shape (n_new, t)
        The mixing coefficients; none is negative and each row sums to 1.
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

    See Also
    --------
    RAEClassifier : Classifies without a second training.

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
    >>> from osrae import RAEOversampler
    >>> X, y = load_iris(return_X_y=True)
    >>> sampler = RAEOversampler(max_steps=200, random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X[:110], y[:110])
    >>> X_new.shape, int(sampler.synthetic_mask_.sum())
    ((150, 4), 40)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseOverSampler._parameter_constraints,
        **SETTING_CONSTRAINTS,
        **TRAINING_CONSTRAINTS,
    }
    _saved_numbers: ClassVar[tuple[str, ...]] = ()
    _to_resample: ClassVar[bool] = True

    synthetic_mask_: np.ndarray  #: True for the new rows of the latest result.
    parent_indices_: np.ndarray  #: Rows of ``X`` that each new row was mixed from.
    mixing_weights_: np.ndarray  #: With which coefficients.

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        preset: str = "default",
        encoder: str | None = None,
        latent_dim: int | None = None,
        mixture_size: int | None = None,
        mixing: str | float | Sequence[float] | None = None,
        class_sampling: Literal["balanced", "instance", "deferred"] | None = None,
        linear_classifier: bool = True,
        critic_steps: int | None = None,
        conditional_critic: bool | None = None,
        weight_averaging: float | None = None,
        augmentation: str | None = None,
        learning_rate: float | None = None,
        weight_decay: float | None = None,
        batch_size: int | None = None,
        max_steps: int | None = None,
        validation_fraction: float = 0.0,
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
        super().__init__(sampling_strategy=sampling_strategy)
        self.preset = preset
        self.encoder = encoder
        self.latent_dim = latent_dim
        self.mixture_size = mixture_size
        self.mixing = mixing
        self.class_sampling = class_sampling
        self.linear_classifier = linear_classifier
        self.critic_steps = critic_steps
        self.conditional_critic = conditional_critic
        self.weight_averaging = weight_averaging
        self.augmentation = augmentation
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_steps = max_steps
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
        """Check the data and work out how many samples each class needs, without training.

        Parameters
        ----------
        X : as for `fit_resample`
        y : array-like of shape (n,)

        Returns
        -------
        self
        """
        self._check(X, y)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Train, and return the data with new samples of the rarer classes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p), data frame, or pictures
        y : array-like of shape (n,)

        Returns
        -------
        X_resampled : same container as ``X``
            The rows of ``X``, first and unchanged, then the new ones, class by class.
        y_resampled : same container as ``y``

        Raises
        ------
        InputError
            If the data or the sampling strategy cannot be used.
        TrainingDivergedError
            If a loss stops being finite.
        """
        checked, labels, binarized = self._check(X, y)
        X_resampled, y_resampled = self._fit_resample(checked, labels)
        one_vs_all = self.classes_ if binarized else None
        return like_container(X_resampled, X), _like_labels(y, y_resampled, one_vs_all)

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple[Any, np.ndarray]:
        """Train on checked data, append new samples, and remember where each came from."""
        classes, codes = check_labels(self, X, y)
        self._fit_networks(X, classes, codes)
        wanted = np.repeat(
            [self._code_of(label) for label in self.sampling_strategy_],
            list(self.sampling_strategy_.values()),
        ).astype(np.int64)
        parents = np.empty((len(wanted), self.method_.tuple_size), dtype=np.int64)
        weights = np.empty(parents.shape, dtype=np.float32)
        if len(wanted):
            blocks = self.bank_.decoded(self.method_, wanted, self.seed_)
            X = append_decoded(self.codec_, X, _noted(blocks, parents, weights), len(wanted))
        self.synthetic_mask_ = np.arange(len(y) + len(wanted)) >= len(y)
        self.parent_indices_, self.mixing_weights_ = parents, weights
        return X, np.concatenate([y, classes[wanted].astype(y.dtype, copy=False)])

    def _after_training(self, x: Rows, codes: np.ndarray, split: ValidationSplit) -> None:
        rarer = {self._code_of(label) for label, new in self.sampling_strategy_.items() if new}
        self.bank_ = LatentBank.build(self.method_, x, codes, whole=rarer)

    def _check(self, X: Any, y: Any) -> tuple[Any, np.ndarray, bool]:
        """Check the data and set ``sampling_strategy_``."""
        y, binarized = _one_vs_rest(y)
        labels = label_array(y)
        checked = check_features(self, X, reset=True)
        classes, codes = check_labels(self, checked, labels)
        self.sampling_strategy_ = self._resolve_strategy(labels, classes, codes)
        return checked, labels, binarized

    def _resolve_strategy(
        self, labels: np.ndarray, classes: np.ndarray, codes: np.ndarray
    ) -> dict[Any, int]:
        """Return the new samples by class; imbalanced-learn resolves text and numbers itself."""
        strategy = self.sampling_strategy
        if labels.dtype != object or all(isinstance(label, str) for label in classes):
            return check_sampling_strategy(strategy, labels, self._sampling_type)
        strategy = strategy(labels) if callable(strategy) else strategy
        numbers = {label: code for code, label in enumerate(classes)}
        if isinstance(strategy, dict):
            unknown = [label for label in strategy if label not in numbers]
            if unknown:
                raise InputError(
                    f"sampling_strategy names {unknown}, and y holds {list(numbers)} only."
                )
            strategy = {numbers[label]: count for label, count in strategy.items()}
        resolved = check_sampling_strategy(strategy, codes, self._sampling_type)
        return {classes[code]: count for code, count in resolved.items()}


def _noted(
    blocks: Iterator[tuple[np.ndarray, ...]], parents: np.ndarray, weights: np.ndarray
) -> Iterator[np.ndarray]:
    """Pass new rows on, and write down where each comes from."""
    start = 0
    for rows, parents_of_block, weights_of_block in blocks:
        block = slice(start, start + len(rows))
        parents[block], weights[block] = parents_of_block, weights_of_block
        start = block.stop
        yield rows


def _one_vs_rest(y: Any) -> tuple[Any, bool]:
    """Undo one-vs-rest indicator columns, and say whether there were any.

    Labels that imbalanced-learn does not know (torch, polars, objects) pass as an array.
    """
    if hasattr(y, "detach") or is_polars(y) or np.ndim(y) == 1:
        return label_array(y), False
    return check_target_type(y, indicate_one_vs_all=True)


def _like_labels(y: Any, labels: np.ndarray, one_vs_all: np.ndarray | None) -> Any:
    """Return labels in the container of ``y``."""
    if one_vs_all is not None:
        labels = label_binarize(labels, classes=one_vs_all)
    if hasattr(y, "detach") or is_polars(y):
        return append_rows(y, labels[n_rows(y) :])
    _, restored = ArraysTransformer(np.empty((0, 1)), y).transform(np.empty((0, 1)), labels)
    return restored
