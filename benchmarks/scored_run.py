"""A training run that is scored on other rows on its way, so that its length can be judged."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import torch
from sklearn.metrics import recall_score

from osrae.data.codec import fit_codec
from osrae.data.samples import Samples
from osrae.methods.settings import Settings
from osrae.training.batches import TrainingData
from osrae.training.callbacks import Callback, TrainingState
from osrae.training.device import place, resolve_precision
from osrae.training.engine import RunSettings, train
from osrae.training.method import Classifies

__all__ = ["Part", "scored_run"]

Part = tuple[np.ndarray, np.ndarray]
_BLOCK = 500


#: From a method and pictures to class numbers, by the name of what predicts them.
Predictions = Callable[[Any, torch.Tensor], dict[str, torch.Tensor]]


class _Scores(Callback):
    def __init__(
        self,
        method: Classifies,
        held: Samples,
        y: np.ndarray,
        at: Collection[int],
        others: Predictions,
    ):
        self.method, self.held, self.y, self.at = method, held, y, set(at)
        self.others = others
        self.found: list[dict[str, Any]] = []

    def on_step(self, state: TrainingState) -> None:
        if state.step in self.at:
            self.found.append({"step": state.step, **self._score()})
        state.stop = state.step >= max(self.at)

    def _score(self) -> dict[str, float]:
        was = self.method.training
        self.method.eval()
        with torch.no_grad():
            found = [
                {"": self.method.logits(x).argmax(1), **self.others(self.method, x)}
                for x in self.held.blocks(_BLOCK, torch.device("cpu"))
            ]
        self.method.train(was)
        recalls = {
            name: 100 * recall_score(self.y, torch.cat([f[name] for f in found]), average=None)
            for name in found[0]
        }
        own = recalls.pop("")
        others = {name: float(recall.mean()) for name, recall in recalls.items()}
        return {"acsa": float(own.mean()), "two rarest": float(own[-2:].mean()), **others}


def scored_run(
    kind: type[Classifies],
    settings: Settings,
    training: Part,
    held: Part,
    *,
    steps: int,
    at: Collection[int],
    seed: int = 0,
    others: Predictions = lambda method, x: {},
) -> list[dict[str, Any]]:
    """Train on pictures of classes 0, 1, … on the CPU, and score after some of the steps.

    Parameters
    ----------
    kind : type
        The method.
    settings : Settings
    training, held : tuple of ndarray
        Pictures and labels, the rarest classes last.
    steps : int
        Length that the run is planned for: rates and epochs go by it.
    at : collection of int
        Steps after which it is scored; with the last of them it ends.
    seed : int
    others : callable
        Other predictions of the method in evaluation, to be scored beside its own.

    Returns
    -------
    list of dict
        ``step``, ``acsa`` in %, ``two rarest``, the mean recall of the last two classes, and the
        ACSA of what ``others`` predicts.
    """
    (X, y), (X_held, y_held) = training, held
    codec = fit_codec(X, None, None)
    labels = torch.from_numpy(np.asarray(y).astype(np.int64))
    data = TrainingData(Samples(codec.rows(X)), labels)
    torch.manual_seed(seed)
    method = kind(codec.description, torch.bincount(labels), settings)
    device = torch.device("cpu")
    method.precision = resolve_precision("auto", device, codec.description)
    place(method, device, torch.float32)
    scores = _Scores(
        method, Samples(codec.rows(X_held)), np.asarray(y_held).astype(np.int64), at, others
    )
    train(method, data, None, RunSettings(steps, steps, seed), [scores])
    return scores.found
