"""Records taken over from the campaigns that one began with: the folder `origins/`.

    origins/001/generation-000012.h5    of the first one, as of its generation 12

A file is a segment of the other campaign with all of its records that have a result, earlier and
later ones, and the survivors of that generation. It is written before the campaign exists and never
changed, so that a resume needs nothing of the other campaign. The configuration has the checksum.
"""

from pathlib import Path
from typing import NamedTuple

from archive.history.reader import Reader
from archive.history.records import Records
from archive.store.hdf5 import opened
from archive.store.segment import (
    GENERATION,
    Segment,
    open_segment,
    packed,
    write_segment,
)
from archive.store.segment_name import file_name
from archive.store.tables import Columns, unpack_table
from evo.core.errors import HistoryError
from evo.core.records import Generation, Status

ORIGINS = "origins"


class Taken(NamedTuple):
    """Records and population to take over from another campaign. Make one with `take_results`.

    Attributes:
        campaign: id of the other campaign.
        generation: the one whose survivors are taken.
        survivors: ids of the survivors.
        columns: of the segment that keeps it.
    """

    campaign: str
    generation: int
    survivors: tuple[str, ...]
    columns: Columns

    @property
    def sha256(self) -> str:
        """Checksum of the records and survivors."""
        return _checksum(self.columns)


class Inheritance(NamedTuple):
    """Records and population taken over from another campaign, as the folder keeps them.

    Attributes:
        records: all with a result, in order.
        survivors: ids of the population that was taken.
    """

    records: Records
    survivors: tuple[str, ...]


def take_results(history: Reader, generation: int) -> Taken:
    """The results of a campaign, with the survivors of one of its generations.

    Raises:
        HistoryError: a file is damaged.
    """
    results = [
        record
        for record in history.records
        if record.score is not None or record.status is Status.FAILED
    ]
    survivors = history.population(generation)
    columns = packed(Generation(generation, results, survivors))
    return Taken(history.id, generation, survivors, columns)


def write_taken(folder: Path, number: int, taken: Taken) -> None:
    """Write what was taken of the campaign at a place of the list, counted from 1.

    Raises:
        HistoryError: it could not be written.
    """
    path = path_of(folder, number, taken.generation)
    path.parent.mkdir(parents=True)
    generations = range(taken.generation, taken.generation + 1)
    write_segment(path.parent, generations, taken.columns, taken.campaign)


def read_taken(
    folder: Path, number: int, *, campaign: str, generation: int, sha256: str
) -> Inheritance:
    """Read what was taken of the campaign at a place of the list, counted from 1.

    Args:
        folder: of the campaign that took it.
        number: the place.
        campaign: id of the other campaign.
        generation: the one whose survivors were taken.
        sha256: checksum of what was taken.

    Raises:
        HistoryError: the file is missing, damaged or another one.
    """
    sealed = _open(path_of(folder, number, generation), campaign, sha256)
    return Inheritance(Records((sealed,), lambda: (sealed,)), sealed.survivors)


def taken_again(folder: Path, number: int, *, campaign: str, generation: int, sha256: str) -> Taken:
    """The kept records and population, for another campaign to take over.

    Arguments are those of `read_taken`.

    Raises:
        HistoryError: the file is missing, damaged or another one.
    """
    sealed = _open(path_of(folder, number, generation), campaign, sha256)
    with opened(sealed.path) as file:
        columns = {name: file[name] for name in file}
    return Taken(campaign, generation, sealed.survivors, columns)


def path_of(folder: Path, number: int, generation: int) -> Path:
    """The file of the campaign at a place of the list, counted from 1."""
    return folder / ORIGINS / f"{number:03}" / file_name(range(generation, generation + 1))


def _open(path: Path, campaign: str, sha256: str) -> Segment:
    restore = "Restore it from a copy: the campaign began with it."
    try:
        sealed = open_segment(path, campaign=campaign)
        with opened(path) as file:
            columns = {name: file[name] for name in file if name.startswith("generation.")}
    except FileNotFoundError:
        raise HistoryError(f"{path} is missing. {restore}") from None
    if _checksum(columns) != sha256:
        raise HistoryError(f"{path} is not what the campaign began with. {restore}")
    return sealed


def _checksum(columns: Columns) -> str:
    ((_, checksum, _),) = unpack_table(columns, "generation", GENERATION)
    return checksum
