"""What to use: two plain sentences, and how to train it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import numpy as np

from osrae.benchmark.candidates import SIMPLE
from osrae.benchmark.comparison import Comparison, MethodResult
from osrae.data.description import DataKind
from osrae.methods import registry
from osrae.methods.base import Estimator
from osrae.methods.combination import classifier_behind, split_name
from osrae.methods.foreign import can_be_written
from osrae.methods.two_stage import TwoStageClassifier

__all__ = ["Advice", "advise", "best_plain", "chance_text", "how_to_train", "spread"]

#: A simpler method is taken unless the best one is better by more than the rope with at least this
#: probability.
_LIKELY = 0.5
#: Methods are called practically the same from this probability on.
_SURE = 0.8
#: Fewer rows than this leave the recall of a class uncertain by more than 15 points.
_FEW = 40
#: Training that is cut to less than this share of its length is spoken of.
_MOST = 0.9


@dataclass(frozen=True)
class Advice:
    """What to use on the data that methods were compared on.

    Attributes
    ----------
    method : str
    text : str
        Two sentences, and one of classes that could not be tested if there are any.
    """

    method: str
    text: str


def advise(comparison: Comparison) -> Advice:
    """Choose the simplest method that the best one probably does not beat.

    The simplest is the first of those that always take part, see `SIMPLE`, and the better of two
    that are as simple; then the fastest. The best method beats another if it is better by more than
    the region of practical equivalence; it probably does if that is more likely than not. Methods
    that had less than a quarter of their training are not considered where others had more.
    """
    best = comparison.comparable[0]
    name = best.candidate.name
    equals = [
        result
        for result in comparison.comparable
        if result is best or comparison.compare(name, result.candidate.name).p_left < _LIKELY
    ]
    chosen = min(equals, key=lambda result: _simplicity(result, comparison.data))
    return Advice(
        chosen.candidate.name, f"{_first(comparison, chosen, best)} {_second(comparison, chosen)}"
    )


def _simplicity(result: MethodResult, data: str) -> tuple[int, float]:
    kind: DataKind = "pictures" if data == "pictures" else "tables"
    groups = SIMPLE[kind]
    for place, group in enumerate(groups):
        if result.candidate.name in group:
            return place, -float(result.acsa.mean())
    return len(groups), result.seconds


def _first(comparison: Comparison, chosen: MethodResult, best: MethodResult) -> str:
    """Say what to use, and why not something else."""
    chance = 1 / int((comparison.counts > 1).sum())
    low, _ = comparison.interval(best.acsa)
    if (best.acsa.mean() if np.isnan(low) else low) <= chance + 1e-9:
        return (
            "No method is sure to do better than naming one class always, which finds "
            f"{_percent(chance)} of a class on average; {_lower(chosen.candidate.title)}"
            f"{_amounts(comparison)} finds {_percent(chosen.acsa.mean())} "
            f"({spread(comparison, chosen)})."
        )
    text = (
        f"Use {_lower(chosen.candidate.title)}{_amounts(comparison)}: on average it finds "
        f"{_percent(chosen.acsa.mean())} of a class ({spread(comparison, chosen)})"
    )
    points = comparison.rope_text
    if chosen is best:
        plain = best_plain(comparison)
        if plain is None or chosen.candidate.rank == 0:
            return f"{text}."
        beside = comparison.compare(chosen.candidate.name, plain.candidate.name)
        return (
            f"{text}; {_lower(plain.candidate.title)} finds {_percent(plain.acsa.mean())}, and the "
            f"probability that it is behind by more than {points} is {chance_text(beside.p_left)}."
        )
    beside = comparison.compare(best.candidate.name, chosen.candidate.name)
    title, mean = _lower(best.candidate.title), _percent(best.acsa.mean())
    if beside.p_rope >= _SURE:
        return (
            f"{text}, practically the same as the best method, {title} with {mean}: the "
            f"probability that they differ by {points} or less is {chance_text(beside.p_rope)}."
        )
    return (
        f"{text}; the best method, {title}, finds {mean}, but the probability that it is better by "
        f"more than {points} is {chance_text(beside.p_left)}."
    )


def _amounts(comparison: Comparison) -> str:
    """Say of how many methods one is advised, if not of all."""
    measured, left_out = len(comparison.comparable), len(comparison.left_out)
    barely = len(comparison.measured) - measured
    told = [f"{_were(left_out)} left out"] if left_out else []
    told += [f"{_were(barely)} hardly trained and {_do(barely)} not count"] if barely else []
    if not told:
        return ""
    method = "method was" if measured == 1 else "methods were"
    return f" ({measured} {method} measured, {', '.join(told)})"


def _were(number: int) -> str:
    return f"{number} {'was' if number == 1 else 'were'}"


def _do(number: int) -> str:
    return "does" if number == 1 else "do"


def best_plain(comparison: Comparison) -> MethodResult | None:
    """Return the best of the methods that always take part; None if all of them failed."""
    return next((r for r in comparison.comparable if r.candidate.rank == 0), None)


def _second(comparison: Comparison, chosen: MethodResult) -> str:
    """Say what the figure does not tell."""
    rarest = comparison.rarest
    recall, count = chosen.recalls[rarest], int(comparison.counts[rarest])
    alike = int((comparison.counts == count).sum())
    untested = _untested(comparison)
    tested = " that could be tested" if untested else ""
    which = f"the rarest class{tested}" if alike == 1 else f"one of the {alike} rarest classes"
    told = (
        f"Of {which}, {comparison.classes[rarest]} with {count} rows, it finds {_percent(recall)}"
    )
    cut = ""
    if chosen.shortened < _MOST:
        share = f"{100 * chosen.shortened:.0f} %"
        cut = f"; its training was cut to {share} by the time budget, so it may do better"
    if count < _FEW:
        return (
            f"{told}, a figure that so few rows leave uncertain: collect more of them first"
            f"{cut}.{untested}"
        )
    return f"{told}{cut}.{untested}"


def _untested(comparison: Comparison) -> str:
    alone = comparison.classes[comparison.counts == 1]
    if len(alone) == 1:
        return f" The class {alone[0]} has 1 row and could not be tested."
    if len(alone):
        return f" {len(alone)} classes have 1 row each and could not be tested."
    return ""


def how_to_train(
    name: str,
    data: str | None = None,
    target: str | None = None,
    size: tuple[int, int] | None = None,
) -> str:
    """Return what trains a method: a shell command, or Python code where there is none.

    Parameters
    ----------
    name : str
    data : str or None
        The file or folder; None for code about ``X`` and ``y`` that are there.
    target : str or None
        The table's column that holds the class.
    size : (height, width) or None
        That the pictures of a folder were brought to.
    """
    first, second = split_name(name)
    model = registry.get(first).estimator()
    stage_two = model.classifier if isinstance(model, TwoStageClassifier) else model
    if second:
        stage_two = classifier_behind(second)
    kind: DataKind = "pictures" if target is None else "tables"
    written = isinstance(stage_two, Estimator) or can_be_written(stage_two)
    if data is not None and written and kind in registry.get(first).data:
        given = f" --target {shlex.quote(target)}" if target else ""
        given += f" --size {size[0]}x{size[1]}" if size else ""
        path = f"./{data}" if data.startswith("-") else data  # no option
        return f"osrae fit {shlex.quote(path)}{given} --method {name} -o model"
    read = [] if data is None else _read(data, target, size)
    if registry.get(first).kind == "classifier":
        seed = "random_state=0" if "random_state" in model.get_params(deep=False) else ""
        train = [f'model = methods.get("{first}").estimator({seed}).fit(X, y)']
        return "\n".join(["from osrae import methods", *read, *train])
    train = [f'sampler = methods.get("{first}").estimator(random_state=0)']
    parts = "sampler=sampler"
    if second:
        train.append(f'classifier = methods.get("{second}").estimator()')
        parts += ", classifier=classifier"
    train.append(f"model = TwoStageClassifier({parts}).fit(X, y)")
    return "\n".join(["from osrae import TwoStageClassifier, methods", *read, *train])


def _read(data: str, target: str | None, size: tuple[int, int] | None) -> list[str]:
    """Return code that reads a file or folder to ``X`` and ``y``, as the commands do."""
    if target is not None:
        return [
            "from osrae.data.files import read_table, split_target",
            f"X, y = split_target(read_table({data!r}), {target!r})",
        ]
    given = f", size={size}" if size else ""
    return [
        "from osrae.data.folders import read_folder",
        f"folder = read_folder({data!r}{given})",
        "X, y = folder.pictures, folder.labels",
    ]


def spread(comparison: Comparison, result: MethodResult) -> str:
    """Say between what a method's ACSA lies."""
    low, high = comparison.interval(result.acsa)
    if np.isnan(low):
        return "the same in every fold"
    return f"95 % interval {_percent(low)} to {_percent(high)}"


def chance_text(probability: float) -> str:
    """Write a probability; one that is nearly sure is not rounded to certainty."""
    if probability > 0.99:
        return "more than 0.99"
    return f"{probability:.2f}" if probability >= 0.01 else "less than 0.01"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _lower(title: str) -> str:
    """Begin a title in the middle of a sentence; abbreviations stay."""
    return title if title[1:2].isupper() else f"{title[:1].lower()}{title[1:]}"
