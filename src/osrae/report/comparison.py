"""The report on a comparison of methods on one data set."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np

from osrae.benchmark.advice import advise, best_plain, how_to_train, spread
from osrae.benchmark.comparison import Comparison, MethodResult
from osrae.benchmark.machine import machine, machine_text, versions
from osrae.evaluation.calibration import expected_calibration_error, reliability_table
from osrae.report.classes import (
    MOST_ROWS,
    confusion_items,
    of_rarest,
    recall_table,
    results,
)
from osrae.report.figures import reliability
from osrae.report.model import (
    latent_sections,
    sample_sections,
    setting_items,
    training_sections,
)
from osrae.report.page import (
    Code,
    Column,
    DataTable,
    Facts,
    Highlight,
    Highlights,
    Interval,
    Item,
    Note,
    Page,
    Section,
)

__all__ = ["comparison_report"]

#: Recalls of so many methods stand beside each other.
_BESIDE = 6


def comparison_report(
    comparison: Comparison, *, title: str = "", command: str = "", train: str = ""
) -> Page:
    """Report on a comparison.

    Parameters
    ----------
    comparison : Comparison
    title : str
        What the data are called.
    command : str
        What was run, if it was a command.
    train : str
        How the method that is advised is trained; `how_to_train` says it if it is empty.

    Returns
    -------
    Page
    """
    comparison = replace(comparison, classes=_readable(comparison.classes))
    advice = advise(comparison)
    chosen = comparison.result(advice.method)
    measured = comparison.measured
    amounts = f"{int(comparison.counts.sum()):,} samples of {len(comparison.classes)} classes"
    stopped = " It was stopped before all methods had run." if comparison.interrupted else ""
    return Page(
        title=f"Which method for {title}?" if title else "Which method for these data?",
        subtitle=f"{len(measured)} methods, {amounts}, {date.today().isoformat()}",
        lead=advice.text + stopped,
        sections=list(_sections(comparison, chosen, command)),
        opening=[
            Highlights(_highlights(comparison, chosen)),
            Code(train or how_to_train(advice.method), "What trains it"),
        ],
    )


def _readable(classes: np.ndarray) -> np.ndarray:
    """Return labels as scores take them: what is no text or number as it is written."""
    if classes.dtype.kind in "biufU":
        return classes
    names = [str(label) for label in classes]
    return np.array(names if len(set(names)) == len(names) else [repr(c) for c in classes])


def _sections(comparison: Comparison, chosen: MethodResult, command: str) -> Iterator[Section]:
    yield _ranking(comparison)
    yield _classes(comparison, chosen)
    yield from _calibration(comparison, chosen)
    yield from _example(comparison)
    yield from _left_out(comparison)
    yield _how(comparison, command)


def _highlights(comparison: Comparison, chosen: MethodResult) -> list[Highlight]:
    rarest = comparison.rarest
    found = [
        Highlight(
            _percent(chosen.acsa.mean()),
            f"ACSA of {chosen.candidate.title}",
            spread(comparison, chosen),
        )
    ]
    fewest = comparison.counts[rarest] == comparison.counts.min()
    found.append(
        Highlight(
            _percent(chosen.recalls[rarest]),
            f"recall of {comparison.classes[rarest]}",
            f"{comparison.counts[rarest]} samples; no {'' if fewest else 'tested '}class has fewer",
        )
    )
    plain = best_plain(comparison)
    if plain is not None and plain is not chosen:
        found.append(
            Highlight(
                _percent(plain.acsa.mean()), f"ACSA of {plain.candidate.title}",
                "the best of the plain models",
            )
        )  # fmt: skip
    return [*found, Highlight(f"{chosen.seconds:.1f} s", "to train and predict a fold")]


def _ranking(comparison: Comparison) -> Section:
    table = comparison.table()
    shown = [
        (
            row["title"],
            _interval(row["acsa"], row["low"], row["high"]),
            100 * row["f1"],
            _known(row["rarest"]),
            *(_known(row[name]) for name in ("p_same", "p_best_better")),
            row["seconds"],
            100 * row["shortened"],
        )
        for row in table.to_dict("records")
    ]
    columns = [
        Column("method"),
        Column("ACSA, % (95 % interval)", "interval"),
        Column("F1, %", "number"),
        Column("recall of the rarest class, %", "number"),
        Column("same as the first, %", "number"),
        Column("behind the first, %", "number"),
        Column("seconds a fold", "number", 2),
        Column("training, %", "number", 0),
    ]
    cut = (table.shortened < 1).any()
    return Section(
        "Ranking",
        "ACSA is the mean of the recalls of all classes: every class counts the same, however rare "
        "it is.",
        [
            *_warning(comparison),
            DataTable(
                "Methods by ACSA, the best first",
                columns,
                shown,
                strong=[(0, 1)],
                note="Same and behind: the probability that the method and the first differ by "
                f"{comparison.rope_text} of ACSA or less, and that it is behind by more (Bayesian "
                "correlated t-test). The first was picked because its figure is the highest, which "
                "flatters it a little."
                + (
                    " Training: the share of its full length that there was time for."
                    if cut
                    else ""
                ),
            ),
        ],
    )


def _warning(comparison: Comparison) -> list[Item]:
    titles = "; ".join(result.candidate.title for result in comparison.cut_short)
    said = []
    if titles:
        said.append(
            "There was time for less than half of the training of these methods, so they are shown "
            f"too weak: {titles}."
        )
    if comparison.enough:
        minutes = math.ceil(comparison.enough / 60)
        said.append(
            f"A budget of {minutes} minutes trains the plain models, and those that come next, in "
            "full."
        )
    return [Note(" ".join(said), "warning")] if said else []


def _classes(comparison: Comparison, chosen: MethodResult) -> Section:
    true, predicted, _ = comparison.predictions(chosen.candidate.name)
    plain = best_plain(comparison)
    others = {}
    if plain is not None and plain is not chosen:
        others[plain.candidate.title] = comparison.predictions(plain.candidate.name)[1]
    trained = comparison.classes[comparison.codes]
    found = results(comparison.classes, trained, true, predicted, others)
    own = recall_table(found, counted="samples")
    items: list[Item] = [own, *confusion_items(found), _all_recalls(comparison)]
    return Section(
        "Classes",
        f"What {chosen.candidate.title} says of every sample when it was held out, in the first "
        "cross-validation.",
        items,
    )


def _all_recalls(comparison: Comparison) -> DataTable:
    recalls = 100 * comparison.recalls().iloc[-MOST_ROWS:, :_BESIDE]
    titles = {r.candidate.name: r.candidate.title for r in comparison.measured}
    columns = [
        Column("class"),
        Column("samples", "number", 0),
        *(Column(f"{titles[name]}, %", "number", 0) for name in recalls.columns),
    ]
    counts = dict(zip(comparison.classes.tolist(), comparison.counts.tolist(), strict=True))
    rows = [
        (str(label), counts[label], *(None if np.isnan(v) else float(v) for v in values))
        for label, values in zip(recalls.index.tolist(), recalls.to_numpy(), strict=True)
    ]
    return DataTable(
        f"Recall of each class by the first {len(recalls.columns)} methods{of_rarest(len(counts))}",
        columns,
        rows,
        folded=True,
    )


def _calibration(comparison: Comparison, chosen: MethodResult) -> Iterator[Section]:
    true, _, probabilities = comparison.predictions(chosen.candidate.name)
    if probabilities is None:
        return
    given = (true, probabilities, comparison.classes)
    error = expected_calibration_error(*given)
    text = (
        f"Sureness and share of right predictions of {chosen.candidate.title} differ by "
        f"{100 * error:.1f} points on average (expected calibration error)"
    )
    weights = None
    if len(np.unique(true)) == len(comparison.classes):
        # Plain models predict for classes as they are, those for rare classes for equal ones.
        weights = "balanced"
        error = expected_calibration_error(*given, weights)
        text += f"; if all classes were equally common, as in the picture, by {100 * error:.1f}"
    yield Section(
        "Whether its probabilities can be believed",
        f"{text}.",
        [reliability(reliability_table(*given, weights, n_bins=10), error)],
    )


def _example(comparison: Comparison) -> Iterator[Section]:
    """A model to be looked at, trained on the first fold."""
    example, seed = comparison.example, comparison.random_state
    if example is None:
        return
    of_which = f"By {example.title}, trained on the rows of the first fold."
    for section in (
        *latent_sections(example.model, example.X_test, example.y_test, "held-out samples", seed),
        *sample_sections(example.model, example.X_train, example.y_train, seed),
        *training_sections(example.model),
    ):
        yield replace(section, text=f"{of_which} {section.text}")


def _left_out(comparison: Comparison) -> Iterator[Section]:
    if comparison.left_out:
        rows = [(r.candidate.title, r.left_out) for r in comparison.left_out]
        yield Section(
            "Left out",
            "These methods were not measured. A longer budget lets those in that were too slow.",
            [DataTable("Methods that were left out", [Column("method"), Column("why")], rows)],
        )


def _how(comparison: Comparison, command: str) -> Section:
    times = "once" if comparison.n_repeats == 1 else f"{comparison.n_repeats} times"
    facts = [
        ("cross-validation", f"{comparison.n_folds} stratified folds, {times}; the same for all"),
        ("resampling", "inside the training parts only"),
        ("no difference", f"up to {comparison.rope_text} of ACSA"),
        ("time", f"{comparison.seconds:.0f} s"),
        ("seed", str(comparison.random_state)),
    ]
    items: list[Item] = [Code(command, "The command of this comparison")] if command else []
    made_with = [("machine", machine_text(machine())), *versions().items()]
    settings = [] if comparison.example is None else [*setting_items(comparison.example.model)]
    return Section("How it was compared", "", [*items, Facts([*facts, *made_with]), *settings])


def _interval(mean: float, low: float, high: float) -> Interval | float:
    return 100 * mean if np.isnan(low) else Interval(100 * mean, 100 * low, 100 * high)


def _known(share: float) -> float | None:
    return None if np.isnan(share) else round(100 * share, 1)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
