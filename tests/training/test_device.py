from __future__ import annotations

import pytest
import torch
from torch import nn

from osrae import InputError
from osrae.data.description import ImageDescription, TableDescription
from osrae.training import device as module
from osrae.training.device import (
    autocast,
    has_fast_bfloat16,
    inference_dtype,
    place,
    resolve_device,
    resolve_precision,
)

CPU = torch.device("cpu")
PICTURES, TABLE = ImageDescription(8, 8, 1), TableDescription(4)


def test_devices():
    assert resolve_device("cpu") == CPU
    present = "cuda" if torch.cuda.is_available() else None
    present = present or ("mps" if torch.backends.mps.is_available() else "cpu")
    assert resolve_device("auto").type == present
    with pytest.raises(InputError, match="is no device"):
        resolve_device("tpu9")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there():
    with pytest.raises(InputError, match="no CUDA device"):
        resolve_device("cuda")


@pytest.mark.parametrize("fast", [True, False])
def test_precision(monkeypatch, fast):
    monkeypatch.setattr(module, "has_fast_bfloat16", lambda device: fast)
    expected = torch.bfloat16 if fast else torch.float32
    assert resolve_precision("auto", CPU, PICTURES) == expected
    assert resolve_precision("auto", CPU, TABLE) == torch.float32
    assert resolve_precision("bfloat16", CPU, TABLE) == torch.bfloat16
    assert resolve_precision("float32", CPU, PICTURES) == torch.float32


@pytest.mark.parametrize(
    ("tiles", "vectors", "vendor", "fast"),
    [
        (True, True, "GenuineIntel", True),
        (False, True, "GenuineIntel", False),  # AMX hidden: float32 is the faster type
        (False, True, "AuthenticAMD", True),
        (False, False, "AuthenticAMD", False),
    ],
)
def test_processors_on_which_bfloat16_is_fast(monkeypatch, tiles, vectors, vendor, fast):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: vectors, raising=False)
    monkeypatch.setattr(module, "processor_vendor", lambda: vendor)
    assert has_fast_bfloat16(CPU) == fast


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_matrix_products_are_computed_in_the_precision(dtype):
    layer = nn.Linear(3, 2)
    with autocast(CPU, dtype):
        assert layer(torch.ones(1, 3)).dtype == dtype
    assert layer.weight.dtype == torch.float32


def test_results_for_tables_are_exact():
    assert inference_dtype(CPU, TABLE) == torch.float64
    assert inference_dtype(CPU, PICTURES) == torch.float32
    assert inference_dtype(torch.device("mps"), TABLE) == torch.float32


def test_convolutions_are_laid_out_channels_last():
    layer = nn.Conv2d(3, 4, 3)
    place(layer, CPU, torch.float64)
    assert layer.weight.dtype == torch.float64
    assert layer.weight.is_contiguous(memory_format=torch.channels_last)
