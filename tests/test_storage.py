from __future__ import annotations

import errno
import os

import pytest
import torch

from osrae import InputError, ModelFileError
from osrae.storage import (
    atomic_folder,
    explain_os_errors,
    is_osrae_folder,
    read_header,
    read_json,
    read_tensors,
    write_header,
    write_json,
    write_tensors,
)


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with atomic_folder(tmp_path / "made") as folder:
        (folder / "a.txt").write_text("a")
        assert not (tmp_path / "made").exists()
    assert (tmp_path / "made" / "a.txt").read_text() == "a"
    with pytest.raises(RuntimeError):
        _half_write(tmp_path / "broken")
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def _half_write(path):
    with atomic_folder(path) as folder:
        (folder / "a.txt").write_text("a")
        raise RuntimeError


def test_only_folders_of_ours_are_replaced(tmp_path):
    path = tmp_path / "made"
    with atomic_folder(path) as folder:
        write_header(folder, "model", {"number": 1})
    with pytest.raises(InputError, match="not replaced"), atomic_folder(path):
        pass
    with atomic_folder(path, replace="model") as folder:
        write_header(folder, "model", {"number": 2})
    assert read_header(path, "model")["number"] == 2
    assert is_osrae_folder(path, "model")
    assert not is_osrae_folder(path, "checkpoint")
    with pytest.raises(ModelFileError, match="not a checkpoint"):
        read_header(path, "checkpoint")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("x")
    with (
        pytest.raises(InputError, match="not replaced"),
        atomic_folder(tmp_path / "letters", replace="model"),
    ):
        pass


def test_a_failed_replacement_leaves_the_old_folder(tmp_path, monkeypatch):
    path = tmp_path / "made"
    with atomic_folder(path) as folder:
        write_header(folder, "model", {"number": 1})

    def full(descriptor):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(InputError, match="No space left"),
        explain_os_errors(path),
        atomic_folder(path, replace="model") as folder,
    ):
        write_header(folder, "model", {"number": 2})
    assert read_header(path, "model")["number"] == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["made"]


def test_json_refuses_numbers_that_are_not_finite(tmp_path):
    with pytest.raises(ValueError, match="nan"):
        write_json(tmp_path / "x.json", {"loss": float("nan")})
    (tmp_path / "x.json").write_text("[1]")
    with pytest.raises(ModelFileError, match="no JSON object"):
        read_json(tmp_path / "x.json")


def test_tensors_come_back_exactly(tmp_path):
    tensors = {
        "weights": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "count": torch.tensor(3),
        "nothing": torch.empty(0, 8),
    }
    write_tensors(tmp_path / "x.safetensors", tensors)
    read = read_tensors(tmp_path / "x.safetensors")
    assert read.keys() == tensors.keys()
    for name, value in tensors.items():
        assert torch.equal(read[name], value)
        assert read[name].dtype == value.dtype
