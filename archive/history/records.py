"""All sealed records of a campaign as one sequence that holds none of them.

Whoever goes through it has a few hundred at a time in memory. A writer beside it may merge segments
meanwhile: the same records then stand in another file, where the sequence finds them again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from archive.store.columns import unpack
from archive.store.segment import Segment
from archive.store.tables import Columns
from evo.core.errors import HistoryError
from evo.core.records import Record

_ATTEMPTS = 5
"""How often a file may vanish under a reader; a merge takes far longer than looking again."""


class Records(Sequence[Record]):
    """Records in order, read from disk each time that they are gone through.

    Args:
        segments: where they are.
        again: where they are by now.
    """

    def __init__(self, segments: Sequence[Segment], again: Callable[[], Sequence[Segment]]) -> None:
        self._segments = segments
        self._again = again
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

    def blocks(self, start: int = 0) -> Iterator[Columns]:
        """The columns of a few hundred records after the other, from a place on."""
        attempts = 0
        while start < self._size:
            segment, place = self._locate(start)
            try:
                # A file that others were merged into may hold more than there was at first.
                stop = min(segment.size, place + self._size - start)
                for columns in segment.blocks(place, stop):
                    start += len(columns["record.has_score"])
                    yield columns
            except FileNotFoundError as error:
                attempts += 1
                if attempts > _ATTEMPTS:
                    raise HistoryError(
                        f"{segment.path} is gone. Restore it from a copy."
                    ) from error
                self._segments = self._again()

    def _from(self, start: int) -> Iterator[Record]:
        for columns in self.blocks(start):
            yield from unpack(columns)

    def _locate(self, place: int) -> tuple[Segment, int]:
        for segment in self._segments:
            if place < segment.size:
                return segment, place
            place -= segment.size
        raise HistoryError("The history became shorter while it was read. Run evo check.")
