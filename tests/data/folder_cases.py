"""Pictures, folders and archives that tests make."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

DIGITS = load_digits()
PICTURES = (DIGITS.images * (255 / 16)).astype(np.uint8)
TARS = ["x.tar", "x.tar.gz", "x.tgz", "x.tar.xz", "x.tar.bz2"]


def grey(index: int = 0) -> Image.Image:
    return Image.fromarray(PICTURES[index])


def flat(mode: str, colour, size: tuple[int, int] = (8, 8)) -> Image.Image:
    return Image.new(mode, size, colour)


def file_bytes(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def save(path: Path, image: Image.Image, kind: str = "PNG", **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file_bytes(image, kind, **options))
    return path


def pack(path: Path, contents: dict[str, bytes]) -> Path:
    """Make an archive of these names, in this order; names with a final slash are folders."""
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
        return path
    kind = {".gz": "gz", ".tgz": "gz", ".xz": "xz", ".bz2": "bz2"}.get(path.suffix, "")
    with tarfile.open(path, f"w:{kind}") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            archive.addfile(member, io.BytesIO(content))
    return path


def files_of(folder: Path, prefix: str = "") -> dict[str, bytes]:
    """Files below a folder, the last first: archives are not sorted."""
    files = (file for file in sorted(folder.rglob("*"), reverse=True) if file.is_file())
    return {f"{prefix}{file.relative_to(folder)}": file.read_bytes() for file in files}
