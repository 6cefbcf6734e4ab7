"""All sealed records of a campaign as one sequence, which is read from disk in blocks.

Iteration holds a few hundred records in memory at a time. A writer may merge segments meanwhile:
the sequence then lists the segments again and continues in the merged file.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Protocol, TypeVar, overload

import numpy as np

from archive.store.record_columns import unpack
from archive.store.tables import Columns, Schema, unpack_texts
from evo.core.errors import HistoryError
from evo.core.records import Record
from evo.core.trials import Trial

_T = TypeVar("_T")

_GAP = 32
"""Records no farther apart are read together: to read one takes the time of many more."""
_ATTEMPTS = 5
"""How often a file may vanish during reading; a merge takes far longer than listing the files."""


class Stretch(Protocol):
    """Consecutive records, in a file or in memory; see `archive.store.segment.Segment`."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def size(self) -> int:
        """Number of records."""
        ...

    def blocks(self, start: int, stop: int) -> Iterator[Columns]:
        """Yield the columns of records start to stop in blocks."""
        ...

    def tables(self, schema: Schema, lists: Mapping[str, Schema], start: int, stop: int) -> Columns:
        """Some columns of records start to stop, and some of their lists."""
        ...

    def vectors(self, name: str, start: int, stop: int) -> Columns:
        """The vectors of records start to stop, see `archive.store.tables`."""
        ...

    def texts(self, field: str, places: Sequence[int]) -> list[str]:
        """A text of the records at some places."""
        ...

    def trials(self, places: Sequence[int]) -> list[tuple[Trial, ...]]:
        """The trials of the records at some places, in ascending order."""
        ...


class Records(Sequence[Record]):
    """Records in order, read from disk at each iteration.

    Args:
        segments: the segments that hold them.
        relist: lists the segments that hold them now, after a merge.
    """

    def __init__(
        self, segments: Sequence[Stretch], relist: Callable[[], Sequence[Stretch]]
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
            return next(self._from(places, places + 1))
        return self.several(places)

    def __iter__(self) -> Iterator[Record]:
        return self._from(0)

    def since(self, start: int) -> Iterator[Record]:
        """Yield the records from record `start` on."""
        return self._from(start)

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[Columns]:
        """Yield the columns of consecutive blocks of records, from record `start` on.

        Raises:
            HistoryError: a segment is damaged or gone.
        """

        def read(segment: Stretch, first: int, last: int) -> Iterator[tuple[int, Columns]]:
            for columns in segment.blocks(first, last):
                yield len(columns["record.has_score"]), columns

        return self._read(read, start, stop)

    def tables(
        self, schema: Schema, lists: Mapping[str, Schema], *, start: int = 0
    ) -> Iterator[Columns]:
        """Yield some columns of the records from `start` on, those of a segment at once.

        Args:
            schema: fields of the table of records.
            lists: fields of tables that hold a list per record.
            start: the first record.

        Raises:
            HistoryError: a segment is damaged or gone.
        """

        def read(segment: Stretch, first: int, last: int) -> Iterator[tuple[int, Columns]]:
            yield last - first, segment.tables(schema, lists, first, last)

        return self._read(read, start)

    def vectors(self, name: str) -> Iterator[Columns]:
        """Yield the vectors of all records, those of a segment at once, as `pack_vectors` does.

        Raises:
            HistoryError: a segment is damaged or gone.
        """

        def read(segment: Stretch, first: int, last: int) -> Iterator[tuple[int, Columns]]:
            yield last - first, segment.vectors(name, first, last)

        return self._read(read, 0)

    def texts(self, field: str, places: Sequence[int]) -> list[str]:
        """A text of the records at some places, in their order.

        Raises:
            HistoryError: a segment is damaged or gone.
        """
        known = self._several(places, lambda segment, here: segment.texts(field, here))
        return [known[place] for place in places]

    def several(self, places: Sequence[int]) -> list[Record]:
        """The records at some places, in their order; quicker than one by one.

        Raises:
            HistoryError: a segment is damaged or gone.
        """
        known: dict[int, Record] = {}
        for here in _near_each_other(sorted(set(places))):
            first, wanted = here[0], set(here)
            records = enumerate(self._from(first, here[-1] + 1), first)
            known |= ((place, record) for place, record in records if place in wanted)
        return [known[place] for place in places]

    def trials(self, places: Sequence[int]) -> list[tuple[Trial, ...]]:
        """The trials of the records at some places, in their order.

        Raises:
            HistoryError: a segment is damaged or gone.
        """
        known = self._several(places, lambda segment, here: segment.trials(here))
        return [known[place] for place in places]

    def scored(self) -> Iterator[tuple[int, str]]:
        """Yield index and id of each record with a score; the rest of it is not unpacked."""
        start = 0
        for columns in self.blocks():
            scored = columns["record.has_score"]
            ids = unpack_texts(columns, "record.id")
            yield from ((start + int(place), ids[place]) for place in np.flatnonzero(scored))
            start += len(ids)

    def _from(self, start: int, stop: int | None = None) -> Iterator[Record]:
        for columns in self.blocks(start, stop):
            yield from unpack(columns)

    def _several(
        self, places: Iterable[int], read: Callable[[Stretch, Sequence[int]], Sequence[_T]]
    ) -> dict[int, _T]:
        """Read something of the records at some places: results by place.

        Args:
            places: of records.
            read: reads at places within a segment.
        """
        known: dict[int, _T] = {}
        wanted = sorted(set(places))
        while wanted:
            known |= next(self._read(_reader_at(wanted, read), wanted[0]))
            wanted = wanted[bisect_left(wanted, max(known) + 1) :]
        return known

    def _read(
        self,
        read: Callable[[Stretch, int, int], Iterator[tuple[int, _T]]],
        start: int,
        stop: int | None = None,
    ) -> Iterator[_T]:
        """Yield what a function reads of one segment after the other.

        Args:
            read: yields a number of records and what they hold, from a segment, its first record
                and the end.
            start: the first record.
            stop: the end; None for all.
        """
        attempts = 0
        end = self._size if stop is None else stop
        while start < end:
            segment, place = self._locate(start)
            try:
                # A merged file may hold more records than this sequence.
                for number, part in read(segment, place, min(segment.size, place + end - start)):
                    start += number
                    yield part
            except FileNotFoundError as error:
                attempts += 1
                if attempts > _ATTEMPTS:
                    raise HistoryError(
                        f"{segment.path} is missing. Restore it from a copy, or run evo check."
                    ) from error
                self._segments = self._relist()

    def _locate(self, place: int) -> tuple[Stretch, int]:
        for segment in self._segments:
            if place < segment.size:
                return segment, place
            place -= segment.size
        raise HistoryError(
            "The history became shorter while it was read. Run evo check RUN on its campaign."
        )


def _near_each_other(places: Iterable[int]) -> Iterator[list[int]]:
    """Yield places in ascending order, together those that are read with all between them."""
    here: list[int] = []
    for place in places:
        if here and place - here[-1] > _GAP:
            yield here
            here = []
        here.append(place)
    if here:
        yield here


def _reader_at(
    places: Sequence[int], read: Callable[[Stretch, Sequence[int]], Sequence[_T]]
) -> Callable[[Stretch, int, int], Iterator[tuple[int, dict[int, _T]]]]:
    """A reader of the segment that holds the first of some places, at all of them that it holds."""

    def read_here(segment: Stretch, first: int, _: int) -> Iterator[tuple[int, dict[int, _T]]]:
        shift = places[0] - first
        here = list(takewhile(lambda place: place < shift + segment.size, places))
        yield 1, dict(zip(here, read(segment, [p - shift for p in here]), strict=True))

    return read_here
