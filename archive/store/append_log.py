"""An append-only log: a file of entries with checksums, each whole or not there.

An entry is `length | crc32 of length | crc32 of payload | payload`, little-endian. The length has a
checksum of its own, since a wrong length would look like a torn tail. A torn tail is an entry whose
write a crash interrupted before it was acknowledged; it is cut off. Any other mismatch is damage,
and a file must never be read past it. A payload never ends in NUL.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from archive.store import disk
from evo.core.errors import HistoryError

FRAME = struct.Struct("<III")
"""Header of each entry: length of the payload, and both checksums."""


class Entry(NamedTuple):
    """A whole entry: its payload, and the bytes of the file where it begins and ends."""

    payload: bytes
    start: int
    end: int


class Appender:
    """A log open for appending; make one with `Appender.open`."""

    def __init__(self, path: Path, descriptor: int, size: int) -> None:
        self.path = path
        self.size = size
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path, size: int) -> "Appender":
        """Open an existing file and truncate it to `size` bytes, the end of its last whole entry.

        Raises:
            HistoryError: the file cannot be written.
        """
        with disk.writing(path):
            descriptor = os.open(path, os.O_WRONLY | disk.BINARY)
            os.ftruncate(descriptor, size)
        return cls(path, descriptor, size)

    def append(self, payload: bytes) -> None:
        """Write an entry and return once it is durable.

        Raises:
            HistoryError: it could not be written; the entries before it are on disk.
        """
        content = framed(payload)
        with disk.writing(self.path):
            try:
                written = 0
                while written < len(content):
                    rest = content[written:]
                    written += disk.write_at(self._descriptor, rest, self.size + written)
                disk.synchronise(self._descriptor)
            except BaseException:
                # Also on Ctrl-C: no half an entry may lie before the next one.
                with suppress(OSError):
                    os.ftruncate(self._descriptor, self.size)
                raise
        self.size += len(content)

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def framed(payload: bytes) -> bytes:
    """The bytes of an entry."""
    length = struct.pack("<I", len(payload))
    return FRAME.pack(len(payload), zlib.crc32(length), zlib.crc32(payload)) + payload


def whole_entries(path: Path, *, advice: str) -> Iterator[Entry]:
    """Yield the whole entries of a log in order, also while it is written; passes over a torn tail.

    Args:
        path: the log.
        advice: consequence of truncating a damaged file, for the message.

    Raises:
        HistoryError: the file is missing or damaged.
    """
    with disk.reading(path):
        data = path.read_bytes()
    # Trailing NULs are blocks that a power cut left unwritten.
    data = data.rstrip(b"\0")
    start, number = 0, 0
    while start + FRAME.size <= len(data):
        length, length_checksum, checksum = FRAME.unpack_from(data, start)
        payload = data[start + FRAME.size : start + FRAME.size + length]
        if zlib.crc32(data[start : start + 4]) != length_checksum:
            raise _damage(path, start, number, advice)
        if len(payload) < length:
            return
        if zlib.crc32(payload) != checksum:
            raise _damage(path, start, number, advice)
        end = start + FRAME.size + length
        yield Entry(payload, start, end)
        start, number = end, number + 1


def payload_at(path: Path, start: int, end: int) -> bytes:
    """Read the payload of an entry by its place in the file; it is not checked again."""
    with disk.reading(path), path.open("rb") as file:
        file.seek(start + FRAME.size)
        return file.read(end - start - FRAME.size)


def _damage(path: Path, start: int, number: int, advice: str) -> HistoryError:
    cut = f", or truncate it there (`truncate -s {start} {path}`): {advice}"
    return HistoryError(
        f"{path} is damaged in entry {number}, at byte {start}. "
        f"Restore it from a copy{cut if number else ''}."
    )
