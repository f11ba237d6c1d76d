"""Web servers on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from osrae.datasets import transfer

from .download_cases import Site


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """The pauses that would have been made."""
    made: list[float] = []
    monkeypatch.setattr(transfer, "sleep", made.append)
    return made


@pytest.fixture
def no_proxies(monkeypatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def site(pauses, no_proxies) -> Iterator[Site]:
    site = Site()
    yield site
    site.stop()


@pytest.fixture
def other_site(pauses, no_proxies) -> Iterator[Site]:
    site = Site()
    yield site
    site.stop()
