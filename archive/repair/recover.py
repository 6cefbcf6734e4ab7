"""Recover the parts of damaged files whose checksums match; nothing is guessed.

HDF5's library may crash on a damaged file, so a segment is read in a separate process.
"""

import json
import multiprocessing
import zlib
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from archive.store.append_log import FRAME
from archive.store.hdf5 import ColumnFile, opened
from archive.store.journal import outcome_of
from archive.store.record_columns import digest
from archive.store.segment import generation_columns
from archive.store.tables import Columns, unpack_texts
from evo.core.errors import HistoryError
from evo.core.namesakes import load_packages
from evo.core.trials import Outcome

_TIMEOUT_S = 300.0


def generations(path: Path, *, campaign: str) -> dict[int, tuple[int, Columns]]:
    """Recover the whole generations of a damaged segment.

    Args:
        path: the segment.
        campaign: the campaign's id; nothing is taken from a segment of another one.

    Returns:
        By number of generation, how many records it has and its columns. Empty where nothing is
        whole, as in a truncated file (HDF5 does not open one).
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=load_packages) as pool:
        try:
            return pool.submit(_generations, path, campaign).result(_TIMEOUT_S)
        except (BrokenProcessPool, TimeoutError):
            return {}


def outcomes(path: Path) -> list[Outcome]:
    """Recover the whole outcomes of a damaged journal, in order."""
    contents = (json.loads(payload) for payload in payloads(path))
    return [outcome_of(path, content) for content in contents if "generation" not in content]


def payloads(path: Path) -> list[bytes]:
    """Recover the payloads of the whole entries of a damaged log, in order."""
    data = path.read_bytes()
    whole: list[bytes] = []
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
        whole.append(content)
    return whole


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
    whole: dict[int, tuple[int, Columns]] = {}
    for place, number in enumerate(numbers):
        try:
            columns = generation_columns(file.take, place, offsets[place], offsets[place + 1])
            is_whole = digest(columns) == checksums[place]
        except (OSError, ValueError, KeyError, IndexError, MemoryError, RuntimeError):
            continue
        if is_whole:
            whole[number] = (offsets[place + 1] - offsets[place], columns)
    return whole
