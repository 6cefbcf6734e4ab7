"""What the sealed generations come to: all that a search must know of its past, and no more.

It is read off history in one pass, a few hundred records at a time, so that going on with a long
campaign is as quick as reading it once and needs no memory for the records themselves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from archive.history.reader import Reader
from archive.novelty.novelty_archive import NoveltyArchive
from evo.core.errors import HistoryError
from evo.core.records import Record
from evo.proposing.memory import Memory
from evo.selection.individual import Individual
from evo.selection.islands import Birthplaces

_BATCH = 512


@dataclass(frozen=True)
class Standing:
    """Where a campaign goes on from.

    Attributes:
        baselines: the known components, with their trials.
        population: the survivors of the last generation, in order.
        earlier: those of the generation before it; of the first one the same.
        seen: ids of every source so far.
        archive: both descriptors of everything known.
        request: key of the last request whose reply is among the records; empty without one.
    """

    baselines: Sequence[Record]
    population: Sequence[Individual]
    earlier: Sequence[Individual]
    seen: set[str]
    archive: NoveltyArchive
    request: str

    @staticmethod
    def of(
        history: Reader,
        *,
        archive: NoveltyArchive,
        memory: Memory,
        watch: Callable[[Sequence[Record]], None],
        learn: Callable[[int, Sequence[Record]], None] | None = None,
        islands: int = 1,
    ) -> "Standing":
        """The standing of a campaign whose baselines are sealed.

        Args:
            history: where it stands.
            archive: empty; is given all that is known.
            memory: takes in the recent generations.
            watch: is given all records, some at a time.
            learn: is given the records of each generation, in order.
            islands: how many populations live apart.

        Raises:
            HistoryError: the baselines are lost, or a file is damaged.
        """
        records = iter(history.records)
        if learn is not None:
            records = _told(records, learn)
        first = list(islice(records, _BATCH))
        baselines = [record for record in first if record.is_baseline]
        if not baselines:
            raise HistoryError(
                f"{history.folder} has lost its baselines (generation 0), so nothing more can be "
                "compared with them. It can be read and exported; to search on, start a new one."
            )
        seen: set[str] = set()
        before = history.population(max(0, history.generation - 1))
        survivors = {*history.survivors, *before}
        found: dict[str, Individual] = {}
        birthplaces = Birthplaces(islands)
        recent: dict[int, list[Record]] = {
            generation: []
            for generation in range(memory.first_needed(history.generation), history.generation + 1)
        }
        request = ""
        batch = first
        while batch:
            watch(batch)
            archive.add_records(batch)
            seen.update(record.id for record in batch if not record.is_ablation)
            for record in batch:
                island = birthplaces(record)
                if record.id in survivors and record.novelty is not None:
                    found[record.id] = Individual(record, island)
                if record.generation in recent:
                    recent[record.generation].append(record)
                request = record.candidate.request or request
            batch = list(islice(records, _BATCH))
        for generation, members in recent.items():
            memory.remember(generation, members, history.population(generation))
        # After a repair a survivor may be among what is lost.
        population = [found[id_] for id_ in history.survivors if id_ in found]
        earlier = [found[id_] for id_ in before if id_ in found]
        return Standing(baselines, population, earlier, seen, archive, request)


def _told(
    records: Iterator[Record], learn: Callable[[int, Sequence[Record]], None]
) -> Iterator[Record]:
    """The same records; those of a generation are told as soon as all have gone by."""
    for generation, members in groupby(records, key=lambda record: record.generation):
        told = list(members)
        learn(generation, told)
        yield from told
