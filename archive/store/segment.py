"""Segments: immutable HDF5 files with one sealed generation, or several that were merged.

A file starts with a head (`archive.store.segment_head`); any HDF5 tool opens it. A segment is built
in memory and renamed into place, so that no partial one ever exists, and it must never be changed
afterwards.

Each column is a data set (`archive.store.tables`). Besides those of the records
(`archive.store.record_columns`) there are `generation.*`, one row per generation with the SHA-256
of its records, by which `evo check` restores whole generations of a damaged file, and `survivor.*`,
the ids of the survivors per generation.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archive.store import disk
from archive.store.hdf5 import image, opened
from archive.store.record_columns import (
    LISTS,
    digest,
    pack_records,
    slice_columns,
    unpack_trials,
)
from archive.store.segment_head import HEAD_BYTES, check_file, head_of
from archive.store.segment_name import file_name
from archive.store.tables import (
    Columns,
    Schema,
    Slice,
    cut_lists,
    cut_table,
    cut_tables,
    cut_vectors,
    pack_lists,
    pack_table,
    unpack_lists,
    unpack_table,
    unpack_texts,
)
from evo.core.errors import HistoryError
from evo.core.records import Generation
from evo.core.trials import Trial

RECORDS_PER_BLOCK = 256
"""Number of records that are decoded at once."""
_FAR = 16
"""Records that lie this far apart in the mean are read one by one, others with all between them."""

GENERATION: Schema = {"number": int, "sha256": str, "lost": bool}
SURVIVOR: Schema = {"id": str}


class ForeignError(HistoryError):
    """A segment is whole, but of another campaign."""


class Segment(NamedTuple):
    """A segment whose checksum matched; its records are read on access.

    Make one with `open_segment`.

    Attributes:
        path: the file.
        generations: numbers of its generations, consecutive.
        offsets: index of the first record of each generation, then the number of records.
        survivors: ids of the population after the last generation.
        lost: generations without records, since a repair could not restore them.
    """

    path: Path
    generations: range
    offsets: tuple[int, ...]
    survivors: tuple[str, ...]
    lost: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of its records."""
        return self.offsets[-1]

    def population(self, generation: int) -> tuple[str, ...]:
        """Ids of the survivors of one of its generations.

        Raises:
            FileNotFoundError: the segment was merged into another one since.
        """
        if generation == self.generations[-1]:
            return self.survivors
        with opened(self.path) as file:
            place = generation - self.generations[0]
            columns = cut_lists(file.take, "survivor", SURVIVOR, place, place + 1)
        return tuple(id_ for (id_,) in unpack_lists(columns, "survivor", SURVIVOR)[0])

    def populations(self) -> list[tuple[str, ...]]:
        """Ids of the survivors of each of its generations.

        Raises:
            FileNotFoundError: the segment was merged into another one since.
        """
        if len(self.generations) == 1:
            return [self.survivors]
        with opened(self.path) as file:
            columns = cut_lists(file.take, "survivor", SURVIVOR, 0, len(self.generations))
        lists = unpack_lists(columns, "survivor", SURVIVOR)
        return [tuple(id_ for (id_,) in survivors) for survivors in lists]

    def blocks(self, start: int, stop: int) -> Iterator[Columns]:
        """Yield the columns of records start to stop in blocks of `RECORDS_PER_BLOCK`.

        Raises:
            FileNotFoundError: the segment was merged into another one since.
        """
        with opened(self.path) as file:
            for first in range(start, stop, RECORDS_PER_BLOCK):
                yield slice_columns(file.take, first, min(first + RECORDS_PER_BLOCK, stop))

    def tables(self, schema: Schema, lists: Mapping[str, Schema], start: int, stop: int) -> Columns:
        """Some columns of records start to stop, and some of the tables with a list per record.

        Raises:
            FileNotFoundError: the segment was merged into another one since.
        """
        with opened(self.path) as file:
            return cut_tables(file.take, schema, lists, start, stop)

    def vectors(self, name: str, start: int, stop: int) -> Columns:
        """The vectors of records start to stop.

        Raises:
            FileNotFoundError: the segment was merged into another one since.
        """
        with opened(self.path) as file:
            return cut_vectors(file.take, name, start, stop)

    def texts(self, field: str, places: Sequence[int]) -> list[str]:
        """A text of the records at some places, in ascending order.

        Raises:
            FileNotFoundError: the segment was merged into another one since.
        """
        with opened(self.path) as file:
            cuts = _cuts(partial(cut_table, file.take, "record", {field: str}), places)
            texts = ((unpack_texts(cut, f"record.{field}"), here) for cut, here in cuts)
            return [several[place] for several, here in texts for place in here]

    def trials(self, places: Sequence[int]) -> list[tuple[Trial, ...]]:
        """The trials of the records at some places, in ascending order.

        Raises:
            FileNotFoundError: the segment was merged into another one since.
        """
        with opened(self.path) as file:
            cuts = _cuts(partial(cut_lists, file.take, "trial", LISTS["trial"]), places)
            return [trials for cut, here in cuts for trials in unpack_trials(cut, here)]


def _cuts(
    cut: Callable[[int, int], Columns], places: Sequence[int]
) -> Iterator[tuple[Columns, list[int]]]:
    """Yield columns with the records at some places, and where in them these are."""
    if not places:
        return
    first = places[0]
    if places[-1] - first < _FAR * len(places):
        yield cut(first, places[-1] + 1), [place - first for place in places]
    else:
        yield from ((cut(place, place + 1), [0]) for place in places)


def seal(folder: Path, generation: Generation, *, campaign: str) -> Segment:
    """Write a generation durably as a segment.

    Raises:
        HistoryError: it could not be written; no file of the segment's name exists.
    """
    numbers = range(generation.number, generation.number + 1)
    return write_segment(folder, numbers, packed(generation), campaign)


def packed(generation: Generation) -> Columns:
    """Columns of a segment with one generation."""
    records = pack_records(generation.records)
    survivors = pack_lists("survivor", SURVIVOR, [[(id_,) for id_ in generation.survivors]])
    row = (generation.number, digest(records | survivors), False)
    return {
        **records,
        **survivors,
        **pack_table("generation", GENERATION, [row]),
        "generation.offsets": offsets_of([len(generation.records)]),
    }


def offsets_of(sizes: Sequence[int]) -> NDArray[np.int64]:
    """Index of the first record of each generation of these sizes, then the number of records."""
    return np.cumsum([0, *sizes], dtype=np.int64)


def campaign_of(path: Path) -> str:
    """Campaign id in a segment; empty where it cannot be read."""
    try:
        with opened(path) as file:
            return str(file.attribute("campaign") or "")
    except (FileNotFoundError, HistoryError):
        return ""


def write_segment(
    folder: Path, generations: range, columns: Mapping[str, NDArray[Any]], campaign: str
) -> Segment:
    """Write the columns of generations durably as one segment.

    Raises:
        HistoryError: it could not be written; no file of the segment's name exists.
    """
    attributes = {
        "campaign": campaign,
        "generation": generations[0],
        "records": int(columns["generation.offsets"][-1]),
    }
    body = image(columns, attributes, head_bytes=HEAD_BYTES)
    path = folder / file_name(generations)
    disk.replace(path, head_of(body), body)
    return _described(path, columns.__getitem__)


def open_segment(path: Path, *, campaign: str) -> Segment:
    """Open a segment and verify its checksum.

    Args:
        path: the segment.
        campaign: id of the campaign that it must belong to.

    Raises:
        FileNotFoundError: the file does not exist, or not any more.
        ForeignError: it is of another campaign.
        FormatError: it has another format.
        HistoryError: it is damaged, renamed, or no segment.
    """
    check_file(path)
    with opened(path) as file:
        written_for = file.attribute("campaign")
        sealed = _described(path, file.__getitem__)
    if written_for != campaign:
        raise ForeignError(f"{path} is of another campaign. Move it elsewhere.")
    if path.name != file_name(sealed.generations):
        raise HistoryError(f"{path} was renamed. Rename it to {file_name(sealed.generations)}.")
    return sealed


def generation_columns(take: Slice, place: int, start: int, stop: int) -> Columns:
    """Columns that a generation's checksum covers: records start to stop, and its survivors."""
    return slice_columns(take, start, stop) | cut_lists(
        take, "survivor", SURVIVOR, place, place + 1
    )


def _described(path: Path, column: Callable[[str], NDArray[Any]]) -> Segment:
    names = ["generation.number", "generation.lost", "generation.sha256"]
    names += ["generation.sha256.offsets", "survivor.id", "survivor.id.offsets", "survivor.offsets"]
    columns = {name: column(name) for name in names}
    rows = unpack_table(columns, "generation", GENERATION)
    return Segment(
        path,
        range(rows[0][0], rows[-1][0] + 1),
        tuple(column("generation.offsets").tolist()),
        tuple(id_ for (id_,) in unpack_lists(columns, "survivor", SURVIVOR)[-1]),
        tuple(number for number, _, lost in rows if lost),
    )
