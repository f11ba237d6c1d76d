"""Settings of GAMO and its presets; the notation is that of `osrae.methods.gamo_method`.

What the two presets differ in ("original" is the authors' code):

===============  ============================  ==================================================
setting          "default"                     "original"
===============  ============================  ==================================================
architecture     Tables 16, 18 and 19          the authors' networks
update           every player moves once, on   M and Dis move on real points, then on generated
                 real and generated points     ones; then the generator moves, class after class,
                                               once through M and once through Dis
fakes_per_batch  as many as real points;       as many as real points
                 tables: as many as balance
                 classes
reshuffle        before every epoch            every epoch of the game has the same order
length           89 epochs                     25,000 batches (a counter that advances by 2 with
                                               each batch goes to 50,000)
===============  ============================  ==================================================

Both let F learn alone for an epoch before every epoch of the game, with M frozen. Learning with M,
it keeps the training samples of rare classes apart from all others, and test samples do not come
near (benchmarks/method_choices.py, its part "gamo").

Under "original" every loss has moments of its own, as models of Keras 2 that share one optimizer
have. They also share its number of updates, which makes their first moves longer; that is not
taken over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeVar

from osrae.data.description import DataDescription
from osrae.methods.settings import Presets, Settings, resolve
from osrae.networks.gamo import Architecture

__all__ = ["PRESETS", "GAMOSettings", "Place", "resolve_game"]

Game = TypeVar("Game", bound="GAMOSettings")

#: How far the authors' counter advances with a batch.
_COUNTER_STRIDE = 2
#: Turns of a run, however short it is. Where F and the game alternate, each second renews the hull.
_LEAST_TURNS = 40


class Place(NamedTuple):
    """Where in a run a step stands: phase, and number of epoch and batch in it, from 0."""

    phase: Literal["features", "game"]
    epoch: int
    batch: int
    renews_hull: bool  #: Whether it begins with features of the training samples as they are now.


@dataclass(frozen=True, kw_only=True)
class GAMOSettings(Settings):
    """Everything that defines one variant of the method.

    Parameters
    ----------
    architecture : {"equal", "original"}
        Networks of the capacity of Tables 16 to 19, or those of the authors.
    latent_dim : int or None
        m, the features of a picture; None is 64 for grey and 256 for colour pictures.
    update : {"joint", "per_class"}
        Whether every player moves once in a step, or as in the authors' code: M and Dis once for
        real and once for generated points, the generator twice for every class.
    fakes_per_batch : {"balance", "batch"}
        As many generated points as balance the classes, or as many as real ones.
    update_features : {"joint", "frozen_head"}
        F learns with M, or alone in an epoch before every epoch of the game; no effect on tables.
    reshuffle : bool
        Whether every epoch of the game has an order of its own.
    counter : int or None
        Length of the run in the authors' counter, which advances by 2 with every batch of the
        game; None counts ``epochs``.
    """

    batch_size: int = 32
    epochs: float = 89  # what 25,000 batches come to on the article's 9,000 pictures
    architecture: Architecture = "equal"
    latent_dim: int | None = None
    update: Literal["joint", "per_class"] = "joint"
    fakes_per_batch: Literal["balance", "batch"] = "batch"
    update_features: Literal["joint", "frozen_head"] = "frozen_head"
    reshuffle: bool = True
    counter: int | None = None
    least_steps: int = 1_000

    def batches(self, n_samples: int) -> int:
        """Return the batches of the game, where ``max_steps`` does not say otherwise."""
        if self.counter is not None:
            return math.ceil(self.counter / _COUNTER_STRIDE)
        return super().full_steps(n_samples)

    def full_steps(self, n_samples: int) -> int:
        """Return the steps of these batches, those in which F learns alone included."""
        batches, epoch = self.batches(n_samples), self.steps_of(1, n_samples)
        alone = epoch * math.ceil(batches / epoch) if self.update_features == "frozen_head" else 0
        return batches + alone

    def place(self, step: int, n_samples: int) -> Place:
        """Return what step number ``step`` is for.

        F learns, and the hull is as old, for an epoch at most. That is the authors' turn; a run of
        few epochs has shorter ones, or it would end before the game begins, or before its points
        are of features that F has learned.
        """
        epoch = self.steps_of(1, n_samples)
        turn = min(epoch, max(1, self.resolve_steps(n_samples) // _LEAST_TURNS))
        if self.update_features == "joint":
            return Place("game", *divmod(step, epoch), renews_hull=step % turn == 0)
        cycle, within = divmod(step, 2 * turn)
        phase: Literal["features", "game"] = "features" if within < turn else "game"
        epoch_and_batch = divmod(cycle * turn + within % turn, epoch)
        return Place(phase, *epoch_and_batch, renews_hull=within == turn)


_ORIGINAL = GAMOSettings(
    architecture="original",
    latent_dim=512,
    update="per_class",
    fakes_per_batch="batch",
    reshuffle=False,
    counter=50_000,
)
_DEFAULT = GAMOSettings()
#: Settings by name and kind of data; tables have no F.
PRESETS: Presets[GAMOSettings] = {
    "default": {
        "pictures": _DEFAULT,
        "tables": replace(_DEFAULT, fakes_per_batch="balance", update_features="joint"),
    },
    "original": {
        "pictures": _ORIGINAL,
        "tables": replace(_ORIGINAL, update_features="joint"),
    },
}


def resolve_game(
    presets: Presets[Game], preset: str, description: DataDescription, overrides: Mapping[str, Any]
) -> Game:
    """Do what `osrae.methods.settings.resolve` does; on tables, no step is for F, which is not."""
    settings = resolve(presets, preset, description, overrides)
    if description.kind == "tables":
        settings = replace(settings, update_features="joint")
    return settings
