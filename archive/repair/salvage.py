"""What is still whole in a damaged file, as far as checksums vouch for it; nothing is guessed.

HDF5's library may crash on a damaged file, so a segment is read in a process of its own.
"""

import json
import multiprocessing
import zlib
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from archive.store import journal
from archive.store.columns import digest
from archive.store.frames import FRAME
from archive.store.hdf5 import ColumnFile, opened
from archive.store.segment import generation_columns
from archive.store.tables import Columns, unpack_texts
from evo.core.errors import HistoryError
from evo.core.namesakes import load_packages
from evo.core.records import Outcome

_PATIENCE_S = 300.0


def generations(path: Path, *, campaign: str) -> dict[int, tuple[int, Columns]]:
    """The whole generations of a damaged segment: number of records and columns by number.

    Empty where nothing is whole, as in a file whose end is cut off (HDF5 opens none).
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=load_packages) as pool:
        try:
            return pool.submit(_generations, path, campaign).result(_PATIENCE_S)
        except (BrokenProcessPool, TimeoutError):
            return {}


def outcomes(path: Path) -> list[Outcome]:
    """The outcomes of a damaged journal that are whole, in order."""
    found = (json.loads(content) for content in payloads(path))
    return [journal.outcome_of(path, content) for content in found if "generation" not in content]


def payloads(path: Path) -> list[bytes]:
    """The payloads of a damaged file of entries that are whole, in order."""
    data = path.read_bytes()
    found: list[bytes] = []
    start = 0
    while start + FRAME.size <= len(data):
        length, length_checksum, checksum = FRAME.unpack_from(data, start)
        end = start + FRAME.size + length
        content = data[start + FRAME.size : end]
        is_length = zlib.crc32(data[start : start + 4]) == length_checksum
        if not is_length or zlib.crc32(content) != checksum:
            start += 1  # the next whole entry may begin anywhere
            continue
        start = end
        found.append(content)
    return found


def _generations(path: Path, campaign: str) -> dict[int, tuple[int, Columns]]:
    try:
        with opened(path) as file:
            return _whole_generations(file, campaign)
    except (FileNotFoundError, HistoryError):
        return {}


def _whole_generations(file: ColumnFile, campaign: str) -> dict[int, tuple[int, Columns]]:
    if file.attribute("campaign") != campaign:
        return {}
    names = ("generation.sha256", "generation.sha256.offsets")
    checksums = unpack_texts({name: file[name] for name in names}, names[0])
    numbers = file["generation.number"].tolist()
    offsets = file["generation.offsets"].tolist()
    found: dict[int, tuple[int, Columns]] = {}
    for place, number in enumerate(numbers):
        try:
            columns = generation_columns(file.take, place, offsets[place], offsets[place + 1])
            is_as_written = digest(columns) == checksums[place]
        except (OSError, ValueError, KeyError, IndexError, MemoryError, RuntimeError):
            continue
        if is_as_written:
            found[number] = (offsets[place + 1] - offsets[place], columns)
    return found
