"""Which method for my data? Cross-validation of many methods within a time budget."""

from __future__ import annotations

import numbers
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_random_state

from osrae.benchmark.budget import TrainingPlan
from osrae.benchmark.candidates import candidates
from osrae.benchmark.comparison import (
    LEAST_SHARE,
    Comparison,
    Example,
    FoldScores,
    MethodResult,
    share_until,
)
from osrae.benchmark.gathered import GatheredWarnings
from osrae.benchmark.measures import makes_samples, predictions
from osrae.data.codec import fit_codec
from osrae.data.description import DataKind
from osrae.data.frames import n_rows, take_rows
from osrae.data.labels import class_numbers, encode_labels, label_array
from osrae.errors import DataWarning, InputError
from osrae.evaluation.classification import summary

__all__ = ["compare"]

#: Seeds are below this: folds and repetitions count up from one.
_SEEDS = 2**31 - 1
_MOST_FOLDS = 5
_MOST_REPEATS = 10
#: So many classes are named in a warning.
_MOST_NAMED = 10
#: Share of a method's time that finding out how long it takes may cost.
_TRIAL_SHARE = 0.2
#: What begins the reason of a method that came to an error.
_FAILED = "failed: "
#: Seconds that nobody minds, and their share of the budget at most: a method that needs no more is
#: not left out.
_SHORT, _SHORT_SHARE = 10.0, 0.05


@dataclass(frozen=True)
class _Folds:
    """Training and test rows of every fold of a repetition, the same for all methods."""

    X: Any
    codes: np.ndarray
    classes: np.ndarray
    n_folds: int
    seed: int

    def rows(self, numbers: np.ndarray) -> tuple[Any, np.ndarray]:
        """Return rows and their labels."""
        return take_rows(self.X, numbers), self.classes[self.codes[numbers]]

    def of(self, repeat: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield rows; those of a class with one row are in every training part."""
        counts = np.bincount(self.codes)
        alone = np.flatnonzero(counts[self.codes] == 1)
        rows = np.flatnonzero(counts[self.codes] > 1)
        splitter = StratifiedKFold(self.n_folds, shuffle=True, random_state=self.seed + repeat)
        for train, test in splitter.split(self.codes[rows], self.codes[rows]):
            yield np.concatenate([rows[train], alone]), rows[test]


def compare(
    X: Any,
    y: Any,
    *,
    methods: Sequence[str] | None = None,
    budget: float = 600.0,
    rope: float = 0.01,
    random_state: int | np.random.RandomState | None = 0,
    report: Callable[[str], None] = lambda text: None,
) -> Comparison:
    """Compare methods on your data, all on the same folds.

    A plain model, class weights and gradient boosting always take part. Resampling happens inside
    the folds: no test row is ever seen by a sampler. Methods get their time in turn; a network's
    training is shortened to it. One that would get less than a quarter of what it needs is left
    out, unless it always takes part; of those that come next, the first get a quarter at the cost
    of the last. What others leave of their time goes to those that were left out, as far as it
    suffices; then the cross-validation is repeated with other folds as often as there is time for
    all of them.

    Parameters
    ----------
    X : array-like of shape (n, p), data frame, or pictures (n, h, w) or (n, h, w, c)
    y : array-like of shape (n,)
    methods : sequence of str, or None
        Of `osrae.methods.available`, or ``"sampler+classifier"``; None for all that take such data.
    budget : float, default=600.0
        Seconds for everything, about. A method that trains no network cannot be shortened.
    rope : float, default=0.01
        A difference of ACSA of this size or less makes no difference in practice.
    random_state : int, RandomState instance or None, default=0
    report : callable
        Told what is being done.

    Returns
    -------
    Comparison
        Also after Ctrl-C, of what had run until then, if anything had.

    Raises
    ------
    InputError
        If the data cannot be used, fewer than two classes have two rows, a method does not exist,
        or an argument is out of range.
    """
    _check_numbers(budget, rope)
    seed = _seed(random_state)
    if isinstance(methods, str):
        raise InputError(f"methods={methods!r}: expected a list of names, as [{methods!r}].")
    if np.ndim(X) < 2:
        raise InputError(
            f"X has {np.ndim(X)} dimensions; expected a table (n, p), or pictures (n, h, w) or "
            "(n, h, w, c)."
        )
    started = time.monotonic()
    labels = label_array(y)
    if len(labels) != n_rows(X):
        raise InputError(
            f"X has {n_rows(X)} rows and y has {len(labels)} labels; expected as many."
        )
    classes, codes = encode_labels(labels)
    data: DataKind = "pictures" if np.ndim(X) > 2 else "tables"
    chosen = candidates(data, methods)
    _check_values(X)
    folds = _Folds(X, codes, classes, _fold_number(classes, codes), seed)
    short = min(_SHORT, _SHORT_SHARE * budget)
    gathered = GatheredWarnings()
    runs = [_Run(MethodResult(candidate), folds, short, gathered) for candidate in chosen]
    repeats, interrupted = 0, False
    example: Example | None = None
    try:
        for run, seconds, most in _in_turn(runs, started, budget):
            report(run.result.candidate.title)
            run.first(seconds, most)
            example = _better(example, run)
        for run in runs:
            left = started + budget - time.monotonic()
            if run.fits_after_all(left):
                report(run.result.candidate.title)
                run.first(left, left)
                example = _better(example, run)
        repeats = 1
        while repeats < _MOST_REPEATS and _fits(runs, started + budget):
            report(f"Repetition {repeats + 1} with other folds")
            for run in runs:
                run.again(repeats)
            repeats += 1
    except KeyboardInterrupt:
        if not any(len(run.result.folds) >= folds.n_folds for run in runs):
            raise
        interrupted = True
    results = [run.whole(max(repeats, 1)) for run in runs]
    gathered.tell(stacklevel=2)
    if not any(result.folds for result in results):
        raise InputError(_nothing(results))
    return Comparison(
        classes=classes,
        counts=np.bincount(codes),
        codes=codes,
        data=data,
        n_folds=folds.n_folds,
        n_repeats=max(repeats, 1),
        rope=rope,
        results=tuple(results),
        seconds=time.monotonic() - started,
        random_state=seed,
        interrupted=interrupted,
        example=example,
    )


def _better(before: Example | None, run: _Run) -> Example | None:
    """Keep one model to be looked at: all of them would not fit into memory."""
    new, run.example = run.example, None
    if new is None or not run.result.folds:
        return before
    return new if before is None or new.rank > before.rank else before


def _check_numbers(budget: Any, rope: Any) -> None:
    for name, value, fits in (("budget", budget, "seconds, above 0"),
                              ("rope", rope, "from 0 to below 1")):  # fmt: skip
        number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not number or not (value > 0 if name == "budget" else 0 <= value < 1):
            raise InputError(f"{name}={value!r}: expected a number, {fits}.")


def _check_values(X: Any) -> None:
    """Refuse values that no method takes; a fold's would be named by its row of the fold."""
    if hasattr(X, "shape"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit_codec(X, None, "auto")


def _seed(random_state: Any) -> int:
    """Return a seed to count up from for folds and repetitions."""
    if isinstance(random_state, numbers.Integral) and not isinstance(random_state, bool):
        seed = int(random_state)
        if not 0 <= seed < _SEEDS:
            raise InputError(f"random_state={seed}: expected a number from 0 to {_SEEDS - 1}.")
        return seed
    if random_state is not None and not isinstance(random_state, np.random.RandomState):
        raise InputError(
            f"random_state={random_state!r}: expected a whole number, a RandomState or None."
        )
    return int(check_random_state(random_state).randint(_SEEDS))


def _nothing(results: list[MethodResult]) -> str:
    """Say how the first method failed: none of those that always take part is left out for time."""
    failed = [result for result in results if result.left_out.startswith(_FAILED)]
    first = failed[0]
    return (
        f"No method came to a result; {len(failed)} failed. {first.candidate.title} "
        f"{first.left_out}."
    )


def _fold_number(classes: np.ndarray, codes: np.ndarray) -> int:
    """Return as many folds as every class that can be tested can fill, five at most."""
    counts = np.bincount(codes)
    testable = counts[counts > 1]
    if len(testable) < 2:
        raise InputError(
            f"Only {len(testable)} of {len(classes)} classes have two rows or more; a comparison "
            "needs two such classes. Bring more rows, or put classes together."
        )
    if len(testable) < len(classes):
        alone = [str(label) for label in classes[counts == 1]]
        more = f" and {len(alone) - _MOST_NAMED} more" if len(alone) > _MOST_NAMED else ""
        warnings.warn(
            "Classes with one row are trained on and never tested: "
            f"{', '.join(alone[:_MOST_NAMED])}{more}.",
            DataWarning,
            stacklevel=3,
        )
    return int(min(_MOST_FOLDS, testable.min()))


def _in_turn(
    runs: list[_Run], started: float, budget: float
) -> Iterator[tuple[_Run, float, float]]:
    """Yield methods, the seconds that each may take, and those that it may take at most.

    They share out what their group has left. What always takes part, or comes next, may have all
    of that: of all others, as many as possible are measured.
    """
    ranks = [run.result.candidate.rank for run in runs]
    for rank in sorted(set(ranks)):
        group = [run for run, its in zip(runs, ranks, strict=True) if its == rank]
        share = share_until(rank, max(ranks))
        # What always takes part, or was chosen, gets its share however long others took.
        least = budget / 3 / len(group) if rank <= 1 else 0.0
        for position, run in enumerate(group):
            left = started + share * budget - time.monotonic()
            seconds = max(left / (len(group) - position), least)
            yield run, seconds, left if rank <= 1 else seconds


class _Run:
    """A method on its way through the folds.

    Parameters
    ----------
    result : MethodResult
        Filled in.
    folds : _Folds
    short : float
        Seconds that it may take in any case.
    gathered : GatheredWarnings
        What takes its warnings.
    """

    def __init__(
        self, result: MethodResult, folds: _Folds, short: float, gathered: GatheredWarnings
    ) -> None:
        self.result, self.folds, self.short, self.gathered = result, folds, short, gathered
        self.timed: TrainingPlan | None = None
        self.example: Example | None = None

    def first(self, seconds: float, most: float) -> None:
        """Run on the first repetition's folds, or leave the method out.

        Parameters
        ----------
        seconds : float
            That it may take.
        most : float
            That it may take if less than a quarter of its training fits into ``seconds``.
        """
        result, optional = self.result, self.result.candidate.rank > 0
        result.left_out = ""
        if optional and seconds <= 0:
            result.left_out = "no time was left"
            return
        with self._failures_told():
            seconds = self._plan(seconds, most, optional)
            for number, (train, test) in enumerate([] if result.left_out else self.folds.of(0)):
                result.folds.append(self._run(train, test, number))
                needed = result.seconds * self.folds.n_folds
                result.needs = max(result.needs, needed)
                if number == 0 and optional and needed > max(2 * seconds, self.short):
                    result.left_out = f"needs about {_told(needed)}"
                    break
        if result.left_out:
            result.folds.clear()

    def fits_after_all(self, seconds: float) -> bool:
        """Say whether a method that was left out for lack of time has enough of it now."""
        result = self.result
        shortens = self.timed is not None and self.timed.stages
        least = LEAST_SHARE * result.needs if shortens else result.needs
        return not result.folds and 0 < least <= seconds

    def again(self, repeat: int) -> None:
        """Run on another repetition's folds, if the first came to a result."""
        if not self.result.folds:
            return
        with self._failures_told():
            first = repeat * self.folds.n_folds
            for number, (train, test) in enumerate(self.folds.of(repeat), start=first):
                self.result.folds.append(self._run(train, test, number))

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        """Leave the method out, and say why, if it comes to an error."""
        try:
            yield
        except Exception as error:  # another library's, too; the others are compared all the same
            said = " ".join(str(error).split()).rstrip(".")
            self.result.left_out = f"{_FAILED}{type(error).__name__}: {said}"
            self.result.needs = 0.0
            self.result.folds.clear()

    def whole(self, repeats: int) -> MethodResult:
        """Return the result with whole repetitions only: all methods have the same folds."""
        result, n_folds = self.result, self.folds.n_folds
        if len(result.folds) < n_folds:
            result.folds.clear()
            result.left_out = result.left_out or "stopped before it was measured"
        del result.folds[n_folds * repeats :]
        return result

    def _plan(self, seconds: float, most: float, optional: bool) -> float:
        """Time the networks' training, shorten it, and return the seconds that all folds take."""
        if self.timed is None:
            train, _ = next(self.folds.of(0))
            trial = max(_TRIAL_SHARE * seconds, 1.0)
            with self.gathered.of(self.result.candidate.title):
                self.timed = TrainingPlan.of(self._model(0), *self.folds.rows(train), trial)
        full = self.timed.seconds * self.folds.n_folds / torch.get_num_threads()
        self.result.needs = full
        share = min(1.0, max(seconds, 0.0) / full) if full else 1.0
        if share < LEAST_SHARE and optional:
            if LEAST_SHARE * full <= most:
                share = LEAST_SHARE
            else:
                self.result.left_out = f"needs about {_told(full)}"
        self.result.shortened = share
        return max(seconds, share * full)

    def _model(self, number: int) -> Any:
        model = self.result.candidate.model(self.folds.seed + number)
        if self.timed is None or self.result.shortened == 1:
            return model
        return self.timed.shortened(model, self.result.shortened * self.timed.seconds)

    def _run(self, train: np.ndarray, test: np.ndarray, number: int) -> FoldScores:
        """Train on a fold's training rows and score on its test rows."""
        started = time.perf_counter()
        model, classes = self._model(number), self.folds.classes
        with self.gathered.of(self.result.candidate.title):
            model.fit(*self.folds.rows(train))
            held, _ = self.folds.rows(test)
            labels, told = predictions(model, held)
            predicted = class_numbers(labels, classes)
        seconds = time.perf_counter() - started
        codes = self.folds.codes[test]
        scores = summary(codes, predicted)
        if number == 0 and hasattr(model, "codec_") and makes_samples(model, classes[0]):
            parts = (*self.folds.rows(train), *self.folds.rows(test))
            self.example = Example(self.result.candidate.title, model, *parts, scores["acsa"])
        recalls = np.full(len(classes), np.nan)
        for code in np.unique(codes):
            recalls[code] = (predicted[codes == code] == code).mean()
        return FoldScores(
            scores["acsa"], scores["f1"], scores["gm"], recalls, seconds, test, predicted, told
        )


def _fits(runs: list[_Run], deadline: float) -> bool:
    """Say whether another repetition of all methods fits into the time."""
    measured = [run.result for run in runs if run.result.folds]
    needed = sum(sum(fold.seconds for fold in r.folds) / len(r.folds) for r in measured)
    return time.monotonic() + needed * runs[0].folds.n_folds <= deadline


def _told(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
