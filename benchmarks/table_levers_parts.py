"""What `table_levers.py` puts before, into and around the classifier of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import QuantileTransformer
from torch import Tensor, nn

from osrae import RAEOversampler, networks
from osrae.data.description import TableDescription
from osrae.networks.layers import LEAKY_SLOPE, Dropout

__all__ = ["ENCODERS", "Ensemble", "MixesRows", "PiecewiseLinear", "Quantiles"]

_BINS = 12
_FREQUENCIES, _SCALE, _WIDTH = 16, 0.3, 8


class Around(ClassifierMixin, BaseEstimator):
    """A classifier that sees changed columns.

    Parameters
    ----------
    model : classifier
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Self:
        self.numbers = [name for name in X if X[name].dtype.kind in "fiu"]
        self.learn(X[self.numbers].astype(float))
        self.model.fit(self.changed(X), y)
        self.classes_ = self.model.classes_
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        return self.model.predict_proba(self.changed(X))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self.classes_[self.predict_proba(X).argmax(1)]

    def changed(self, X: pd.DataFrame) -> pd.DataFrame:
        if not self.numbers:
            return X
        return pd.concat(
            [X.drop(columns=self.numbers), self.encode(X[self.numbers].astype(float))], axis=1
        )

    def learn(self, numbers: pd.DataFrame) -> None:
        """Learn what `encode` needs."""

    def encode(self, numbers: pd.DataFrame) -> pd.DataFrame:
        """Return what the classifier sees instead of the numbers."""
        return numbers


class Quantiles(Around):
    """Numbers by their ranks in training, normally distributed."""

    def learn(self, numbers: pd.DataFrame) -> None:
        if self.numbers:
            n_quantiles = max(10, min(1000, len(numbers) // 3))
            self.ranks = QuantileTransformer(
                n_quantiles=n_quantiles, output_distribution="normal", random_state=0
            ).fit(numbers)

    def encode(self, numbers: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(self.ranks.transform(numbers), numbers.index, numbers.columns)


class PiecewiseLinear(Around):
    """Numbers by how far they reach into each of twelve bins of as many training rows.

    Gorishniy, Rubachev, Babenko. On Embeddings for Numerical Features in Tabular Deep Learning.
    NeurIPS 2022. Section 3.1.
    """

    def learn(self, numbers: pd.DataFrame) -> None:
        shares = np.linspace(0, 1, _BINS + 1)
        self.edges = {name: np.unique(numbers[name].quantile(shares)) for name in numbers}

    def encode(self, numbers: pd.DataFrame) -> pd.DataFrame:
        columns = {}
        for name, edges in self.edges.items():
            values = numbers[name].fillna(numbers[name].median()).to_numpy()
            for place, (low, high) in enumerate(pairwise(edges)):
                # Beyond the range of training, the outer bins go on.
                least = -np.inf if place == 0 else 0.0
                most = np.inf if place == len(edges) - 2 else 1.0
                columns[f"{name}, {place}"] = np.clip((values - low) / (high - low), least, most)
        return pd.DataFrame(columns, numbers.index)


class Ensemble(ClassifierMixin, BaseEstimator):
    """The mean of the probabilities of several classifiers.

    Parameters
    ----------
    models : sequence of classifiers
    """

    def __init__(self, models: Sequence[Any]) -> None:
        self.models = models

    def fit(self, X: Any, y: np.ndarray) -> Self:
        for model in self.models:
            model.fit(X, y)
        self.classes_ = self.models[0].classes_
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        return np.mean([model.predict_proba(X) for model in self.models], axis=0)

    def predict(self, X: Any) -> np.ndarray:
        return self.classes_[self.predict_proba(X).argmax(1)]


class MixesRows(RAEOversampler):
    """Convex mixtures of rows as they are: what is left of the sampler without its networks."""

    def _after_training(self, x: Any, codes: np.ndarray, split: Any) -> None:
        super()._after_training(x, codes, split)
        self.rows = x[torch.arange(len(x))].numpy()

    def _rows_to_append(self, wanted: np.ndarray) -> Iterator[np.ndarray]:
        start = 0
        for rows in super()._rows_to_append(wanted):
            block = slice(start, start + len(rows))
            start = block.stop
            weights, parents = self.mixing_weights_[block], self.parent_indices_[block]
            yield np.einsum("nt,ntd->nd", weights, self.rows[parents])


def _leaky() -> nn.Module:
    return nn.LeakyReLU(LEAKY_SLOPE)


class Perceptron(nn.Module):
    """Table 18's encoder with other layers.

    Parameters
    ----------
    description : TableDescription
    latent_dim : int
    style : str
        Of no effect.
    widths : sequence of int
    dropout : float
    normal : callable
        Makes the layer that normalises, of a width.
    active : callable
        Makes the activation.
    noise : float
        Standard deviation of what is added to encoded rows in training.
    periodic : bool
        Whether numbers come as sines and cosines of learned frequencies, and a layer of eight
        units for each (Gorishniy et al., Section 3.2).
    """

    def __init__(
        self,
        description: TableDescription,
        latent_dim: int,
        style: str = "paper",
        *,
        widths: Sequence[int] = (512, 256),
        dropout: float = 0.4,
        normal: Callable[[int], nn.Module] = nn.BatchNorm1d,
        active: Callable[[], nn.Module] = _leaky,
        noise: float = 0.0,
        periodic: bool = False,
    ) -> None:
        super().__init__()
        (n_columns,) = description.shape
        self.noise, self.numbers = noise, description.n_continuous if periodic else 0
        if self.numbers:
            scales = torch.randn(self.numbers, _FREQUENCIES) * _SCALE
            self.frequencies = nn.Parameter(scales)
            self.weight = nn.Parameter(
                torch.randn(self.numbers, 2 * _FREQUENCIES, _WIDTH) / (2 * _FREQUENCIES) ** 0.5
            )
            self.bias = nn.Parameter(torch.zeros(self.numbers, _WIDTH))
            n_columns += (_WIDTH - 1) * self.numbers
        layers: list[nn.Module] = []
        for width in widths:
            layers += [nn.Linear(n_columns, width), normal(width), active(), Dropout(dropout)]
            n_columns = width
        self.layers = nn.Sequential(*layers, nn.Linear(n_columns, latent_dim))

    def forward(self, x: Tensor) -> Tensor:
        if self.noise and self.training:
            x = x + self.noise * torch.randn_like(x)
        if self.numbers:
            angles = 2 * torch.pi * x[:, : self.numbers, None] * self.frequencies
            waves = torch.cat([angles.sin(), angles.cos()], dim=2)
            numbers = torch.einsum("npk,pkd->npd", waves, self.weight) + self.bias
            x = torch.cat([numbers.relu().flatten(1), x[:, self.numbers :]], dim=1)
        return self.layers(x)


#: Encoders that osrae does not offer, by what they are.
ENCODERS: dict[str, Callable[..., nn.Module]] = {
    "no dropout": partial(Perceptron, dropout=0.0),
    "dropout 0.1": partial(Perceptron, dropout=0.1),
    "dropout 0.6": partial(Perceptron, dropout=0.6),
    "layer normalisation": partial(Perceptron, normal=nn.LayerNorm),
    "SiLU": partial(Perceptron, active=nn.SiLU),
    "one hidden layer": partial(Perceptron, widths=(512,)),
    "three hidden layers": partial(Perceptron, widths=(512, 512, 256)),
    "half as wide": partial(Perceptron, widths=(256, 128)),
    "a quarter as wide": partial(Perceptron, widths=(128, 64)),
    "noise of 0.1": partial(Perceptron, noise=0.1),
    "noise of 0.3": partial(Perceptron, noise=0.3),
    "periodic embedding": partial(Perceptron, periodic=True),
}
networks.ENCODERS["tables"].update(ENCODERS)  # type: ignore[attr-defined]
