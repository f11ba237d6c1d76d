"""The published weights of FID's Inception network: where they are looked for, and checked."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import platformdirs
import torch

from osrae.errors import InputError
from osrae.evaluation.inception import InceptionV3

__all__ = ["find_weights", "load_inception"]

#: One file under the names that pytorch-fid and torch-fidelity publish it by.
FILE_NAMES = (
    "pt_inception-2015-12-05-6726825d.pth",
    "weights-inception-2015-12-05-6726825d.pth",
)
URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{FILE_NAMES[0]}"
N_BYTES = 95_628_359
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"


def _weight_folders() -> list[Path]:
    data = os.environ.get("OSRAE_DATA")
    cache = Path(platformdirs.user_cache_dir("osrae", appauthor=False)) / "weights"
    return [*([Path(data) / "weights"] if data else []), cache]


def find_weights() -> Path | None:
    """Return the file of the weights, or None where there is none.

    Looked for is ``pt_inception-2015-12-05-6726825d.pth`` (or torch-fidelity's name of the same
    file) in ``$OSRAE_DATA/weights``, then in ``weights`` of the user's cache folder of osrae.
    """
    places = [folder / name for folder in _weight_folders() for name in FILE_NAMES]
    return next((place for place in places if place.is_file()), None)


def _checked_file(path: Path) -> Path:
    """Return the path if it holds the published weights, by size and SHA-256."""
    again = f"Fetch it again from {URL}."
    size = path.stat().st_size
    if size != N_BYTES:
        raise InputError(f"{path} has {size} bytes; the published file has {N_BYTES}. {again}")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise InputError(f"{path} has the SHA-256 {found}, not the published {SHA256}. {again}")
    return path


def load_inception(path: str | os.PathLike[str] | None = None) -> InceptionV3:
    """Load the network with the published weights.

    Parameters
    ----------
    path : path or None, default None
        The file of the weights; None looks in the places of `find_weights`.

    Returns
    -------
    InceptionV3
        Ready to evaluate, on the CPU, without gradients.

    Raises
    ------
    InputError
        If the file is not there, or is not the published one. Nothing is downloaded.
    """
    found = Path(path) if path is not None else find_weights()
    if found is None or not found.is_file():
        places = [found] if found is not None else _weight_folders()
        raise InputError(
            f"The Inception weights were not found in {' or '.join(map(str, places))}. Fetch {URL} "
            f"and put the file {FILE_NAMES[0]} into {_weight_folders()[-1]}, or give its path."
        )
    state = torch.load(_checked_file(found), map_location="cpu", weights_only=True)
    # Made without memory or random numbers: every value comes from the file.
    with torch.device("meta"):
        network = InceptionV3()
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)
