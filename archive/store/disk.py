"""Durable, atomic writes of files, and readable errors when the disk fails.

Every durable write of a campaign folder goes through here, except appending to logs. It must never
leave a half-written file under its final name, nor let an `OSError` out.
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from evo.core.errors import HistoryError

TEMPORARY = ".tmp"
"""Suffix of unfinished files, which also start with a dot.

Readers pass over one that a kill left behind; the next write of the same file replaces it.
"""

synchronise = os.fdatasync if hasattr(os, "fdatasync") else os.fsync
"""Returns once the contents of a file descriptor are durable; macOS has no `fdatasync`."""
BINARY: int = getattr(os, "O_BINARY", 0)
"""Flag of `os.open` without which Windows rewrites the ends of lines."""


def replace(path: Path, *contents: bytes) -> None:
    """Write a file durably; a kill at any moment leaves the old file or the new one.

    Args:
        path: the file.
        contents: the parts of its content, in order.

    Raises:
        HistoryError: it could not be written; the old file, if there was one, is untouched.
    """
    with draft(path) as temporary, temporary.open("wb") as file:
        for content in contents:
            file.write(content)


@contextmanager
def draft(path: Path) -> Generator[Path]:
    """Yield a temporary path to write to; when the context ends, it is durable as `path`.

    Raises:
        HistoryError: it could not be written; the old file, if there was one, is untouched.
    """
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    with writing(path):
        try:
            yield temporary
            descriptor = os.open(temporary, os.O_RDWR)  # Windows makes nothing else durable
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
        except Exception:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        synchronise_folder(path.parent)


def synchronise_folder(folder: Path) -> None:
    """Make renames in a folder durable; Windows opens no folder, and its file system logs them."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_at(descriptor: int, size: int, place: int) -> bytes:
    """Up to `size` bytes of a file from a place on; as `os.pread`, which Windows has not."""
    os.lseek(descriptor, place, os.SEEK_SET)
    return os.read(descriptor, size)


def write_at(descriptor: int, content: bytes, place: int) -> int:
    """Write to a file from a place on, and return the number of bytes written."""
    os.lseek(descriptor, place, os.SEEK_SET)
    return os.write(descriptor, content)


@contextmanager
def reading(path: Path) -> Generator[None]:
    """Turn an `OSError` of reading into a `HistoryError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise HistoryError(
            f"Cannot read {path}: {error.strerror or error}. "
            "Restore it from a copy or correct its permissions."
        ) from error


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Turn an `OSError` of writing into a `HistoryError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise HistoryError(
            f"Cannot write {path}: {error.strerror or error}. What was acknowledged before is "
            "safe. Free space or correct the permissions, then try again."
        ) from error
