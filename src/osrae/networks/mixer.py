"""The mixer of Tables 17 and 19.

References
----------
Mondal, Singhal, Tiwary, Singla, Prathosh. Minority Oversampling for Imbalanced Data via
Class-Preserving Regularized Auto-Encoders. AISTATS 2023. Tables 17 and 19.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from osrae.errors import InputError
from osrae.networks.layers import (
    LEAKY_SLOPE,
    Style,
    check_shape,
    dense_block,
    widened,
    with_label,
)

__all__ = ["Mixer"]

_DROPOUT = 0.4


class Mixer(nn.Module):
    """M: latent vectors of one class, their label and noise to mixing coefficients.

    Parameters
    ----------
    latent_dim : int
        m.
    mixture_size : int
        t, the latent vectors in a mixture; at least 2.
    n_classes : int
        C.
    width : int
        Of the four hidden layers: 1024 for pictures (Table 17), 512 for tables (Table 19).
    style : {"paper", "reference"}, default="paper"
        LeakyReLU (paper) or ReLU (authors' code), and constants of batch normalisation.

    Raises
    ------
    InputError
        If ``mixture_size`` is below 2.
    """

    def __init__(
        self,
        latent_dim: int,
        mixture_size: int,
        n_classes: int,
        width: int,
        style: Style = "paper",
    ) -> None:
        super().__init__()
        if mixture_size < 2:
            raise InputError(f"mixture_size={mixture_size}; a mixture has at least 2 components.")
        self.latent_dim, self.mixture_size, self.n_classes = latent_dim, mixture_size, n_classes
        slope = LEAKY_SLOPE if style == "paper" else 0.0
        n_inputs = (mixture_size + 1) * latent_dim + n_classes
        self.hidden = nn.Sequential(
            *(
                dense_block(n_in, width, style, slope, _DROPOUT)
                for n_in in (n_inputs, width, width, width)
            )
        )
        self.output = nn.Linear(width, mixture_size)

    def forward(self, z: Tensor, label: Tensor, noise: Tensor) -> Tensor:
        """Compute mixing coefficients.

        Parameters
        ----------
        z : Tensor of shape (n, t, latent_dim)
        label : Tensor of shape (n, n_classes)
            One-hot.
        noise : Tensor of shape (n, latent_dim)
            Standard normal.

        Returns
        -------
        Tensor of shape (n, t)
            Non-negative, each row sums to 1; at least float32.
        """
        check_shape("Mixer", z, "n", self.mixture_size, self.latent_dim)
        check_shape("Mixer (noise)", noise, len(z), self.latent_dim)
        inputs = with_label("Mixer", torch.cat([z.flatten(1), noise], dim=1), label, self.n_classes)
        return widened(self.output(self.hidden(inputs))).softmax(dim=1)
