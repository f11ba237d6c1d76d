"""The command line: arguments in, library calls, tables out.

Nothing heavy is imported here, so that ``osrae --help`` answers at once; every command imports
what it needs when it runs.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

__all__ = ["main"]

#: Exit codes: bad input, and Ctrl-C (128 + SIGINT).
BAD_INPUT, INTERRUPTED = 2, 130


def main() -> None:
    """Run the command line; errors are one sentence and an exit code, never a traceback."""
    from osrae.cli.app import app
    from osrae.cli.runs import Stopped
    from osrae.errors import OsraeError

    warnings.formatwarning = _warning  # type: ignore[assignment]
    try:
        app()
    except Stopped as interrupt:
        _say(str(interrupt))
        sys.exit(INTERRUPTED)
    # Libraries raise RuntimeError for data that they cannot use, torch where memory runs out.
    except (OsraeError, ValueError, RuntimeError, OSError, MemoryError) as error:
        _say(f"Error: {_one_line(error)}")
        sys.exit(BAD_INPUT)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _warning(message: Warning | str, *where: Any) -> str:
    """Leave out the line of code: it says nothing to who typed a command."""
    return f"Warning: {message}\n"


def _say(text: str) -> None:
    print(text, file=sys.stderr)
