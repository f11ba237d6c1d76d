"""Generated samples in a report, each beside the real training sample that it is nearest to.

A model that has learned rows by heart shows here: its samples lie on real ones.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from PIL import Image
from scipy import sparse
from sklearn.metrics import euclidean_distances

from osrae.data.codec import PictureCodec, TableCodec
from osrae.data.frames import n_rows, take_rows
from osrae.methods.rows import encoded_rows
from osrae.report.page import Cell, Column, DataTable, Item, Note, Strip, Strips
from osrae.report.tables import number_text

__all__ = ["PICTURES", "ClassSamples", "generated_samples", "sample_items", "side_by_side"]

#: Samples made of each class for the figures, and how many of them are shown.
_MADE, PICTURES, _ROWS = 20, 8, 3
#: Classes that are shown, the rarest ones, and columns of a table.
_MOST_CLASSES, _MOST_COLUMNS = 12, 8
#: Real rows of a class by which the distance between real rows is judged.
_REFERENCES = 50
#: Nearer than this part of the usual distance is a copy.
_COPY = 0.1
#: Letters of a value in a table of rows.
_LETTERS = 60
#: Rows of training data that are encoded at a time.
_BLOCK = 2048
#: Pixels of a picture's side: small ones are enlarged, large ones made smaller.
_SIDE = 64


@dataclass(frozen=True)
class ClassSamples:
    """New samples of a class and the real rows nearest to them.

    Attributes
    ----------
    name : str
    made : any container
        The new samples, in the user's container.
    nearest : ndarray of int, shape (n,)
        Row of the training data that each is nearest to.
    ratios : ndarray of shape (n,)
        Distance to it, divided by the usual (median) distance of the class's real rows to the
        nearest other real row. NaN where that is 0.
    same : ndarray of bool, shape (n,)
        Whether the nearest row is of the sample's class.
    real : ndarray of int
        Rows of the training data of this class.
    """

    name: str
    made: Any
    nearest: np.ndarray
    ratios: np.ndarray
    same: np.ndarray
    real: np.ndarray


def generated_samples(
    sample: Callable[..., Any],
    codec: PictureCodec | TableCodec,
    X: Any,
    codes: np.ndarray,
    classes: np.ndarray,
    seed: int,
) -> list[ClassSamples]:
    """Make samples of every class, and find the real rows nearest to them.

    Distances are Euclidean between encoded rows: standardised numbers and indicators of
    categories, or the values of pixels.

    Parameters
    ----------
    sample : callable (n, label, random_state) -> X
    codec : PictureCodec or TableCodec
        Of the estimator.
    X : any container of the user's
        Training data.
    codes : ndarray of int, shape (n,)
        Their class numbers.
    classes : ndarray of shape (C,)
    seed : int
    """
    made = [sample(_MADE, label, seed + number) for number, label in enumerate(classes)]
    members = [np.flatnonzero(codes == number) for number in range(len(classes))]
    references = [_spread(rows, _REFERENCES) for rows in members]
    queries = np.concatenate([encoded_rows(codec, rows) for rows in made])
    others = np.concatenate(references)
    nearest, distances = _nearest(codec, X, queries, None)
    _, between = _nearest(codec, X, encoded_rows(codec, take_rows(X, others)), others)
    ends = np.cumsum([len(rows) for rows in references])
    usual = [np.median(part) for part in np.split(between, ends[:-1])]
    found = []
    for number, label in enumerate(classes):
        own = slice(number * _MADE, (number + 1) * _MADE)
        scale = usual[number] if 0 < usual[number] < np.inf else np.nan
        found.append(
            ClassSamples(
                str(label),
                made[number],
                nearest[own],
                distances[own] / scale,
                codes[nearest[own]] == number,
                members[number],
            )
        )
    return found


def _spread(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the rows, evenly spread."""
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.int64)]


def _nearest(
    codec: PictureCodec | TableCodec, X: Any, queries: np.ndarray, own: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest row of ``X`` to each query, and its distance; ``own`` rows do not count."""
    nearest = np.zeros(len(queries), dtype=np.int64)
    best = np.full(len(queries), np.inf)
    for start, block in _blocks(codec, X):
        distances = euclidean_distances(queries, block)
        if own is not None:
            inside = np.flatnonzero((own >= start) & (own < start + len(block)))
            distances[inside, own[inside] - start] = np.inf
        place = distances.argmin(axis=1)
        closest = distances[np.arange(len(queries)), place]
        nearer = closest < best
        nearest[nearer], best[nearer] = start + place[nearer], closest[nearer]
    return nearest, best


def _blocks(codec: PictureCodec | TableCodec, X: Any) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, n_rows(X), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, n_rows(X)))
        yield start, encoded_rows(codec, take_rows(X, rows))


# ------------------------------------------------------------------ what is shown


def sample_items(
    found: Sequence[ClassSamples],
    codec: PictureCodec | TableCodec,
    X: Any,
    columns: Sequence[str] | None,
) -> list[Item]:
    """Show how near samples are to real rows, then samples themselves, rarest classes first."""
    rarest = sorted(found, key=lambda one: len(one.real))[:_MOST_CLASSES]
    items: list[Item] = [_distance_table(found)]
    if len(found) > _MOST_CLASSES:
        items.append(Note(f"Shown below are the {_MOST_CLASSES} rarest of {len(found)} classes."))
    if isinstance(codec, PictureCodec):
        return items + [_strips(one, codec, X) for one in rarest]
    return items + [
        _row_table(one, X, columns, folded=place >= 3) for place, one in enumerate(rarest)
    ]


def _distance_table(found: Sequence[ClassSamples]) -> DataTable:
    medians = [float(np.median(one.ratios)) for one in found]
    rows = [
        (
            one.name,
            len(one.real),
            float(np.median(one.ratios)),
            float(one.ratios.min()),
            None if np.isnan(one.ratios).any() else int((one.ratios < _COPY).sum()),
            100 * float(one.same.mean()),
        )
        for one in sorted(found, key=lambda one: len(one.real))
    ]
    columns = [
        Column("class"), Column("training samples", "number", 0),
        Column("median distance", "bar", 2, (0.0, max(1.0, *medians))),
        Column("smallest", "number", 2), Column(f"copies, of {_MADE}", "number", 0),
        Column("nearest is of the same class, %", "number", 0),
    ]  # fmt: skip
    return DataTable(
        "Distance from new samples to the nearest real one",
        columns,
        rows,
        note="1 is the usual distance of the class's real samples to the nearest other real one. "
        f"Less than {_COPY} counts as a copy of a training sample. There is none where most real "
        "samples of the class have a twin. Distances are between standardised values, or pixels.",
    )


def _nearness(one: ClassSamples, shown: int) -> str:
    ratios = ", ".join(number_text(float(ratio), 2) for ratio in one.ratios[:shown])
    return f"Distances, as in the table above: {ratios}."


def _strips(one: ClassSamples, codec: PictureCodec | TableCodec, X: Any) -> Strips:
    shown = {
        "real": (take_rows(X, _spread(one.real, PICTURES)),
                 f"Real training pictures of the class {one.name}."),
        "new": (take_rows(one.made, np.arange(PICTURES)),
                f"New pictures of the class {one.name}."),
        "nearest real": (take_rows(X, one.nearest[:PICTURES]),
                         f"For each new picture of the class {one.name}, the training picture "
                         "nearest to it."),
    }  # fmt: skip
    strips = [
        Strip(label, side_by_side(codec.encode(pictures)), alt)
        for label, (pictures, alt) in shown.items()
    ]
    title = f"{one.name} · {len(one.real)} training sample{'s' * (len(one.real) != 1)}"
    return Strips(title, strips, _nearness(one, PICTURES))


def side_by_side(pictures: np.ndarray) -> bytes:
    """Lay pictures of the networks' layout, (n, c, h, w), in a row: PNG (grey) or WebP (colour)."""
    if pictures.dtype != np.uint8:
        pictures = np.rint(255 * np.clip(pictures, 0, 1)).astype(np.uint8)
    tiles = [_tile(picture.transpose(1, 2, 0)) for picture in pictures]
    width, height = tiles[0].size
    gap = max(2, width // 16)
    strip = Image.new("RGBA", (PICTURES * (width + gap) - gap, height))
    for place, tile in enumerate(tiles):
        strip.paste(tile, (place * (width + gap), 0))
    buffer = io.BytesIO()
    if pictures.shape[1] == 1:
        strip.convert("LA").save(buffer, "PNG", optimize=True)
    else:
        strip.save(buffer, "WEBP", quality=85, method=4)
    return buffer.getvalue()


def _tile(picture: np.ndarray) -> Image.Image:
    grey = picture.shape[-1] == 1
    image = Image.fromarray(picture[..., 0] if grey else picture).convert("RGBA")
    long = max(image.size)
    if long > _SIDE * 1.5:
        image.thumbnail((_SIDE * 3 // 2, _SIDE * 3 // 2), Image.Resampling.LANCZOS)
        return image
    times = max(1, _SIDE // long)
    return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)


def _row_table(
    one: ClassSamples, X: Any, columns: Sequence[str] | None, *, folded: bool
) -> DataTable:
    made = _frame(take_rows(one.made, np.arange(_ROWS)))
    nearest = _frame(take_rows(X, one.nearest[:_ROWS]))
    names = list(columns or (f"column {place}" for place in range(made.shape[1])))
    shown = names[:_MOST_COLUMNS]
    columns_shown = [
        Column(name, "number" if is_numeric_dtype(dtype) else "text")
        for name, dtype in zip(shown, nearest.dtypes, strict=False)
    ]
    rows: list[tuple[Cell, ...]] = []
    for place in range(_ROWS):
        new, real = made.iloc[place], nearest.iloc[place]
        ratio = float(one.ratios[place])
        rows.append((f"new {place + 1}", *map(_value, new[: len(shown)]), ratio))
        rows.append(("nearest real", *map(_value, real[: len(shown)]), ""))
    fewer = f" The first {len(shown)} of {len(names)} columns." if len(names) > len(shown) else ""
    return DataTable(
        f"{one.name}: new rows, each above the real row nearest to it",
        [Column("row"), *columns_shown, Column("distance", "number", 2)],
        rows,
        sortable=False,
        folded=folded,
        group=2,
        note=f"{len(one.real)} training rows. Distances as in the table above.{fewer}",
    )


def _frame(X: Any) -> pd.DataFrame:
    if sparse.issparse(X):
        X = X.toarray()
    if hasattr(X, "to_pandas"):  # polars
        X = X.to_pandas()
    return X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))


def _value(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return "–" if np.isnan(value) else f"{value:.4g}"
    text = "–" if value is None or value is pd.NA else str(value)
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"
