"""What is known of a data set, where its files may lie, and how they are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_dir

from osrae.datasets.download import Remote
from osrae.datasets.original import Original
from osrae.datasets.profiles import Distribution
from osrae.errors import InputError

__all__ = ["Entry", "Found", "Layout", "cache_folder", "find", "require"]

#: What a download leaves beside a file that is not whole.
_UNFINISHED = (".part", ".part.json", ".lock")


@dataclass(frozen=True)
class Layout:
    """One way in which people have a data set on disk.

    Attributes
    ----------
    title : str
    files : tuple of str
        Patterns that must all match in a folder.
    read : callable
        Called with what matches the one pattern, or with the folder if there are several.
    unmistakable : bool
        Whether the names of the files tell the data set, so that it is also looked for in a folder
        that holds many.
    note : str
        How the samples differ from those of the original release.
    """

    title: str
    files: tuple[str, ...]
    read: Callable[[Path], Original]
    unmistakable: bool = False
    note: str = ""

    def match(self, place: Path) -> Path | None:
        """Return what `read` is to be called with, None if the files are not there.

        Parameters
        ----------
        place : Path
            The folder in which they lie, or the one file or folder itself.
        """
        if len(self.files) == 1 and place.exists() and place.match(self.files[0]):
            return place
        matches = [
            [path for path in sorted(place.glob(pattern)) if not path.name.endswith(_UNFINISHED)]
            for pattern in self.files
        ]
        if not all(matches):
            return None
        return matches[0][0] if len(matches) == 1 else place


@dataclass(frozen=True)
class Entry:
    """A data set of the registry.

    Attributes
    ----------
    name : str
    title : str
    kind : {"pictures", "table"}
    shape : tuple of int
        Of one sample: (h, w), (h, w, c), or (d,).
    n_classes, n_samples : int
    citation, licence, homepage : str
    layouts : tuple of Layout
        How it is read, the first that is found.
    folders : tuple of str
        Below a data folder, where its files are looked for; a download goes to the first.
    remotes : tuple of Remote
        What can be downloaded; empty if nothing can.
    manual : str
        How a person gets it.
    distribution : Distribution or None
        Of the paper (Tables 7 to 9); None for tables, which are imbalanced by nature.
    bundled : callable or None
        Loads data that come with a package, without any folder.
    package : str
        The package they come with.
    """

    name: str
    title: str
    kind: Literal["pictures", "table"]
    shape: tuple[int, ...]
    n_classes: int
    n_samples: int
    citation: str
    licence: str
    homepage: str
    layouts: tuple[Layout, ...] = ()
    folders: tuple[str, ...] = ()
    remotes: tuple[Remote, ...] = ()
    manual: str = ""
    distribution: Distribution | None = None
    bundled: Callable[[], Original] | None = None
    package: str = ""

    @property
    def download_size(self) -> int:
        """Bytes to download, 0 if nothing can be or if the sizes are not known."""
        return sum(remote.size or 0 for remote in self.remotes)


@dataclass(frozen=True)
class Found:
    """The files of a data set on this machine.

    Attributes
    ----------
    layout : Layout
    path : Path
        A folder or a file.
    """

    layout: Layout
    path: Path

    def read(self) -> Original:
        """Read all of it."""
        return self.layout.read(self.path)


def cache_folder() -> Path:
    """Return the folder that downloads go to."""
    return Path(user_cache_dir("osrae", appauthor=False)) / "data"


def find(entry: Entry, place: Path | None = None, *, is_its_own: bool = True) -> Found | None:
    """Look for a data set on this machine; nothing is read and nothing is fetched.

    Parameters
    ----------
    entry : Entry
    place : Path or None
        Look only there: the folder that holds its files, the one file that it consists of, or a
        folder that holds a folder for each data set. Without it, in the folder that the
        environment variable ``OSRAE_DATA`` names, in ``../shared/data``, in the user's cache, and
        in scikit-learn's data home, in this order.
    is_its_own : bool
        Whether ``place`` may be meant for this data set alone. Otherwise files there that could be
        of another data set are not taken for it.

    Raises
    ------
    InputError
        If ``place`` does not exist, or ``OSRAE_DATA`` is no folder.
    """
    for folder, certain in _places(entry, place, is_its_own):
        for layout in entry.layouts:
            if folder.exists() and (certain or layout.unmistakable):
                path = layout.match(folder)
                if path is not None:
                    return Found(layout, path)
    return None


def require(entry: Entry, place: Path | None = None) -> Found:
    """Find a data set, or say how to get it.

    Raises
    ------
    InputError
        If it is not there; the message says where it was looked for, which files were expected,
        and how to get them.
    """
    found = find(entry, place)
    if found is not None:
        return found
    places = [str(folder) for folder, certain in _places(entry, place, True) if certain]
    files = "; or ".join(", ".join(layout.files) for layout in entry.layouts)
    raise InputError(
        f"{entry.title} was not found. Looked for in: {', '.join(places)}. Expected there: "
        f"{files}. {how_to_get(entry)} Set OSRAE_DATA to a folder that holds {entry.folders[0]}/, "
        "or name the folder."
    )


def how_to_get(entry: Entry) -> str:
    """Say how a person gets the data, in a sentence or two."""
    if entry.bundled is not None:
        return f"It comes with {entry.package}."
    command = f"`osrae datasets get {entry.name}` downloads it. " if entry.remotes else ""
    return f"{command}{entry.manual}".strip()


def _places(entry: Entry, place: Path | None, is_its_own: bool) -> Iterator[tuple[Path, bool]]:
    """Yield where to look, and whether what lies there is certain to be of this data set."""
    if place is not None and not place.expanduser().exists():
        raise InputError(f"{place} does not exist; name the folder that holds {entry.title}.")
    if place is not None:
        yield place.expanduser(), is_its_own
    for root in [place.expanduser()] if place is not None else _roots():
        for name in entry.folders:
            yield root / name, True
        yield root, False


def _roots() -> Iterator[Path]:
    named = os.environ.get("OSRAE_DATA")
    if named:
        root = Path(named).expanduser()
        if not root.is_dir():
            raise InputError(f"OSRAE_DATA is {named}, which is no folder. Correct or unset it.")
        yield root
    yield Path("../shared/data")
    yield cache_folder()
    # scikit-learn's own function would make the folder.
    yield Path(os.environ.get("SCIKIT_LEARN_DATA", "~/scikit_learn_data")).expanduser()
