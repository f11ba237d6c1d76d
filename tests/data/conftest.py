"""A small folder of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .folder_cases import DIGITS, grey, save


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Two classes of three digits each."""
    for digit in (0, 1):
        for index in np.flatnonzero(DIGITS.target == digit)[:3]:
            save(tmp_path / "digits" / f"class {digit}" / f"{index:03}.png", grey(index))
    return tmp_path / "digits"
