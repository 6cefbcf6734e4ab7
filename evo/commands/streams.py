"""The output streams as shells leave them: closed, full, in any encoding, of any width."""

import os
import sys
from contextlib import suppress
from typing import TextIO

NARROWEST = 20
"""Columns below which a terminal's width is taken for a mistake."""


def settle_streams() -> None:
    """Make the streams usable, before anything is printed or opened.

    A closed stream is replaced, or the next file that is opened would take its place and be written
    to. What the encoding lacks is printed as a question mark.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _fill(number)
            mode = "r" if number == 0 else "w"
            setattr(sys, name, os.fdopen(os.dup(number), mode, encoding="utf-8"))
            closed.add(name)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr] # a text file has it


closed: set[str] = set()
"""Names of the streams that were closed when evo started."""


def settle_width() -> None:
    """Forget a width that no terminal has, such as `COLUMNS=0`."""
    for name in ("COLUMNS", "LINES"):
        value = os.environ.get(name, "")
        if value and not (value.isdigit() and int(value) > 0):
            del os.environ[name]
    columns = os.environ.get("COLUMNS", "")
    if columns and int(columns) < NARROWEST:
        os.environ["COLUMNS"] = str(NARROWEST)


def is_unicode(stream: TextIO) -> bool:
    """True if a stream can hold any character."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def leave_output() -> None:
    """Send what is still buffered for standard output nowhere, so that ending does not fail."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _fill(number: int) -> None:
    """Open the null device under a descriptor that is closed."""
    try:
        os.fstat(number)
    except OSError:
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor != number:
            os.dup2(descriptor, number)
            os.close(descriptor)
