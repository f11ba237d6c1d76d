"""The one training loop of every deep method."""

from __future__ import annotations

import math
import signal
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from osrae.data.samples import Samples
from osrae.errors import InputError, TrainingDivergedError
from osrae.networks.layers import set_generator
from osrae.training.batches import Source, TrainingData
from osrae.training.callbacks import Callback, TrainingState
from osrae.training.checkpoint import (
    check_place,
    cpu_copy,
    has_checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from osrae.training.device import autocast
from osrae.training.method import Classifies, Method

__all__ = ["EVALUATION_ROWS", "RunSettings", "batched_logits", "train"]

#: Rows that are classified at once outside training.
EVALUATION_ROWS = 1024


@dataclass(frozen=True)
class RunSettings:
    """How long and how a method is trained.

    Parameters
    ----------
    max_steps : int
    evaluate_every : int
        Steps between two rows of the history.
    patience : int or None
        Evaluations without a better validation score after which the run stops.
    seed : int
    checkpoint : Path or None
        Folder to keep a checkpoint in.
    checkpoint_seconds : float
        Least time between two checkpoints.
    resume : bool
        Go on from the one in ``checkpoint`` where there is one.
    identity : dict
        What a checkpoint must share with this run, as JSON values.
    """

    max_steps: int
    evaluate_every: int
    seed: int
    patience: int | None = None
    checkpoint: Path | None = None
    checkpoint_seconds: float = math.inf
    resume: bool = False
    identity: dict[str, Any] = field(default_factory=dict)


def train(
    method: Method,
    data: TrainingData,
    validation: TrainingData | None,
    run: RunSettings,
    callbacks: Sequence[Callback] = (),
) -> TrainingState:
    """Train ``method`` and leave it with the latest weights that validation does not speak against.

    These are the latest whose validation ACSA is within one standard error of the best; without
    validation, those of the lowest loss of the kind that the method names, or else the last.

    Parameters
    ----------
    method : Method
        On its device; trained in place.
    data : TrainingData
    validation : TrainingData or None
        Decides which weights are kept and when to stop; for methods that classify.
    run : RunSettings
    callbacks : sequence of Callback

    Returns
    -------
    TrainingState
        Ends with ``reason="interrupt"`` after Ctrl-C, which lets the step in hand finish; the
        caller decides what follows.

    Raises
    ------
    TrainingDivergedError
        If a loss or a weight stops being finite. The last checkpoint is left as it was.
    """
    loop = _Loop(method, data, validation, run, callbacks)
    try:
        with _dropout_generator(method, loop.source.generator), _graceful_interrupt(loop.state):
            loop.run_to_end()
        loop.finish()
    finally:
        loop.tell("on_end")
    return loop.state


class _Loop:
    """The state of one run and its verbs: step, evaluate, save."""

    def __init__(
        self,
        method: Method,
        data: TrainingData,
        validation: TrainingData | None,
        run: RunSettings,
        callbacks: Sequence[Callback],
    ) -> None:
        self.method, self.data, self.validation = method, data, validation
        self.run, self.callbacks = run, callbacks
        self.state = TrainingState(run.max_steps)
        if run.checkpoint is not None:
            check_place(run.checkpoint)
        self.best: dict[str, Tensor] | None = None
        self.source = Source(data, method.n_classes, run.max_steps, run.seed, method.device)
        method.prepare(data)
        if run.resume and run.checkpoint is not None and has_checkpoint(run.checkpoint):
            self.state, self.best = read_checkpoint(run.checkpoint, method, run.identity)
        self.started = self.saved = time.monotonic()
        self.seconds_before = self.state.history[-1]["seconds"] if self.state.history else 0.0

    def run_to_end(self) -> None:
        state = self.state
        self.tell("on_start")
        self.method.train()
        while state.step < state.max_steps and not state.stop:
            self._step()
            if state.step % self.run.evaluate_every == 0 or state.step == state.max_steps:
                self._evaluate()
            self.tell("on_step")
            if time.monotonic() - self.saved > self.run.checkpoint_seconds:
                self._save()
        if not state.stop:
            state.reason = "max_steps"
        state.reason = state.reason or "callback"
        self._save()

    def finish(self) -> None:
        """Put the weights to keep into the method."""
        if self.best is not None:
            self.method.load_state_dict(self.best)
        self.method.eval()

    def _step(self) -> None:
        self.source.begin(self.state.step)
        losses = self.method.training_step(self.source)
        self.state.losses = _finite_values(losses, self.method, self.state.step)
        for name, value in self.state.losses.items():
            total = self.state.sums.setdefault(name, [0.0, 0])
            total[0] += value
            total[1] += 1
        self.state.step += 1

    def _evaluate(self) -> None:
        state = self.state
        row: dict[str, Any] = {"step": state.step}
        row |= {name: total / count for name, (total, count) in state.sums.items()}
        row["validation_acsa"] = None
        if self.validation is not None:
            row["validation_acsa"] = self._validate()
        elif self.method.kept_by_loss in row:
            self._keep_lowest(row[self.method.kept_by_loss])
        row["seconds"] = self.seconds_before + time.monotonic() - self.started
        state.history.append(row)
        state.sums.clear()
        self.tell("on_evaluation")

    def _keep_lowest(self, loss: float) -> None:
        state = self.state
        if -loss > state.best_score:
            state.best_score, state.best_step = -loss, state.step
            state.kept_step, self.best = state.step, cpu_copy(self.method)

    def _validate(self) -> float:
        assert self.validation is not None
        assert isinstance(self.method, Classifies)
        state = self.state
        score, standard_error = _acsa(self.method, self.validation)
        if score > state.best_score:
            state.best_score, state.best_step = score, state.step
        # A few rows of a rare class score noisily, and later weights have seen more data: earlier
        # ones are kept only if they are better by more than that noise.
        if score >= state.best_score - standard_error:
            state.kept_step, self.best = state.step, cpu_copy(self.method)
        if self.run.patience is not None and state.best_step is not None:
            waited = (state.step - state.best_step) / self.run.evaluate_every
            if waited >= self.run.patience:
                state.stop, state.reason = True, "patience"
        return score

    def _save(self) -> None:
        """Check the weights, and keep them where there is a place for it."""
        _check_finite_weights(self.method, self.state.step)
        if self.run.checkpoint is not None and self._write_checkpoint(self.run.checkpoint):
            self.tell("on_checkpoint")
        self.saved = time.monotonic()

    def _write_checkpoint(self, folder: Path) -> bool:
        """Write, and say whether that went well: a full disk must not cost hours of training."""
        try:
            write_checkpoint(folder, self.method, self.state, self.best, self.run.identity)
        except (InputError, OSError) as error:
            warnings.warn(
                f"No checkpoint was written, and training goes on: {error}",
                RuntimeWarning,
                stacklevel=2,
            )
            return False
        return True

    def tell(self, hook: str) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(self.state)


@contextmanager
def _dropout_generator(method: Method, generator: torch.Generator) -> Iterator[None]:
    set_generator(method, generator)
    try:
        yield
    finally:
        set_generator(method, None)


@contextmanager
def _graceful_interrupt(state: TrainingState) -> Iterator[None]:
    """Let the first Ctrl-C end the run after the step in hand; a second one is Python's own.

    Whoever ignores the signal, or handles it in a way of their own, has decided what it does.
    """
    pythons = signal.default_int_handler
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not pythons:
        yield
        return

    def stop(signum: int, frame: Any) -> None:
        state.stop, state.reason = True, "interrupt"
        signal.signal(signal.SIGINT, pythons)

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is stop:  # a callback may have set its own meanwhile
            signal.signal(signal.SIGINT, pythons)


def _finite_values(losses: dict[str, Tensor], method: Method, step: int) -> dict[str, float]:
    """Bring the losses to the host in one copy and check them."""
    values = torch.stack([loss.detach().float() for loss in losses.values()]).tolist()
    bad = [name for name, value in zip(losses, values, strict=True) if not math.isfinite(value)]
    if bad:
        network = _network_with_bad_weights(method) or bad[0]
        raise _diverged(network, step, f"its loss is {values[list(losses).index(bad[0])]}")
    return dict(zip(losses, values, strict=True))


def _check_finite_weights(method: Method, step: int) -> None:
    network = _network_with_bad_weights(method)
    if network is not None:
        raise _diverged(network, step, "its weights are not finite")


def _network_with_bad_weights(method: Method) -> str | None:
    for name, network in method.networks.items():
        if not all(bool(torch.isfinite(weight).all()) for weight in network.parameters()):
            return name
    return None


def _diverged(network: str, step: int, what: str) -> TrainingDivergedError:
    return TrainingDivergedError(
        f"Training diverged at step {step} in the {network}: {what}. A lower learning_rate or "
        "precision='float32' usually helps; the last checkpoint, if any, is untouched.",
        network=network,
        step=step,
    )


def batched_logits(method: Classifies, samples: Samples, held_by: Tensor | None = None) -> Tensor:
    """Classify ``samples`` in blocks; logits ``(n, C)`` on the host.

    Each by the encoder that did not learn from it, where ``held_by`` (n,) says which that is.
    """
    with torch.inference_mode(), autocast(method.device, method.precision):
        blocks = samples.blocks(EVALUATION_ROWS, method.device)
        if held_by is None:
            return torch.cat([method.logits(block).cpu() for block in blocks])
        own = zip(blocks, held_by.long().split(EVALUATION_ROWS), strict=True)
        return torch.cat(
            [method.logits_of_each(x).cpu()[by, torch.arange(len(by))] for x, by in own]
        )


def _acsa(method: Classifies, data: TrainingData) -> tuple[float, float]:
    """Mean of the recalls of the classes that ``data`` holds, and its standard error."""
    method.eval()
    correct = (batched_logits(method, data.x, data.held_by).argmax(1) == data.y).double()
    method.train()
    counts = torch.bincount(data.y)
    present = counts > 0
    hits, counts = torch.bincount(data.y, weights=correct)[present], counts[present]
    # Laplace's estimate: that all of three rows were right does not make the recall certain.
    recalls = (hits + 1) / (counts + 2)
    variance = (recalls * (1 - recalls) / counts).sum() / len(counts) ** 2
    return float((hits / counts).mean()), float(variance.sqrt())
