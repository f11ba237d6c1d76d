"""Classifiers of latent vectors: what their methods share, and `transform`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from torch import Tensor

from osrae.data.description import DataDescription
from osrae.data.samples import Samples
from osrae.methods.classifying import ClassifyingEstimator
from osrae.methods.settings import EncoderSettings
from osrae.training.augmentation import POLICIES, mirrored_mean
from osrae.training.device import autocast, full
from osrae.training.engine import EVALUATION_ROWS
from osrae.training.method import Classifies

__all__ = ["EmbeddingClassifier", "Embeds", "encode_samples"]


class Embeds(Classifies):
    """A method that classifies the latent vectors of an encoder.

    Parameters
    ----------
    description : DataDescription
    class_counts : Tensor of shape (C,)
        Training samples of each class.
    settings : EncoderSettings
        Its augmentation is the name of a policy.

    Attributes
    ----------
    latent_dim : int
        m, the size of the latent vectors.
    """

    settings: EncoderSettings
    latent_dim: int

    def __init__(
        self, description: DataDescription, class_counts: Tensor, settings: EncoderSettings
    ) -> None:
        super().__init__(description, class_counts, settings)
        self.augment = POLICIES[settings.augmentation]

    @property
    def mirrors(self) -> bool:
        """Whether pictures are classified together with their mirror images."""
        return self.settings.classify_mirrored and self.augment.flip

    def encode(self, x: Tensor) -> Tensor:
        """Latent vectors: ``(n, …)`` to ``(n, m)``."""
        return full(self.final("encoder")(x.to(self.dtype)))

    def embed(self, x: Tensor) -> Tensor:
        """Latent vectors that are classified, of pictures *and* mirror images if it `mirrors`."""
        return mirrored_mean(self.encode, x) if self.mirrors else self.encode(x)


def encode_samples(method: Embeds, samples: Samples, encode: Callable[[Tensor], Tensor]) -> Tensor:
    """Latent vectors ``(n, m)`` of samples, on the host.

    Parameters
    ----------
    method : Embeds
    samples : Samples
    encode : callable
        Its `encode` or its `embed`.
    """
    method.eval()
    with torch.inference_mode(), autocast(method.device, method.precision):
        blocks = samples.blocks(EVALUATION_ROWS, method.device)
        encoded = torch.cat([encode(block).float().cpu() for block in blocks])
    return encoded.clone()


class EmbeddingClassifier(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClassifyingEstimator):
    """Base of classifiers that say what they classify, too: latent vectors."""

    def transform(self, X: Any) -> np.ndarray:
        """Return the latent vectors that are classified.

        Where pictures are classified with their mirror images (those in colour, under the presets
        default and strong), these are means of the latent vectors of both.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of shape (n, m)
        """
        samples = self._samples(X)
        return encode_samples(self._embeds, samples, self._embeds.embed).numpy()

    @property
    def _embeds(self) -> Embeds:
        assert isinstance(self.method_, Embeds)
        return self.method_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        return self._embeds.latent_dim
