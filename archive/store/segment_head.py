"""The head of a segment: a user block of 512 bytes with format and SHA-256 of the rest, as text."""

import hashlib
import re
from pathlib import Path

from archive.store import disk
from evo.core.errors import HistoryError, unknown_format

SEGMENT_FORMAT = 1
HEAD_BYTES = 512

_HEAD = re.compile(rb"evo history segment\nformat (\d+)\nsha256 ([0-9a-f]{64})\n\0+")


def head_of(body: bytes) -> bytes:
    """The head of a segment with that body."""
    checksum = hashlib.sha256(body).hexdigest()
    text = f"evo history segment\nformat {SEGMENT_FORMAT}\nsha256 {checksum}\n"
    return text.encode().ljust(HEAD_BYTES, b"\0")


def check_file(path: Path) -> None:
    """Verify format and checksum of a segment.

    Raises:
        FileNotFoundError: the file does not exist.
        FormatError: it has another format.
        HistoryError: it is damaged, or no segment.
    """
    checksum = hashlib.sha256()
    try:
        with path.open("rb") as file:
            head = _HEAD.fullmatch(file.read(HEAD_BYTES))
            while block := file.read(1 << 20):
                checksum.update(block)
    except FileNotFoundError:
        raise
    except OSError as error:
        with disk.reading(path):
            raise error
    if head is None:
        raise HistoryError(f"{path} is no segment of evo, or damaged. Restore it from a copy.")
    if int(head[1]) != SEGMENT_FORMAT:
        raise unknown_format(path, int(head[1]), known=SEGMENT_FORMAT)
    if checksum.hexdigest() != head[2].decode():
        raise HistoryError(
            f"{path} is damaged: its contents do not match its checksum. Restore it from a copy."
        )
