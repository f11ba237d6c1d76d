"""From samples to features: in which space generated samples are compared with real ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from osrae.data.pictures import read_format, to_network
from osrae.errors import InputError
from osrae.evaluation.inception_weights import find_weights, load_inception
from osrae.evaluation.random_vgg import random_vgg16
from osrae.training.device import resolve_device

__all__ = [
    "Columns",
    "CustomFeatures",
    "FeatureExtractor",
    "InceptionFeatures",
    "RandomVGG16",
    "default_extractor",
]

_BATCH = 64
#: VGG-16 halves height and width five times.
_VGG16_LEAST_SIZE = 32


class FeatureExtractor(Protocol):
    """What maps samples to features; its name is printed with every result.

    Attributes
    ----------
    name : str
    """

    name: str

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Return features.

        Parameters
        ----------
        samples : ndarray
            Pictures of shape (n, h, w) or (n, h, w, c), uint8 or float from 0 to 1, or a table of
            shape (n, d).

        Returns
        -------
        ndarray of float32, shape (n, d')
        """
        ...  # pragma: no cover


def _picture_batches(samples: Any, size: int) -> Iterator[torch.Tensor]:
    """Yield batches of shape (b, c, h, w), float32 from 0 to 1."""
    picture_format = read_format(samples)
    for start in range(0, len(samples), size):
        batch = torch.from_numpy(to_network(samples[start : start + size], picture_format))
        yield batch.float() / picture_format.maximum


def _colour(batch: torch.Tensor) -> torch.Tensor:
    """Return pictures with three channels; grey ones repeat theirs."""
    if batch.shape[1] == 4:
        raise InputError(
            "The pictures have 4 channels (colour and opacity), and this extractor takes grey or "
            "colour. Lay them on a background first, or use their first three channels: "
            "X[..., :3]."
        )
    return batch.expand(-1, 3, -1, -1)


def _as_float32(features: Any) -> np.ndarray:
    if isinstance(features, torch.Tensor):
        features = features.detach().cpu().float().numpy()
    return np.asarray(features).astype(np.float32, copy=False)


class InceptionFeatures:
    """The standard features of FID and KID: 2,048 from Inception-v3, trained on ImageNet.

    Grey pictures are repeated to three channels. Values agree with pytorch-fid, which resizes
    pictures a little differently from TensorFlow's first code and torch-fidelity.

    Parameters
    ----------
    path : path or None, default None
        The file of the weights; None looks for it, see
        `osrae.evaluation.inception_weights.find_weights`.
    device : str, default "auto"
        Where the network runs, see `osrae.training.device.resolve_device`.

    Raises
    ------
    InputError
        If the weights are not there or not the published ones; the message says where to get them
        and where to put them.

    References
    ----------
    M. Heusel et al., GANs trained by a two time-scale update rule converge to a local Nash
    equilibrium, NeurIPS 2017.
    """

    name = "Inception-v3, 2048 features"

    def __init__(self, path: str | os.PathLike[str] | None = None, device: str = "auto") -> None:
        self._device = resolve_device(device)
        self._network = load_inception(path).to(self._device)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Return features of shape (n, 2048) of pictures, see `FeatureExtractor`."""
        return _run(self._network, map(_colour, _picture_batches(samples, _BATCH)), self._device)


class RandomVGG16:
    """64 features of an untrained VGG-16: for pictures unlike photographs, without any file.

    Weights are orthogonal, scaled by √2 for ReLU, and without biases. They follow from the seed
    alone. Grey pictures are repeated to three channels; sides below 32 pixels are stretched to 32
    by bilinear interpolation. Where VGG-16 pools to 7 × 7, this network takes the mean over all
    places, so pictures of any size from 8 × 8 give 64 features.

    Parameters
    ----------
    seed : int, default 0
    device : str, default "auto"
        Where the network runs; weights are drawn on the CPU in any case. On another device the
        last digits of features differ.

    Notes
    -----
    The paper's features are those of a VGG-16 with random weights whose last layer has 64 outputs;
    its weights and the way they were drawn are not published. Figures of this network are
    comparable among themselves, not with the paper's.

    References
    ----------
    M. F. Naeem et al., Reliable fidelity and diversity metrics for generative models, ICML 2020
    (the embedding R64). A. Saxe et al., Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks, ICLR 2014 (orthogonal weights).
    """

    def __init__(self, seed: int = 0, device: str = "auto") -> None:
        self.name = f"random VGG-16, 64 features, seed {seed}"
        self._device = resolve_device(device)
        self._network = random_vgg16(seed).to(self._device)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Return features of shape (n, 64) of pictures, see `FeatureExtractor`."""
        batches = (_at_least_32(_colour(batch)) for batch in _picture_batches(samples, _BATCH))
        return _run(self._network, batches, self._device)


def _at_least_32(batch: torch.Tensor) -> torch.Tensor:
    """Return pictures from −1 to 1, stretched where VGG-16 would pool a side away."""
    size = [max(side, _VGG16_LEAST_SIZE) for side in batch.shape[2:]]
    if size != list(batch.shape[2:]):
        batch = F.interpolate(batch, size=size, mode="bilinear", align_corners=False)
    return 2 * batch - 1


@torch.inference_mode()
def _run(network: nn.Module, batches: Iterator[torch.Tensor], device: torch.device) -> np.ndarray:
    return np.concatenate([_as_float32(network(batch.to(device))) for batch in batches])


class Columns:
    """The columns of a table as they are, each as large as its unit makes it."""

    name = "columns as given"

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Return a table of shape (n, d) as float32."""
        samples = np.asarray(samples)
        if samples.ndim != 2 or samples.dtype.kind not in "biuf":
            raise InputError(
                f"Found samples of shape {samples.shape} and type {samples.dtype}; tables are "
                "(n, d) numbers. For pictures, leave out the extractor or use RandomVGG16()."
            )
        return _as_float32(samples)


class CustomFeatures:
    """Features of the user's own function or network.

    Parameters
    ----------
    function : callable or torch.nn.Module
        A callable gets samples as they are, a batch at a time, for example ``transform`` of a
        fitted `osrae.RAEClassifier`. A module gets float32 tensors on its own device: pictures as
        (n, c, h, w) from 0 to 1, tables as (n, d); it runs in evaluation mode without gradients.
        Either returns (n, d') numbers.
    name : str
        Printed with every result. Say what makes figures comparable: network, data, seed.
    batch_size : int, default 256

    Raises
    ------
    InputError
        If the function cannot be called, the name is empty, or the batch size is not positive.
    """

    def __init__(
        self, function: Callable[[Any], Any] | nn.Module, name: str, batch_size: int = 256
    ) -> None:
        if not callable(function):
            raise InputError(f"function={function!r} cannot be called; give a function or module.")
        if not isinstance(name, str) or not name.strip():
            raise InputError(f"name={name!r} must be a text that says where the features are from.")
        if batch_size < 1:
            raise InputError(f"batch_size={batch_size} must be at least 1.")
        self.name = name
        self._function = function
        self._batch_size = batch_size

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Return features, see `FeatureExtractor`."""
        samples = np.asarray(samples)
        if isinstance(self._function, nn.Module):
            return self._of_module(self._function, samples)
        return np.concatenate([_as_float32(self._function(x)) for x in self._batches(samples)])

    def _batches(self, samples: np.ndarray) -> Iterator[np.ndarray]:
        for start in range(0, len(samples), self._batch_size):
            yield samples[start : start + self._batch_size]

    def _of_module(self, module: nn.Module, samples: np.ndarray) -> np.ndarray:
        parameter = next(module.parameters(), None)
        device = torch.device("cpu") if parameter is None else parameter.device
        batches = (
            map(torch.from_numpy, self._batches(samples.astype(np.float32)))
            if samples.ndim == 2
            else _picture_batches(samples, self._batch_size)
        )
        modes = {part: part.training for part in module.modules()}
        module.eval()
        try:
            return _run(module, batches, device)
        finally:
            for part, training in modes.items():
                part.training = training


def default_extractor() -> FeatureExtractor:
    """Return the standard extractor of pictures: Inception where its weights are, else random.

    Returns
    -------
    InceptionFeatures or RandomVGG16
        See `osrae.evaluation.inception_weights.find_weights` for where weights are looked for.

    Raises
    ------
    InputError
        If weights are there but damaged.
    """
    return RandomVGG16() if find_weights() is None else InceptionFeatures()
