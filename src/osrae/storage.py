"""Folders of safetensors and JSON, written whole or not at all."""

from __future__ import annotations

import errno
import json
import math
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osrae.errors import InputError, ModelFileError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "FORMAT_VERSION",
    "atomic_file",
    "atomic_folder",
    "check_parent",
    "check_writable",
    "explain_os_errors",
    "finite",
    "is_osrae_folder",
    "is_vacant",
    "jsonable",
    "library_versions",
    "read_header",
    "read_json",
    "read_tensors",
    "tensors_below",
    "with_tuples",
    "write_header",
    "write_json",
    "write_tensors",
]

#: Counted up when a reader of today could not read what is written tomorrow.
FORMAT_VERSION = 5

_HEADER = "osrae.json"
_LIBRARIES = ("osrae", "torch", "numpy", "scikit-learn")


@contextmanager
def explain_os_errors(path: Path) -> Iterator[None]:
    """Turn errors of the file system into ones that say what to do about ``path``."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise InputError(
                f"No space left for {path}; nothing was written. Free some or choose another place."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise InputError(f"No permission to write {path}; choose another place.") from error
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise InputError(
                f"{path} cannot be written: {path.parent} is no folder. Make it first."
            ) from error
        raise


@contextmanager
def atomic_folder(path: Path, *, replace: str | None = None) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``path`` if nothing goes wrong inside.

    Parameters
    ----------
    path : Path
        The folder to make.
    replace : str or None
        Replace an osrae folder of this kind that stands there; anything else is never replaced.

    Raises
    ------
    InputError
        If ``path`` exists and may not be replaced.
    """
    _check_replaceable(path, replace)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary
        _sync(temporary)
        _check_replaceable(path, replace)
        _swap(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file that becomes ``path`` if nothing goes wrong inside.

    It has the suffix of ``path``, and replaces a file that stands there.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.new{path.suffix}")
    try:
        yield temporary
        descriptor = os.open(temporary, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(path: Path, *, replace: str | None = None) -> None:
    """Refuse a folder or file that could not be written later, before any long work.

    Parameters
    ----------
    path : Path
    replace : str or None
        As for `atomic_folder`.

    Raises
    ------
    InputError
        If there is no folder to write ``path`` into, it may not be written to, or ``path`` is a
        folder that would not be replaced.
    """
    check_parent(path)
    _check_replaceable(path, replace)


def check_parent(path: Path) -> None:
    """Refuse a path whose folder is not there or may not be written to."""
    parent = path.absolute().parent
    if not parent.is_dir():
        raise InputError(f"{path} cannot be written: {parent} is no folder. Make it first.")
    if not os.access(parent, os.W_OK):
        raise InputError(f"No permission to write {path}; choose another place.")


def is_vacant(path: Path) -> bool:
    """Whether nothing stands at ``path``, or an empty folder."""
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))


def _check_replaceable(path: Path, replace: str | None) -> None:
    if not is_vacant(path) and not (replace and is_osrae_folder(path, replace)):
        raise InputError(f"{path} exists and is not replaced; choose another place or remove it.")


def _sync(folder: Path) -> None:
    """Make sure that the content is on disk before its name is."""
    for file in [*folder.rglob("*"), folder]:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _swap(new: Path, path: Path) -> None:
    """Give ``new`` the name ``path``; what stood there is deleted once it is in place."""
    os.chmod(new, 0o777 & ~_umask())
    if not path.exists():
        os.rename(new, path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
    os.rename(path, old / path.name)
    try:
        os.rename(new, path)
    except BaseException:
        os.rename(old / path.name, path)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def finite(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return numbers as JSON knows them: what is not defined is None."""
    plain = {str(k): v.item() if hasattr(v, "item") else v for k, v in values.items()}
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v
            for k, v in plain.items()}  # fmt: skip


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write ``content`` as indented JSON; numbers that are not finite are refused."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    ModelFileError
        If the file is missing, cut short or no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"{path} cannot be read as JSON ({error}); the folder is damaged. Make it again."
        ) from error
    if not isinstance(content, dict):
        raise ModelFileError(f"{path} holds no JSON object; the folder is damaged.")
    return content


def jsonable(value: Any) -> Any:
    """Turn NumPy values, arrays and tuples inside ``value`` into plain ones and lists."""
    if hasattr(value, "tolist"):  # NumPy's arrays and scalars
        return value.tolist()
    if isinstance(value, tuple | list):
        return [jsonable(part) for part in value]
    if isinstance(value, dict):
        return {key: jsonable(part) for key, part in value.items()}
    return value


def with_tuples(values: dict[str, Any]) -> dict[str, Any]:
    """Undo what JSON does to the tuples among ``values``."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}


def library_versions() -> dict[str, str]:
    """Return the versions of osrae, of the libraries that models depend on, and of Python."""
    return {**{name: version(name) for name in _LIBRARIES}, "python": platform.python_version()}


def write_header(folder: Path, kind: str, content: Mapping[str, Any]) -> None:
    """Write ``osrae.json``: what the folder is, its format version, and ``content``."""
    header = {
        "format": "osrae",
        "kind": kind,
        "format_version": FORMAT_VERSION,
        "versions": library_versions(),
    }
    write_json(folder / _HEADER, {**header, **content})


def read_header(folder: Path, kind: str) -> dict[str, Any]:
    """Read ``osrae.json`` of a folder of this kind.

    Raises
    ------
    ModelFileError
        If ``folder`` is no osrae folder, of another kind, damaged, or of another format.
    """
    if not (folder / _HEADER).is_file():
        raise ModelFileError(f"{folder} is no osrae {kind}: {_what_it_is(folder)}.")
    header = read_json(folder / _HEADER)
    if header.get("format") != "osrae" or header.get("kind") != kind:
        raise ModelFileError(f"{folder} holds an osrae {header.get('kind')}, not a {kind}.")
    found = header.get("format_version")
    if not isinstance(found, int):
        raise ModelFileError(f"{folder / _HEADER} states no format version; it is damaged.")
    if found > FORMAT_VERSION:
        raise ModelFileError(
            f"{folder} has format version {found}, written by osrae "
            f"{header.get('versions', {}).get('osrae')}; this osrae reads {FORMAT_VERSION}. "
            "Upgrade osrae."
        )
    if found < FORMAT_VERSION:
        raise ModelFileError(
            f"{folder} has format version {found}, of an earlier osrae; this osrae reads "
            f"{FORMAT_VERSION}. Train again."
        )
    return header


def is_osrae_folder(folder: Path, kind: str) -> bool:
    """Whether ``folder`` says of itself that it is one of this kind."""
    try:
        return json.loads((folder / _HEADER).read_text(encoding="utf-8")).get("kind") == kind
    except (OSError, ValueError, AttributeError):
        return False


def _what_it_is(folder: Path) -> str:
    if not folder.exists():
        return "it does not exist"
    if not folder.is_dir():
        return "it is a file"
    names = sorted(entry.name for entry in folder.iterdir())[:5]
    return f"it holds {', '.join(names)}" if names else "it is empty"


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write named tensors as safetensors."""
    from safetensors.torch import save

    # A file holds one layout: row-major.
    contiguous = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    # Python writes, because its errors say why: safetensors' own are not OSErrors.
    path.write_bytes(save(contiguous))


def read_tensors(path: Path, device: str = "cpu") -> dict[str, Tensor]:
    """Read what `write_tensors` wrote.

    Raises
    ------
    ModelFileError
        If the file is missing or cut short.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(str(path), device=device)
    except (OSError, SafetensorError) as error:
        raise ModelFileError(
            f"{path} cannot be read ({error}); the folder is damaged. Copy or make it again."
        ) from error


def tensors_below(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with ``name`` and a dot, without that beginning."""
    start = f"{name}."
    return {key.removeprefix(start): v for key, v in tensors.items() if key.startswith(start)}
