"""Where the arithmetic runs, and in which precision."""

from __future__ import annotations

import functools
import platform
from contextlib import AbstractContextManager
from pathlib import Path

import torch
from torch import Tensor, nn

from osrae.data.description import DataDescription
from osrae.errors import InputError

__all__ = [
    "autocast",
    "full",
    "has_fast_bfloat16",
    "inference_dtype",
    "place",
    "resolve_device",
    "resolve_precision",
]


def resolve_device(device: str) -> torch.device:
    """Return the device that ``device`` names.

    Parameters
    ----------
    device : str
        ``"auto"`` (CUDA where there is one, then MPS, then the CPU) or any name that torch
        knows, such as ``"cpu"``, ``"cuda:1"``, ``"mps"``.

    Raises
    ------
    InputError
        If torch does not know the device or this machine does not have it.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        resolved = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise InputError(
            f"device={device!r} is no device; use 'auto', 'cpu', 'cuda' or 'mps'."
        ) from error
    if resolved.type == "cuda" and not torch.cuda.is_available():
        raise InputError(
            f"device={device!r}, but torch sees no CUDA device here; use device='auto' or 'cpu'."
        )
    if resolved.type == "mps" and not torch.backends.mps.is_available():
        raise InputError("device='mps', but this machine has no MPS; use device='auto' or 'cpu'.")
    return resolved


def has_fast_bfloat16(device: torch.device) -> bool:
    """Say whether ``device`` multiplies bfloat16 matrices faster than float32 ones."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        has_tiles, has_vectors = (
            getattr(torch.cpu, probe, lambda: False)()
            for probe in ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
        )
        # Without AMX (virtual machines often hide it), Intel's vector instruction takes as long for
        # a bfloat16 product as float32 does, and the conversions come on top.
        return has_tiles or (has_vectors and processor_vendor() != "GenuineIntel")
    return False


@functools.cache
def processor_vendor() -> str:
    """Return the processor's maker by its own name, such as "GenuineIntel", or "" if unknown."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux; Windows tells it here
        lines = [f"vendor_id : {platform.processor().rpartition(' ')[2]}"]
    vendors = (line.rpartition(":")[2].strip() for line in lines if line.startswith("vendor_id"))
    return next(vendors, "")


def resolve_precision(
    precision: str, device: torch.device, description: DataDescription
) -> torch.dtype:
    """Return the type in which matrix products are computed.

    Parameters
    ----------
    precision : {"auto", "float32", "bfloat16"}
        ``"auto"`` takes bfloat16 for pictures on machines where that is faster.
        Tables stay in float32: their products are too small to pay for the conversions.
        Weights, statistics and losses are float32 in every case.
    device : torch.device
    description : DataDescription
    """
    if precision == "auto":
        fast = description.kind == "pictures" and has_fast_bfloat16(device)
        return torch.bfloat16 if fast else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]


def inference_dtype(device: torch.device, description: DataDescription) -> torch.dtype:
    """Return the type in which a trained network computes results.

    Tables are small, so float64 costs little there, and it makes the result for one row
    independent of the rows beside it (MPS has no float64).
    """
    exact = description.kind == "tables" and device.type != "mps"
    return torch.float64 if exact else torch.float32


def place(module: nn.Module, device: torch.device, dtype: torch.dtype) -> None:
    """Move weights to a device and type; those of convolutions are laid out channels last."""
    module.to(device=device, dtype=dtype)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stubs


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[None]:
    """Compute matrix products in ``dtype`` inside the context (nothing to do for float32)."""
    return torch.autocast(device.type, dtype=dtype, enabled=dtype == torch.bfloat16)


def full(x: Tensor) -> Tensor:
    """Leave the half precision of matrix products: losses are computed in float32 at least."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
