"""What the classes of the paper's pictures are called: results hold their labels."""

from __future__ import annotations

from collections.abc import Mapping

from osrae.datasets.picture_entries import FASHION_CLASSES

__all__ = ["class_name"]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "fashion-mnist": FASHION_CLASSES,
    "cifar10": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
                "truck"),
    "celeba": ("black hair", "brown hair", "blond hair", "gray hair", "bald"),
}  # fmt: skip


def class_name(data: str, label: str) -> str:
    """Return the name of a class; its label if it is a digit, or the name is not known."""
    names = _NAMES.get(data, ())
    return names[int(label)] if label.isdigit() and int(label) < len(names) else label
