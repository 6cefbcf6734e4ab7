"""All sealed records of a campaign as one sequence, which is read from disk in blocks.

Iteration holds a few hundred records in memory at a time. A writer may merge segments meanwhile:
the sequence then lists the segments again and continues in the merged file.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import overload

import numpy as np

from archive.store.record_columns import unpack
from archive.store.segment import Segment
from archive.store.tables import Columns, unpack_texts
from evo.core.errors import HistoryError
from evo.core.records import Record

_ATTEMPTS = 5
"""How often a file may vanish during reading; a merge takes far longer than listing the files."""


class Records(Sequence[Record]):
    """Records in order, read from disk at each iteration.

    Args:
        segments: the segments that hold them.
        relist: lists the segments that hold them now, after a merge.
    """

    def __init__(
        self, segments: Sequence[Segment], relist: Callable[[], Sequence[Segment]]
    ) -> None:
        self._segments = segments
        self._relist = relist
        self._size = sum(segment.size for segment in segments)

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        places = range(self._size)[index]
        if isinstance(places, int):
            return next(self._from(places))
        return [next(self._from(place)) for place in places]

    def __iter__(self) -> Iterator[Record]:
        return self._from(0)

    def since(self, start: int) -> Iterator[Record]:
        """Yield the records from record `start` on."""
        return self._from(start)

    def blocks(self, start: int = 0) -> Iterator[Columns]:
        """Yield the columns of consecutive blocks of records, from record `start` on.

        Raises:
            HistoryError: a segment is damaged or gone.
        """
        attempts = 0
        while start < self._size:
            segment, place = self._locate(start)
            try:
                # A merged file may hold more records than this sequence.
                stop = min(segment.size, place + self._size - start)
                for columns in segment.blocks(place, stop):
                    start += len(columns["record.has_score"])
                    yield columns
            except FileNotFoundError as error:
                attempts += 1
                if attempts > _ATTEMPTS:
                    raise HistoryError(
                        f"{segment.path} is missing. Restore it from a copy, or run evo check."
                    ) from error
                self._segments = self._relist()

    def scored(self) -> Iterator[tuple[int, str]]:
        """Yield index and id of each record with a score; the rest of it is not unpacked."""
        start = 0
        for columns in self.blocks():
            scored = columns["record.has_score"]
            ids = unpack_texts(columns, "record.id")
            yield from ((start + int(place), ids[place]) for place in np.flatnonzero(scored))
            start += len(ids)

    def _from(self, start: int) -> Iterator[Record]:
        for columns in self.blocks(start):
            yield from unpack(columns)

    def _locate(self, place: int) -> tuple[Segment, int]:
        for segment in self._segments:
            if place < segment.size:
                return segment, place
            place -= segment.size
        raise HistoryError(
            "The history became shorter while it was read. Run evo check RUN on its campaign."
        )
