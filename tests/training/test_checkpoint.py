"""Where checkpoints are kept; that runs go on from them is shown in test_engine.py."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from osrae.data.description import TableDescription
from osrae.errors import InputError
from osrae.training.callbacks import TrainingState
from osrae.training.checkpoint import (
    check_place,
    has_checkpoint,
    read_checkpoint,
    remove_checkpoint,
    write_checkpoint,
)
from osrae.training.method import Method
from osrae.training.optimisation import AdamW


class OneWeight(Method):
    def __init__(self) -> None:
        super().__init__(TableDescription(1), torch.ones(2), None)
        self.networks = nn.ModuleDict({"encoder": nn.Linear(1, 1)})
        self.prepare(None)

    def prepare(self, data):
        self.optimizers = {"encoder": AdamW(self.networks.parameters(), 1e-3)}

    def training_step(self, source):
        raise NotImplementedError


def write(folder, step=3):
    write_checkpoint(folder, OneWeight(), TrainingState(10, step=step), None, {"seed": 1})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_else_is_in_the_folder_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("keep me")
    for step in (3, 4):
        check_place(tmp_path)
        write(tmp_path, step)
        assert names(tmp_path) == ["checkpoint", "notes.txt"]
    state, _ = read_checkpoint(tmp_path, OneWeight(), {"seed": 1})
    assert state.step == 4
    (tmp_path / ".checkpoint.killed").mkdir()
    remove_checkpoint(tmp_path)
    assert names(tmp_path) == ["notes.txt"]
    assert (tmp_path / "notes.txt").read_text() == "keep me"


def test_the_folder_is_made_and_removed(tmp_path):
    folder = tmp_path / "run"
    check_place(folder)
    assert not has_checkpoint(folder)
    write(folder)
    assert has_checkpoint(folder)
    remove_checkpoint(folder)
    remove_checkpoint(folder)  # nothing to remove is no mistake
    assert names(tmp_path) == []


def test_places_that_cannot_be_written_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "taken" / "checkpoint").mkdir(parents=True)
    (tmp_path / "taken" / "checkpoint" / "mine.txt").write_text("keep me")
    for place in ("file", "taken", "no/where"):
        with pytest.raises(InputError, match=r"not replaced|Make it first"):
            check_place(tmp_path / place)
        with pytest.raises((InputError, OSError)):
            write(tmp_path / place)
    assert names(tmp_path / "taken" / "checkpoint") == ["mine.txt"]


@pytest.mark.parametrize("more_was_said", [True, False])
def test_runs_differ_if_one_says_more_of_itself(tmp_path, more_was_said):
    less, more = {"seed": 1}, {"seed": 1, "more": 2}
    found, wanted = (more, less) if more_was_said else (less, more)
    write_checkpoint(tmp_path, OneWeight(), TrainingState(10), None, found)
    with pytest.raises(InputError, match="more was"):
        read_checkpoint(tmp_path, OneWeight(), wanted)
    header = json.loads((tmp_path / "checkpoint" / "osrae.json").read_text())
    assert header["identity"] == found
