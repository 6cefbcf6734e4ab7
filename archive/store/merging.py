"""Merge old segments, so that a million records lie in tens of files.

Merging copies columns and decodes no record. The merged file is durable under its own name before
its parts are deleted, so that a kill in between leaves both; readers then pass over the parts, and
the next writer deletes them.
"""

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from archive.store import segment
from archive.store.hdf5 import opened
from archive.store.record_columns import column_names, joined_column
from archive.store.segment import Segment
from archive.store.segment_name import generations_of


class MergeLimits(NamedTuple):
    """Sizes that decide when segments are merged.

    Attributes:
        fan: number of segments, each with the same number of generations, that are merged into one.
        full: records from which on a segment is not merged again. This bounds the cost of a merge,
            and what one damaged file can lose.
    """

    fan: int = 16
    full: int = 16_384


LIMITS = MergeLimits()
"""Those of every campaign."""


def due(segments: Sequence[Segment], limits: MergeLimits) -> Sequence[Segment]:
    """The newest segments that should be merged now; empty where there are too few."""
    tail = list(takewhile(lambda sealed: sealed.size < limits.full, reversed(segments)))[::-1]
    if len(tail) > 1 and sum(sealed.size for sealed in tail) >= limits.full:
        return tail
    newest = tail[-limits.fan :]
    alike = len({len(sealed.generations) for sealed in newest}) == 1
    return newest if len(newest) == limits.fan and alike else []


def merge_segments(parts: Sequence[Segment], *, campaign: str) -> Segment:
    """Merge consecutive segments into one and delete them.

    Raises:
        HistoryError: the merged file could not be written; all parts are still there.
    """
    generations = range(parts[0].generations[0], parts[-1].generations[-1] + 1)
    with ExitStack() as files:
        columns = _Joined([files.enter_context(opened(part.path)) for part in parts])
        whole = segment.write_segment(parts[0].path.parent, generations, columns, campaign)
    for part in parts:
        part.path.unlink(missing_ok=True)
    _give_back_memory()
    return whole


def _give_back_memory() -> None:
    """Return freed memory to the system (glibc); a long campaign would otherwise hold 130 MB."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class _Joined(Mapping[str, NDArray[Any]]):
    """The joined columns of consecutive segments, each read on access.

    One column at a time is in memory.
    """

    def __init__(self, parts: Sequence[Mapping[str, NDArray[Any]]]) -> None:
        self._parts = parts

    def __getitem__(self, name: str) -> NDArray[Any]:
        sizes = [int(part["generation.offsets"][-1]) for part in self._parts]
        return joined_column(name, self._parts, sizes)

    def __iter__(self) -> Iterator[str]:
        return iter(column_names(self._parts))

    def __len__(self) -> int:
        return len(column_names(self._parts))


def covering(folder: Path, names: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """Paths of the segments to read, in order, and of those that were merged into one of them.

    Args:
        folder: the folder of segments.
        names: file names, each that of a segment.
    """
    by_start = sorted(names, key=lambda name: (_generations(name)[0], -len(_generations(name))))
    kept: list[str] = []
    covered: list[str] = []
    end = -1
    for name in by_start:
        (covered if _generations(name)[-1] <= end else kept).append(name)
        end = max(end, _generations(name)[-1])
    return [folder / name for name in kept], [folder / name for name in covered]


def _generations(name: str) -> range:
    generations = generations_of(name)
    assert generations is not None, f"{name} is no segment's name"
    return generations
