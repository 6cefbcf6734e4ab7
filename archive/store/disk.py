"""Files that are whole or not there, and words for people when a disk refuses.

Every durable write of a campaign folder goes through here, except the journal's appends. It must
never leave a half-written file under a final name, nor let an `OSError` out.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from evo.core.errors import HistoryError

TEMPORARY = ".tmp"
"""How names of unfinished files end; they also start with a dot. Readers pass over what a kill left
of one, and the next write of the same file takes its place."""

synchronise = os.fdatasync if hasattr(os, "fdatasync") else os.fsync
"""Returns once the contents of a file descriptor are durable; macOS has no `fdatasync`."""


def replace(path: Path, *contents: bytes) -> None:
    """Write a file durably; a kill at any moment leaves the old file or the new one.

    Args:
        path: the file.
        contents: what it shall hold, one part after the other.

    Raises:
        HistoryError: the disk refused; the old file, if there was one, is untouched.
    """
    with draft(path) as temporary, temporary.open("wb") as file:
        for content in contents:
            file.write(content)


@contextmanager
def draft(path: Path) -> Generator[Path]:
    """A place to write a file to; when the context ends it is durable under its own name.

    Raises:
        HistoryError: the disk refused; the old file, if there was one, is untouched.
    """
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    with writing(path):
        try:
            yield temporary
            descriptor = os.open(temporary, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        synchronise_folder(path.parent)


def synchronise_folder(folder: Path) -> None:
    """Makes renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def reading(path: Path) -> Generator[None]:
    """Turns an `OSError` within into a `HistoryError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise HistoryError(
            f"Cannot read {path}: {error.strerror or error}. "
            "Restore it from a copy or mend its permissions."
        ) from error


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Turns an `OSError` within into a `HistoryError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise HistoryError(
            f"Cannot write {path}: {error.strerror or error}. What was acknowledged before is "
            "safe. Free space or mend permissions, then try again."
        ) from error
