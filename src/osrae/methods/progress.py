"""A progress bar, on standard error, for methods that do not train in steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

__all__ = ["Advance", "part_of", "shown", "silent"]

#: Is told which share of the work is done, in [0, 1].
Advance = Callable[[float], None]


def silent(share: float) -> None:
    """Show nothing."""


def part_of(advance: Advance, start: float, stop: float) -> Advance:
    """Return what is told of one part of the work, which goes from ``start`` to ``stop``."""
    return lambda share: advance(start + share * (stop - start))


@contextmanager
def shown(name: str, verbose: int, console: Console | None = None) -> Iterator[Advance]:
    """Show a bar with the time left while the context lasts, and return what it is told with.

    On something other than a terminal, such as a log file, one line at the end is printed instead.

    Parameters
    ----------
    name : str
        What stands before it.
    verbose : int
        0 shows nothing.
    console : Console or None
    """
    if not verbose:
        yield silent
        return
    console = console or Console(stderr=True)
    started = time.monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        TaskProgressColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(name, total=1.0)
        yield lambda share: progress.update(task, completed=share)
        progress.update(task, completed=1.0)
    if not console.is_terminal:
        console.print(f"{name}  {time.monotonic() - started:.0f} s", soft_wrap=True)
