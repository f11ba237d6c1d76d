"""What was found, in plain words and a few large numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.stats import binomtest

from osrae.report.classes import Results
from osrae.report.page import Highlight

__all__ = ["highlights", "lead"]

#: Fewer held-out samples than this say little about a class.
_FEW = 10
#: Differences with a larger p-value are said to be perhaps chance.
_CHANCE = 0.05


def lead(found: Results) -> str:
    """Say in a few sentences what a model recognises, what others do, and how sure that is."""
    if not found.scored:
        return (
            f"Trained on {int(found.counts.sum())} samples of {len(found.names)} classes. Nothing "
            "was held out, so this report cannot say how well the model predicts."
        )
    mean, rare = _means(found, found.predicted)
    if rare is None:
        ours = f"{_percent(mean)} of held-out samples, averaged over all classes"
    else:
        ours = (
            f"{_percent(rare)} of the held-out samples of {_rare_names(found)}, and "
            f"{_percent(mean)} averaged over all classes"
        )
    first, *rest = [_other(found, title) for title in found.others] or [""]
    remarks = [*rest, *_caution(found)]
    text = f"This model recognises {ours}. {first}".strip()
    return f"{text}\n\n{' '.join(remarks)}" if remarks else text


def _caution(found: Results) -> Iterator[str]:
    few = [name for name, n in zip(found.names, found.held_out, strict=True) if n < _FEW]
    if few:
        which = _listed(few) if len(few) <= 4 else f"{len(few)} classes"
        yield (
            f"Fewer than {_FEW} samples were held out of {which}: what is said about these is "
            "rough, and the intervals below say how rough."
        )


def _other(found: Results, title: str) -> str:
    """Say what another model recognises, and whether the difference may be chance.

    By McNemar's exact test on the held-out samples of the rare classes, or of all if none is rare.
    """
    predicted = found.others[title]
    mean, rare = _means(found, predicted)
    both = _percent(mean) if rare is None else f"{_percent(rare)} and {_percent(mean)}"
    judged = np.ones(len(found.true), dtype=bool) if rare is None else found.rare[found.true]
    own, other = ((made == found.true)[judged] for made in (found.predicted, predicted))
    gained, lost = int((own & ~other).sum()), int((other & ~own).sum())
    p = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    kind = "" if rare is None else " of the rarer classes" if found.rare.sum() > 1 else (
        " of the rarer class")  # fmt: skip
    if p > _CHANCE:
        verdict = f"on {int(judged.sum())} held-out samples{kind} the difference may be chance"
    else:
        better = "this model" if gained > lost else "that one"
        chance = f"p = {p:.2g}".replace(" ", "\N{NO-BREAK SPACE}")
        verdict = f"{better} is better on samples{kind}, by more than chance explains ({chance})"
    return f"The {title} recognises {both}; {verdict}."


def _means(found: Results, predicted: np.ndarray) -> tuple[float, float | None]:
    """Mean recall in % of all classes, and of the rare ones if there are any."""
    recalls = found.recalls(predicted)
    rare = recalls[found.rare]
    known = rare[~np.isnan(rare)]
    return float(np.nanmean(recalls)), float(known.mean()) if len(known) else None


def _rare_names(found: Results) -> str:
    rare = np.flatnonzero(found.rare & (found.held_out > 0))
    counts = found.counts[rare]
    if len(rare) == 1:
        return f"the rarer class, {found.names[rare[0]]} ({counts[0]} training samples)"
    between = f"{counts.min()} to {counts.max()} training samples each"
    if len(rare) <= 4:
        return f"the rarer classes {_listed([found.names[code] for code in rare])} ({between})"
    return f"the {len(rare)} rarer classes ({between})"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _percent(value: float) -> str:
    """Write a share; what is nearly all or nearly nothing is not rounded to all or nothing."""
    digits = 1 if 99.5 <= value < 100 or 0 < value < 0.5 else 0
    return f"{value:.{digits}f}\N{NO-BREAK SPACE}%"


def highlights(found: Results) -> list[Highlight]:
    """Return the few numbers that say most, beside those of the others."""
    mean, rare = _means(found, found.predicted)
    others = {title: _means(found, made) for title, made in found.others.items()}
    recalls = found.recalls(found.predicted)
    worst = int(np.nanargmin(recalls))
    tiles = [
        Highlight(_percent(mean), "mean recall of all classes (ACSA)",
                  _against({title: pair[0] for title, pair in others.items()})),
        Highlight(_percent(recalls[worst]), "lowest recall of a class", found.names[worst]),
        Highlight(_percent(100 * found.summary()["f1"]), "macro F1", "mean of all classes"),
    ]  # fmt: skip
    if rare is None:
        return tiles
    values = {title: pair[1] for title, pair in others.items() if pair[1] is not None}
    return [
        Highlight(_percent(rare), "mean recall of the rarer classes", _against(values)),
        *tiles,
    ]


def _against(values: Mapping[str, float]) -> str:
    return "\n".join(f"{_percent(value)} {title}" for title, value in values.items())
