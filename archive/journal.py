"""What the generation in progress has already paid for, on disk before anyone hears of it.

One file of entries, `length | crc32 of length | crc32 of payload | payload`, little-endian, the
payload a JSON object. The first entry names the format, the campaign and the generation; every
other one is an object of one key, what it is, and its content: so far there are outcomes. The
length has a checksum of its own, since a wrong length would look like a torn tail.

A torn tail is what a crash leaves of a write that was never acknowledged; it is cut off. Anything
else that does not fit is damage, and the journal must never be read past it.
"""

import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from archive import disk
from evo.errors import HistoryError
from evo.types import Outcome, Stretch, Trial

FORMAT = 2

_FRAME = struct.Struct("<III")


class Contents(NamedTuple):
    """A journal as read.

    Attributes:
        generation: the one in progress.
        campaign: id of its campaign; empty in a journal of format 1.
        outcomes: what is paid for.
        size: where the whole entries end.
    """

    generation: int
    campaign: str
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
    def start(
        cls, path: Path, generation: int, *, campaign: str, outcomes: Iterable[Outcome] = ()
    ) -> "Journal":
        """A journal for a generation with what is paid for, in place of whatever was there."""
        header = {"format": FORMAT, "campaign": campaign, "generation": generation}
        entries = [_entry(header), *map(_outcome_entry, outcomes)]
        disk.replace(path, *entries)
        return cls.resume(path, sum(map(len, entries)))

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
        entry = _outcome_entry(outcome)
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
    if header["format"] not in (1, FORMAT):
        raise HistoryError(
            f"{path} has format {header['format']}, this version of evo reads format {FORMAT}. "
            "Use the version that wrote it."
        )
    outcomes: dict[Stretch, Outcome] = {}
    for payload, end in entries[1:]:
        outcome = _outcome(path, payload)
        outcomes[outcome.stretch] = outcome
        size = end
    return Contents(header["generation"], header.get("campaign", ""), outcomes, size)


def _outcome_entry(outcome: Outcome) -> bytes:
    return _entry({"outcome": vars(outcome)})


def _outcome(path: Path, payload: dict[str, Any]) -> Outcome:
    # An entry of format 1 is the outcome itself, also where format 2 was written behind it.
    fields = payload if "trials" in payload else payload.get("outcome")
    if fields is None:
        raise HistoryError(
            f"{path} has an entry that this version of evo does not know ({', '.join(payload)}). "
            "Use the version that wrote it."
        )
    trials = tuple(Trial(*trial) for trial in fields.pop("trials"))
    return Outcome(trials=trials, **fields)


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
