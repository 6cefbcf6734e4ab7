"""What the generation in progress has already paid for, on disk before anyone hears of it.

One file of entries, `length | crc32 of length | crc32 of payload | payload`, little-endian, the
payload JSON. The first entry names the format and the generation; every other one is an
`Outcome`. The length has a checksum of its own, since a wrong length would look like a torn tail.

A torn tail is what a crash leaves of a write that was never acknowledged; it is cut off. Anything
else that does not fit is damage, and the journal must never be read past it.
"""

import json
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from archive import disk
from evo.errors import HistoryError
from evo.types import Outcome, Stretch, Trial

FORMAT = 1

_FRAME = struct.Struct("<III")


class Contents(NamedTuple):
    """A journal as read: whose generation, what is paid for, and where the whole entries end."""

    generation: int
    outcomes: dict[Stretch, Outcome]
    size: int


class Journal:
    """A journal open for appending. Make one with `start` or `resume`.

    Args:
        path: its file.
        descriptor: the file, open for writing.
        size: where the next entry goes.
    """

    def __init__(self, path: Path, descriptor: int, size: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._size = size

    @classmethod
    def start(cls, path: Path, generation: int) -> "Journal":
        """An empty journal for a generation, in place of whatever was there."""
        header = _entry({"format": FORMAT, "generation": generation})
        disk.replace(path, header)
        return cls.resume(path, len(header))

    @classmethod
    def resume(cls, path: Path, size: int) -> "Journal":
        """An existing journal, cut off behind its last whole entry at `size`."""
        with disk.writing(path):
            descriptor = os.open(path, os.O_WRONLY)
            os.ftruncate(descriptor, size)
        return cls(path, descriptor, size)

    def append(self, outcome: Outcome) -> None:
        """Write an outcome and return once it is durable.

        Raises:
            HistoryError: the disk refused; the outcome is not acknowledged, all before it are.
        """
        entry = _entry(vars(outcome))
        with disk.writing(self._path):
            try:
                written = 0
                while written < len(entry):
                    written += os.pwrite(self._descriptor, entry[written:], self._size + written)
                disk.synchronise(self._descriptor)
            except BaseException:
                # Also on Ctrl-C: half an entry must not lie under the ones that follow.
                with suppress(OSError):
                    os.ftruncate(self._descriptor, self._size)
                raise
        self._size += len(entry)

    def close(self) -> None:
        """Give the file back; closing twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read(path: Path) -> Contents:
    """The contents of a journal, without a torn tail; works beside its writer.

    Raises:
        HistoryError: it is missing, damaged or of another format.
    """
    with disk.reading(path):
        data = path.read_bytes()
    # A payload never ends in NUL: trailing NULs are blocks that a power cut left unwritten.
    entries = list(_entries(path, data.rstrip(b"\0")))
    header, size = entries[0] if entries else ({}, 0)
    if "generation" not in header:
        raise HistoryError(f"{path} is not a journal of evo. Restore it from a copy.")
    if header["format"] != FORMAT:
        raise HistoryError(
            f"{path} has format {header['format']}, this version of evo reads format {FORMAT}. "
            "Use the version that wrote it."
        )
    outcomes: dict[Stretch, Outcome] = {}
    for payload, end in entries[1:]:
        trials = tuple(Trial(*trial) for trial in payload.pop("trials"))
        outcome = Outcome(trials=trials, **payload)
        outcomes[outcome.stretch] = outcome
        size = end
    return Contents(header["generation"], outcomes, size)


def _entry(payload: dict[str, Any]) -> bytes:
    content = json.dumps(payload, separators=(",", ":")).encode()
    length = struct.pack("<I", len(content))
    return _FRAME.pack(len(content), zlib.crc32(length), zlib.crc32(content)) + content


def _entries(path: Path, data: bytes) -> Iterator[tuple[dict[str, Any], int]]:
    """Payload and end of each whole entry; stops at a torn tail."""
    start, number = 0, 0
    while start + _FRAME.size <= len(data):
        length, length_checksum, checksum = _FRAME.unpack_from(data, start)
        content = data[start + _FRAME.size : start + _FRAME.size + length]
        if zlib.crc32(data[start : start + 4]) != length_checksum:
            raise _damage(path, start, number)
        if len(content) < length:
            return
        if zlib.crc32(content) != checksum:
            raise _damage(path, start, number)
        start += _FRAME.size + length
        number += 1
        yield json.loads(content), start


def _damage(path: Path, start: int, number: int) -> HistoryError:
    cut = f", or cut it there (`truncate -s {start} {path}`): what follows is then evaluated again"
    return HistoryError(
        f"{path} is damaged in entry {number}, at byte {start}. "
        f"Restore it from a copy{cut if number else ''}."
    )
