"""AMDO beside a transcription of its article, and public code of MDO."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Iterator

import numpy as np
from amdo_references import Transcription, multi_imbalance_mdo, smote_variants_mdo
from classical_tables import table, untied
from classical_timing import beside
from two_samples import Row, Table, over_seeds, relative

from osrae.methods.amdo import AMDO
from osrae.methods.amdo_method import (
    choose_seeds,
    count_same_class,
    fit_contours,
    hvdm_columns,
    partially_balanced_counts,
)

AMDO_TABLES = ("newthyroid", "glass", "ecoli", "cleveland", "vehicle", "balance", "hayes-roth")


def our_amdo(rows: np.ndarray, codes: np.ndarray, seed: int) -> Table:
    """Return the new rows of ours and their class numbers."""
    X, y = AMDO(random_state=seed).fit_resample(rows, codes)
    return X[len(rows) :], y[len(rows) :]


def transcription(rows: np.ndarray, codes: np.ndarray, seed: int) -> Table:
    """Return the new rows of the transcription and their codes."""
    return Transcription(rows, codes).resample(seed)


def amdo_agreement() -> Iterator[Row]:
    """Compare what precedes the draws, on rows without equal distances."""
    for name in (*AMDO_TABLES, "synthetic"):
        rows, codes = untied(table(name))
        other, counts = Transcription(rows, codes), np.bincount(codes)
        columns, width = hvdm_columns(rows, codes, rows.shape[1]), rows.shape[1]
        found = {"differing_neighbours": 0, "differing_sizes": 0, "radii": 0.0, "ellipsoids": 0.0}
        ours = partially_balanced_counts(counts)
        found["differing_sizes"] = int((ours != other.partially_balanced()).sum())
        for code in range(1, len(counts)):
            members = np.flatnonzero(codes == code)
            same = count_same_class(columns, codes, members, other.k2)
            found["differing_neighbours"] += int((same != other.same_class(code)).sum())
            places, weights = choose_seeds(same, other.k1)
            contours = fit_contours(rows[members[places]], weights, width)
            _, deviation, directions, scores, variances = other.space(rows[other.seeds(code)[0]])
            axes = np.sqrt(len(scores) * variances)[:, None] * directions * deviation
            radii = np.sqrt((scores**2 / variances).sum(axis=1))
            found["radii"] = max(found["radii"], relative(contours.radii, radii))
            # Of axes, which may change signs and, where two are as long, places: what they span.
            shape = relative(contours.axes.T @ contours.axes, axes.T @ axes)
            found["ellipsoids"] = max(found["ellipsoids"], shape)
        yield {"method": "AMDO", "case": name, "rows": int(counts[1:].sum()), **found}


def amdo_distribution(seeds: int) -> Iterator[Row]:
    """Whole runs of ours and of the transcription, brought to the range that a column has.

    Ours does so with the values of every table; the article says nothing about it.
    """
    for name in (*AMDO_TABLES, "synthetic"):
        rows, codes = untied(table(name))
        theirs = functools.partial(transcription, rows, codes)
        found = over_seeds(functools.partial(our_amdo, rows, codes), theirs, seeds)
        yield {"method": "AMDO", "case": name, **found}


def amdo_speed(options: argparse.Namespace) -> Iterator[Row]:
    rows, codes = table("synthetic")
    others: dict[str, Callable[[], object]] = {
        "transcription": lambda: Transcription(rows, codes).resample(0)
    }
    if options.multi_imbalance:
        others["multi-imbalance MDO"] = multi_imbalance_mdo(options.multi_imbalance, rows, codes)
    if options.smote_variants:
        others["smote_variants MDO"] = smote_variants_mdo(options.smote_variants, rows, codes)
    return beside("AMDO", "5,000 × 64", lambda: our_amdo(rows, codes, 0), others)
