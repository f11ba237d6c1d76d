"""What a report on a grid shows of one data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean, stdev

import numpy as np

from osrae.benchmark.figures.names import class_name
from osrae.benchmark.measured import Measured
from osrae.benchmark.results import Result
from osrae.evaluation.calibration import expected_calibration_error, reliability_table
from osrae.evaluation.plots import project
from osrae.report.classes import confusion_items, results
from osrae.report.figures import latent_space, reliability, training_curves
from osrae.report.page import (
    Column,
    DataTable,
    Figure,
    Interval,
    Item,
    Matrix,
    Section,
    Strip,
    Strips,
)
from osrae.report.samples import PICTURES, side_by_side
from osrae.report.tables import number_text

__all__ = ["best_methods", "data_set_section", "mean_acsa"]

_MIB = 2**20
#: The rarest classes, of which pictures are shown.
_CLASSES = 2


def data_set_section(data: str, groups: dict[str, Measured]) -> Section:
    """Tell one data set: scores and cost of every method, and what the results hold to be seen."""
    several = any(len(group.scores("acsa")) > 1 for group in groups.values())
    columns = [
        Column("method"),
        Column("ACSA, % (lowest and highest)", "interval")
        if several
        else Column("ACSA, %, one seed", "number"),
        *([Column("sd", "number", 2)] if several else []),
        Column("F1, %", "number"),
        Column("GM, %", "number"),
        Column("training, s", "number"),
        Column("processors, s", "number"),
        Column("memory, MiB", "number", 0),
        Column("whole run"),
    ]
    rows = [[title, *_values(group, several=several)] for title, group in groups.items()]
    n_best = len(best_methods(groups))
    items: list[Item] = [
        DataTable(f"Methods on {data}", columns, rows, strong=[(row, 1) for row in range(n_best)]),
        _recalls(data, groups),
        *_predictions(groups),
        *_latent(data, groups),
        *_samples(data, groups),
        *_pictures(data, groups),
        *_training(groups),
        _settings(data, groups),
    ]
    return Section(data, _parts(groups), items)


def best_methods(groups: dict[str, Measured]) -> list[str]:
    """Return the methods whose mean is written like the highest one."""
    means = {title: number_text(100 * mean_acsa(group)) for title, group in groups.items()}
    highest = next(iter(means.values()))
    return [title for title, mean in means.items() if mean == highest]


def _values(group: Measured, *, several: bool) -> list[str | float | Interval | None]:
    scores = [100 * score for score in group.scores("acsa")]
    costs = [result.content["cost"] for result in group.whole]
    return [
        Interval(fmean(scores), min(scores), max(scores)) if several else scores[0],
        *([stdev(scores) if len(scores) > 1 else None] if several else []),
        *(_known(group.scores(name)) for name in ("f1", "gm")),
        round(fmean(cost["training"]["wall_seconds"] for cost in costs), 1),
        round(fmean(cost["training"]["cpu_seconds"] for cost in costs), 1),
        max(cost["peak_memory_bytes"] for cost in costs) / _MIB,
        "yes" if all(result.content["whole_run"] for result in group.whole) else "no",
    ]


def _recalls(data: str, groups: dict[str, Measured]) -> DataTable:
    """Recall of every class by every method, the rarest last."""
    by_method = {title: _class_recalls(group) for title, group in groups.items()}
    training = next(iter(groups.values())).whole[0].content["classes"]
    classes = sorted(training, key=lambda row: -row["training"])
    rows = [
        [
            row["class"],
            row["training"],
            *(recalls.get(row["class"]) for recalls in by_method.values()),
        ]
        for row in classes
    ]
    columns = [Column("class"), Column("training samples", "bar", 0)]
    columns += [Column(f"{title}, %", "number") for title in by_method]
    return DataTable(f"Recall of each class of {data}", columns, rows, folded=True)


def _class_recalls(group: Measured) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for result in group.whole:
        test = result.content["tests"][result.content["main_test"]]
        for row in test["classes"]:
            found.setdefault(row["class"], []).append(100 * row["recall"])
    return {name: fmean(values) for name, values in found.items()}


def _samples(data: str, groups: dict[str, Measured]) -> list[Item]:
    names = ("density", "coverage", "precision", "recall", "frechet")
    rows: list[list[str | float | None]] = []
    for title, group in groups.items():
        scores = [group.sample_scores(name) for name in names]
        if scores[0]:
            rows.append([title, *(fmean(values) for values in scores)])
    if not rows:
        return []
    made = next(g for g in groups.values() if g.sample_scores("density")).whole[0]
    columns = [Column("method"), *(Column(name, "number", 3) for name in names)]
    return [
        DataTable(
            f"Generated samples of {data}",
            columns,
            rows,
            note="Means of the classes, against real samples of the test part; frechet: the "
            f"Fréchet distance of all. Features: {made.content['generation']['extractor']}.",
        )
    ]


def _parts(groups: dict[str, Measured]) -> str:
    group = next(iter(groups.values()))
    cell = group.cell
    if cell.folds is not None:
        return f"Cross-validation of {cell.folds} folds."
    part = group.whole[0].content["main_test"]
    return f"Scores on the {part} test part." if part != "test" else "Scores on the test part."


def _predictions(groups: dict[str, Measured]) -> Iterator[Item]:
    """What the best method takes each class for, and whether its probabilities can be believed."""
    title, group = next(iter(groups.items()))
    result = group.whole[0]
    arrays, part = result.arrays(), result.content["main_test"]
    if f"{part}/predicted" not in arrays:
        return
    true, predicted = (arrays[f"{part}/{name}"].astype(str) for name in ("true", "predicted"))
    trained = {row["class"]: row["training"] for row in result.content["classes"]}
    classes = np.array(sorted({*trained, *true.tolist(), *predicted.tolist()}))
    y_train = np.repeat(list(trained), list(trained.values()))
    for item in confusion_items(results(classes, y_train, true, predicted, {})):
        if isinstance(item, Matrix):
            yield replace(item, caption=f"What {title} takes each class for", folded=True)
    yield from _calibration(title, arrays, part, list(trained))


def _calibration(
    title: str, arrays: dict[str, np.ndarray], part: str, classes: Sequence[str]
) -> Iterator[Figure]:
    probabilities = arrays.get(f"{part}/probabilities")
    numbers = {label: number for number, label in enumerate(classes)}
    true = arrays[f"{part}/true"].astype(str).tolist()
    if probabilities is None or set(true) - set(classes):
        return
    codes = np.array([numbers[label] for label in true])
    shares = probabilities.astype(np.float64)  # kept in half precision, whose sums are near 1
    given = (codes, shares / shares.sum(axis=1, keepdims=True), np.arange(len(classes)))
    error = expected_calibration_error(*given)
    figure = reliability(reliability_table(*given, n_bins=10), error)
    yield replace(figure, caption=f"Probabilities of {title}. {figure.caption}")


def _latent(data: str, groups: dict[str, Measured]) -> Iterator[Figure]:
    """The latent space of the best method that has one."""
    for title, group in groups.items():
        arrays = group.whole[0].arrays()
        if "latent/z" in arrays:
            labels, mixed = arrays["latent/labels"], arrays["latent/mixture"]
            names, codes = np.unique(labels, return_inverse=True)
            points = project(arrays["latent/z"])
            told = [class_name(data, name) for name in names.tolist()]
            figure = latent_space(points, codes, mixed, told, "test samples")
            yield replace(figure, caption=f"Latent space of {title}. {figure.caption}")
            return


def _pictures(data: str, groups: dict[str, Measured]) -> Iterator[Strips]:
    """Generated pictures of the rarest classes by every method, beside the nearest real ones."""
    makers = {title: result for title, group in groups.items()
              if (result := _with_pictures(group)) is not None}  # fmt: skip
    if not makers:
        return
    counts = {
        row["class"]: row["training"] for row in next(iter(makers.values())).content["classes"]
    }
    half = PICTURES // 2
    for name in sorted(counts, key=counts.__getitem__)[:_CLASSES]:
        strips, told = [], class_name(data, name)
        for title, result in makers.items():
            arrays = result.arrays()
            both = [arrays[f"{kind}/{name}"][:half] for kind in ("made", "nearest")]
            alt = f"Pictures of the class {told} by {title}, and the real ones nearest to them."
            strips.append(Strip(title, side_by_side(_channels_first(np.concatenate(both))), alt))
        yield Strips(
            f"{told} · {counts[name]} training samples",
            strips,
            f"{half} generated pictures by each method, and right of them the training picture "
            "nearest to each: where they are the same, the method repeats what it has seen.",
        )


def _with_pictures(group: Measured) -> Result | None:
    names = group.whole[0].arrays()
    return group.whole[0] if any(name.startswith("made/") for name in names) else None


def _channels_first(pictures: np.ndarray) -> np.ndarray:
    return pictures[:, None] if pictures.ndim == 3 else pictures.transpose(0, 3, 1, 2)


def _training(groups: dict[str, Measured]) -> Iterator[Item]:
    """How the losses of the best method that trains networks went."""
    for title, group in groups.items():
        stages = [stage for stage in group.whole[0].content["stages"] if stage.get("history")]
        if stages:
            gallery = training_curves(stages[-1]["history"])
            figures = [replace(f, caption=f"{title}: {f.caption}") for f in gallery.figures]
            yield replace(gallery, figures=figures)
            return


def _settings(data: str, groups: dict[str, Measured]) -> DataTable:
    rows = [
        (title, stage["estimator"], ", ".join(
            f"{name} = {value}" for name, value in stage["settings"].items() if value is not None
        ))
        for title, group in groups.items()
        for stage in group.whole[0].content["stages"]
    ]  # fmt: skip
    columns = [Column("method"), Column("stage"), Column("settings")]
    return DataTable(f"Settings of the methods on {data}", columns, rows, folded=True)


def mean_acsa(group: Measured) -> float:
    """Mean over the seeds, between 0 and 1."""
    return fmean(group.scores("acsa"))


def _known(values: Sequence[float]) -> float | None:
    return 100 * fmean(values) if values else None
