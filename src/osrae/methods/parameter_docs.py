"""What shared parameters and attributes mean, written down once for all estimators."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import Any

__all__ = ["described_parameters", "whole_docstring"]

_NETWORK_PARAMETERS = {
    "encoder": """\
    encoder : str or None, default={default}
        The encoder network: ``"conv"``, ``"pooled"``, ``"pooled-large"``, ``"residual"``,
        ``"resnet18"``, ``"resnet18-imagenet"`` or ``"densenet201"`` for pictures, ``"mlp"`` for
        tables; see `osrae.networks.build_encoder`.
""",
    "mixture_size": """\
    mixture_size : int or None, default={default}
        t, the number of samples in a mixture, at least 2.
""",
    "mixing": """\
    mixing : {{"mixer", "uniform"}}, float, array-like of shape (t,) or None, default={default}
        Where mixing coefficients come from: learned by the mixer network, uniform on the
        simplex, a symmetric Dirichlet distribution with this concentration (Beta(a, a) for
        t = 2), or fixed numbers that sum to 1.
""",
    "linear_classifier": """\
    linear_classifier : bool, default={default}
        Whether the linear classifier shapes the latent space (a switch of Table 4). Without it
        the classifier only reads the latent space.
""",
    "critic_steps": """\
    critic_steps : int or None, default={default}
        Steps of the critic for each step of the decoder.
""",
    "conditional_critic": """\
    conditional_critic : bool or None, default={default}
        Whether the critic sees the label.
""",
    "weight_averaging": """\
    weight_averaging : float or None, default={default}
        Decay of the moving averages by which results are computed, in [0, 1); 0 is none.
""",
}

_PARAMETERS = {
    "sampling_strategy": """\
    sampling_strategy : float, str, dict or callable, default={default}
        As everywhere in imbalanced-learn: a ratio (two classes), ``"minority"``,
        ``"not minority"``, ``"not majority"``, ``"all"``, ``"auto"`` (``"not majority"``), the
        number of samples of each class after resampling, or a function of ``y`` that returns it.
""",
    "learning_rate": """\
    learning_rate : float or None, default={default}
        None takes the preset's.
""",
    "batch_size": """\
    batch_size : int or None, default={default}
        Samples in a training step; None takes the preset's.
""",
    "max_steps": """\
    max_steps : int or None, default={default}
        Length of training in steps; None takes the preset's, which counts passes over the data.
""",
    "validation_fraction": """\
    validation_fraction : float, default={default}
        Share of every class that is held back from training; it decides which weights are kept
        and when to stop. Classes too small to spare a sample train whole (and a `DataWarning` names
        them). Of encoders side by side each holds back other rows, which train the others: as much
        each, as far as there are rows for all. At most 5000 rows of a class are held back, by all
        encoders together. 0 trains on everything, keeps the last weights, and leaves probabilities
        as sure as they come.
""",
    "patience": """\
    patience : int or None, default={default}
        Evaluations of a run (rows of ``history_``) without a better validation ACSA after which
        training stops; None trains to the end.
""",
    "warm_start": """\
    warm_start : bool, default={default}
        Go on from the weights of the fit before, with fresh optimizers. If training fails, that
        fit is left as it was.
""",
    "categorical_features": """\
    categorical_features : "auto" or array-like of int, str or bool, default={default}
        Columns of a table that are categories; ``"auto"`` takes those that are text, categorical
        or boolean.
""",
    "image_shape": """\
    image_shape : tuple of int or None, default={default}
        ``(height, width)`` or ``(height, width, channels)`` of pictures given as flat rows.
""",
    "checkpoint_dir": """\
    checkpoint_dir : str, Path or None, default={default}
        Folder for checkpoints of the run, made if need be. They are kept in a folder
        ``checkpoint`` inside of it, and nothing else there is touched.
""",
    "resume": """\
    resume : bool, default={default}
        Go on from the checkpoint in ``checkpoint_dir`` where there is one, to the same result as
        if training had not been stopped. Needs the same data, settings and integer
        ``random_state``.
""",
    "callbacks": """\
    callbacks : list of Callback or None, default={default}
        Hooks into training, see `osrae.training.callbacks`.
""",
    "device": """\
    device : str, default={default}
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``, or any name that torch knows.
""",
    "precision": """\
    precision : {{"auto", "float32", "bfloat16"}}, default={default}
        Of matrix products; ``"auto"`` is bfloat16 for pictures where the machine multiplies it
        faster. Weights and losses are float32 in every case.
""",
    "verbose": """\
    verbose : int, default={default}
        1 shows a progress bar with the time left and, of training, rate, losses and validation
        ACSA.
""",
    "random_state": """\
    random_state : int, RandomState or None, default={default}
        Decides everything.
""",
    "priors": """\
    priors : {{"balanced", "train"}} or array-like of shape (C,), default={default}
        The class frequencies that predictions are for: all alike (which holds the recall of rare
        classes), those of the training data, or stated in the order of ``classes_``. Read at
        prediction, so it may be changed after `fit`.
""",
}

_ATTRIBUTES = {
    "sampling_strategy_": """\
    cleans : bool
        Of the class: whether it may move or drop rows of ``X``.
    sampling_strategy_ : dict
        New samples by class.
    synthetic_mask_ : ndarray of bool, shape (n_resampled,)
        True for the rows that are new. It belongs to the latest result, and is not saved.
""",
    "classes_": """\
    classes_ : ndarray of shape (C,)
        The distinct labels, sorted.
    class_counts_ : ndarray of shape (C,)
        Samples of each class in ``X``.
    n_features_in_ : int
        Columns of the table, or values per picture.
    feature_names_in_ : ndarray of str
        Column names, if ``X`` was a data frame.
    seed_ : int
        The seed that ``random_state`` gave.
""",
    "method_": """\
    history_ : list of dict
        One row per evaluation: ``step``, mean losses by network, ``validation_acsa`` (of
        predictions for equally common classes; of several encoders, of each alone on the rows that
        it holds back), ``seconds``.
    n_steps_ : int
        Steps taken.
    validation_indices_ : ndarray of int
        Rows of ``X`` that were held back; of several encoders, each from one, which alone it is
        validated by.
    method_ : Method
        The networks.
""",
    "temperature_": """\
    temperature_ : float
        What the logits are divided by, fitted on the rows held back (1 without any).
""",
}


def whole_docstring(cls: type) -> str:
    """Fill in the parameters and attributes that are documented here."""
    doc = cls.__doc__ or ""
    defaults = {field.name: field.default for field in fields(cls)}
    for place, shared in (("network", _NETWORK_PARAMETERS), ("shared", _PARAMETERS)):
        parameters = [
            text.format(default=_shown(defaults[name]))
            for name, text in shared.items()
            if name in defaults and not re.search(rf"^    {name} : ", doc, re.MULTILINE)
        ]
        doc = doc.replace(f"    {{{place}}}\n", "".join(parameters))
    known = {name for base in cls.__mro__ for name in inspect.get_annotations(base)}
    attributes = [text for name, text in _ATTRIBUTES.items() if name in known]
    return doc.replace("    {shared_attributes}\n", "".join(attributes))


def described_parameters(cls: type) -> dict[str, tuple[str, str]]:
    """Read what a numpydoc docstring says of parameters.

    Parameters
    ----------
    cls : type

    Returns
    -------
    dict
        By name: type or allowed values, and the first sentence of the description, which may be
        empty.
    """
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n--+$|\Z)", inspect.getdoc(cls) or "",
                        re.MULTILINE | re.DOTALL)  # fmt: skip
    entries = re.split(r"^(?=\w[\w, ]* : )", section[1] if section else "", flags=re.MULTILINE)
    described = {}
    for entry in entries:
        head, _, text = entry.partition("\n")
        names, colon, kind = head.partition(" : ")
        sentence = re.split(r"(?<=\.)\s+(?=[A-Z`\"])", " ".join(text.split()))[0]
        for name in names.split(", ") if colon else ():
            described[name] = re.sub(r", default=.*", "", kind), sentence.replace("`", "")
    return described


def _shown(default: Any) -> str:
    return f'"{default}"' if isinstance(default, str) else repr(default)
