"""Records in memory as a sequence that reads like that of a history."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from archive.history.records import Records
from archive.store.record_columns import pack_records, slice_columns, unpack_trials
from archive.store.segment import RECORDS_PER_BLOCK
from archive.store.tables import Columns, Schema, Slice, cut_tables, cut_vectors, unpack_texts
from evo.core.records import Record
from evo.core.trials import Trial


class InMemory(NamedTuple):
    """Records that are packed in memory as a segment packs them."""

    columns: Columns
    size: int
    path: Path = Path()

    def blocks(self, start: int, stop: int) -> Iterator[Columns]:
        """Yield the columns of records start to stop in blocks."""
        for first in range(start, stop, RECORDS_PER_BLOCK):
            yield slice_columns(self._take, first, min(first + RECORDS_PER_BLOCK, stop))

    def tables(self, schema: Schema, lists: Mapping[str, Schema], start: int, stop: int) -> Columns:
        """Some columns of records start to stop, and some of their lists."""
        return cut_tables(self._take, schema, lists, start, stop)

    def vectors(self, name: str, start: int, stop: int) -> Columns:
        """The vectors of records start to stop."""
        return cut_vectors(self._take, name, start, stop)

    def texts(self, field: str, places: Sequence[int]) -> list[str]:
        """A text of the records at some places."""
        texts = unpack_texts(self.columns, f"record.{field}")
        return [texts[place] for place in places]

    def trials(self, places: Sequence[int]) -> list[tuple[Trial, ...]]:
        """The trials of the records at some places."""
        return unpack_trials(self.columns, places)

    @property
    def _take(self) -> Slice:
        return lambda name, start, stop: self.columns[name][start:stop]


def as_history(records: Sequence[Record]) -> Records:
    """Records as a sequence that reads like that of a history, be they on disk or in memory."""
    if isinstance(records, Records):
        return records
    stretches = [InMemory(pack_records(records), len(records))]
    return Records(stretches, lambda: stretches)
