"""Folders and archives with given content, and the real data where they are."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Pack = Callable[[str, Mapping[str, bytes]], Path]


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Return a function that makes a folder, a ``.zip`` or a ``.tar.*`` of named contents."""

    def packed(name: str, contents: Mapping[str, bytes]) -> Path:
        path = tmp_path / name
        if name.endswith(".zip"):
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for file, content in contents.items():
                    archive.writestr(file, content)
        elif ".tar" in name:
            with tarfile.open(path, f"w:{name.rpartition('.tar')[2].lstrip('.')}") as archive:
                for file, content in contents.items():
                    member = tarfile.TarInfo(file)
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
        else:
            for file, content in contents.items():
                (path / file).parent.mkdir(parents=True, exist_ok=True)
                (path / file).write_bytes(content)
        return path

    return packed


@pytest.fixture
def real_data() -> Path:
    """Return the folder of the real data sets; without it, the test is skipped."""
    folder = Path(os.environ.get("OSRAE_DATA", Path(__file__).parents[4] / "shared" / "data"))
    if not all((folder / name).is_dir() for name in ("mnist", "fashion-mnist", "optdigits")):
        pytest.skip("needs the real data sets, in ../shared/data or where OSRAE_DATA says")
    return folder
