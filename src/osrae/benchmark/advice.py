"""What to use: two plain sentences, and how to train it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import numpy as np

from osrae.benchmark.candidates import ALWAYS
from osrae.benchmark.comparison import Comparison, MethodResult
from osrae.data.description import DataKind
from osrae.methods import registry
from osrae.methods.base import Estimator
from osrae.methods.two_stage import TwoStageClassifier

__all__ = ["Advice", "advise", "how_to_train"]

#: A simpler method is taken unless the best one is better by more than the rope with at least this
#: probability.
_LIKELY = 0.5
#: Methods are called practically the same from this probability on.
_SURE = 0.8
#: Fewer rows than this leave the recall of a class uncertain by more than 15 points.
_FEW = 40


@dataclass(frozen=True)
class Advice:
    """What to use on the data that methods were compared on.

    Attributes
    ----------
    method : str
    text : str
        Two sentences.
    """

    method: str
    text: str


def advise(comparison: Comparison) -> Advice:
    """Choose the simplest method that the best one probably does not beat.

    The simplest is the first of those that always take part, in their order, then the fastest. The
    best method beats another if it is better by more than the region of practical equivalence; it
    probably does if that is more likely than not.
    """
    best = comparison.measured[0]
    name = best.candidate.name
    equals = [
        result
        for result in comparison.measured
        if result is best or comparison.compare(name, result.candidate.name).p_left < _LIKELY
    ]
    chosen = min(equals, key=lambda result: _simplicity(result, comparison.data))
    return Advice(
        chosen.candidate.name, f"{_first(comparison, chosen, best)} {_second(comparison, chosen)}"
    )


def _simplicity(result: MethodResult, data: str) -> tuple[int, float]:
    kind: DataKind = "pictures" if data == "pictures" else "tables"
    always = ALWAYS[kind]
    name = result.candidate.name
    return (always.index(name) if name in always else len(always), result.seconds)


def _first(comparison: Comparison, chosen: MethodResult, best: MethodResult) -> str:
    """Say what to use, and why not something else."""
    low, high = comparison.interval(chosen.acsa)
    text = (
        f"Use {_lower(chosen.candidate.title)}: on average it finds {_percent(chosen.acsa.mean())} "
        f"of a class (95 % interval {_percent(max(low, 0))} to {_percent(min(high, 1))})"
    )
    points = f"{100 * comparison.rope:g} point{'s' if comparison.rope != 0.01 else ''}"
    if chosen is best:
        plain = _simplest(comparison, chosen)
        if plain is None:
            return f"{text}."
        beside = comparison.compare(chosen.candidate.name, plain.candidate.name)
        return (
            f"{text}; {_lower(plain.candidate.title)} finds {_percent(plain.acsa.mean())}, and the "
            f"probability that it is behind by more than {points} is {beside.p_left:.2f}."
        )
    beside = comparison.compare(best.candidate.name, chosen.candidate.name)
    title, mean = _lower(best.candidate.title), _percent(best.acsa.mean())
    if beside.p_rope >= _SURE:
        return (
            f"{text}, practically the same as the best method, {title} with {mean}: the "
            f"probability that they differ by {points} or less is {beside.p_rope:.2f}."
        )
    return (
        f"{text}; the best method, {title}, finds {mean}, but the probability that it is better by "
        f"more than {points} is only {beside.p_left:.2f}."
    )


def _simplest(comparison: Comparison, chosen: MethodResult) -> MethodResult | None:
    """Return the best of the plain models that always take part, if it is not the chosen one."""
    always = [r for r in comparison.measured if r.candidate.rank == 0 and r is not chosen]
    return always[0] if always and chosen.candidate.rank else None


def _second(comparison: Comparison, chosen: MethodResult) -> str:
    """Say what the figure does not tell."""
    rarest = int(comparison.counts.argmin())
    recall, count = chosen.recalls[rarest], int(comparison.counts[rarest])
    label = comparison.classes[rarest]
    if np.isnan(recall):
        return f"The class {label} has {count} row and could not be tested."
    told = f"Of the rarest class, {label} with {count} rows, it finds {_percent(recall)}"
    if count < _FEW:
        return f"{told}, a figure that so few rows leave uncertain: collect more of them first."
    if chosen.shortened < 1:
        share = f"{100 * chosen.shortened:.0f} %"
        return f"{told}; its training was cut to {share} by the time budget, so it may do better."
    return f"{told}."


def how_to_train(name: str, data: str = "DATA", target: str | None = None) -> str:
    """Return the shell command that trains a method, or Python code where there is none.

    Parameters
    ----------
    name : str
    data : str
        The file or folder.
    target : str or None
        The table's column that holds the class.
    """
    first, _, second = name.partition("+")
    entry = registry.get(first)
    model = entry.estimator()
    stage_two = model.classifier if isinstance(model, TwoStageClassifier) else model
    if not second and isinstance(stage_two, Estimator):
        column = f" --target {shlex.quote(target)}" if target else ""
        return f"osrae fit {shlex.quote(data)}{column} --method {name} -o model"
    if second:
        return (
            "from osrae import TwoStageClassifier, methods\n"
            f'sampler = methods.get("{first}").estimator(random_state=0)\n'
            f'classifier = methods.get("{second}").estimator()\n'
            "model = TwoStageClassifier(sampler=sampler, classifier=classifier).fit(X, y)"
        )
    return (
        "from osrae import methods\n"
        f'model = methods.get("{name}").estimator(random_state=0).fit(X, y)'
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _lower(title: str) -> str:
    """Begin a title in the middle of a sentence; abbreviations stay."""
    return title if title[1:2].isupper() else f"{title[:1].lower()}{title[1:]}"
