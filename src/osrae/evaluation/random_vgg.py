"""VGG-16 with random weights."""

from __future__ import annotations

import math

import torch
from torch import nn

__all__ = ["random_vgg16"]

#: Channels of VGG-16's convolutions; None halves height and width.
_CHANNELS = (64, 64, None, 128, 128, None, 256, 256, 256, None) + 2 * (512, 512, 512, None)
_HIDDEN = 4096
_N_FEATURES = 64


def random_vgg16(seed: int) -> nn.Module:
    """Return VGG-16 with orthogonal weights drawn from ``seed``, and 64 outputs.

    Parameters
    ----------
    seed : int
        From 0. torch's own state of random numbers is neither used nor changed.

    Returns
    -------
    Module
        Maps (n, 3, h, w), h and w at least 32, to (n, 64). On the CPU, in evaluation mode, without
        gradients.

    References
    ----------
    K. Simonyan and A. Zisserman, Very deep convolutional networks for large-scale image
    recognition, ICLR 2015, Table 1 (D).
    """
    layers: list[nn.Module] = []
    n_in = 3
    # Made without memory or random numbers: the weights are drawn below.
    with torch.device("meta"):
        for n_out in _CHANNELS:
            if n_out is None:
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.ReLU(inplace=True)]
            n_in = n_out
        hidden = nn.Linear(n_in, _HIDDEN, bias=False)
        last = nn.Linear(_HIDDEN, _N_FEATURES, bias=False)
        pooled = (nn.AdaptiveAvgPool2d(1), nn.Flatten())
        network = nn.Sequential(*layers, *pooled, hidden, nn.ReLU(inplace=True), last)
    network = network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for weight in network.parameters():
        nn.init.orthogonal_(weight, gain=math.sqrt(2), generator=generator)
    return network.eval().requires_grad_(False)
