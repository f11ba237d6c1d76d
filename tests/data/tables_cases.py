"""Questions that tests of tables ask: does it come back?"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
from pandas.testing import assert_frame_equal
from polars.testing import assert_frame_equal as assert_polars_equal
from scipy import sparse

from osrae.data.tables import TableEncoder


def restored(encoder):
    return TableEncoder.from_json(json.loads(json.dumps(encoder.to_json(), allow_nan=False)))


def round_trip(X, **parameters):
    """Encode and decode, with the encoder and with its copy from JSON; both must agree."""
    encoder = TableEncoder(**parameters).fit(X)
    copy = restored(encoder)
    assert copy.description == encoder.description
    Z = encoder.transform(X)
    np.testing.assert_array_equal(copy.transform(X), Z)
    back, again = encoder.inverse_transform(Z), copy.inverse_transform(Z)
    assert type(again) is type(back)
    same(again, back, rtol=0, atol=0)
    return back


def same(found, expected, rtol=1e-6, atol=1e-6):
    """Compare containers; the tolerances are those of the standardised float32."""
    if isinstance(expected, pd.DataFrame):
        assert_frame_equal(found, expected, check_column_type="equiv", rtol=rtol, atol=atol)
    elif isinstance(expected, pl.DataFrame):
        assert_polars_equal(found, expected, rel_tol=rtol, abs_tol=atol)
    elif expected.dtype == object:
        same(pd.DataFrame(found), pd.DataFrame(expected), rtol, atol)
        assert found.dtype == object
    else:
        assert found.dtype == expected.dtype
        if expected.dtype.kind == "U":
            assert found.tolist() == expected.tolist()
            return
        found, expected = (X.toarray() if sparse.issparse(X) else X for X in (found, expected))
        np.testing.assert_allclose(found, expected, rtol, atol)


def noise(encoder, n=200, size=5.0, seed=0):
    width = encoder.description.shape[0]
    return np.random.default_rng(seed).normal(0, size, (n, width)).astype(np.float32)
