"""Populations that live apart and visit each other: the island model, with survival on each.

Who is born at place p of a generation belongs to island p mod n for good; what mends a refused
candidate belongs where that one does. On each island survival and parents work as if there were no
other. Every so many generations the best of each island visit the next one in a ring (the first
after the last) and may be drawn as parents there. Guests take no place and go home: what stays is
their offspring. So an individual's island follows from its place in history alone, and a resumed
campaign needs to store nothing of it.

The ring and visits at intervals are those of Cohoon et al. 1987, "Punctuated equilibria: a parallel
genetic algorithm", who copy migrants where we let them breed. With one island all of this does
nothing.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from evo.core.records import Record, Status
from evo.selection.base import Parents, Survival, parent_draws, survivals
from evo.selection.individual import Individual, best_first
from evo.selection.settings import SelectionSettings


class Islands:
    """Selects on every island for itself.

    Args:
        settings: how many islands, and when who visits.
        survival: who survives on an island.
        parents: who has offspring there.
        population: survivors of all islands together.
    """

    def __init__(
        self, settings: SelectionSettings, survival: Survival, parents: Parents, *, population: int
    ) -> None:
        self._settings = settings
        self._survival = survival
        self._parents = parents
        self._places = settings.places(population)

    @staticmethod
    def of(settings: SelectionSettings, population: int) -> "Islands":
        """The islands of a configuration.

        Raises:
            UsageError: no strategy has such a name.
        """
        return Islands(
            settings,
            survivals.get(settings.survival)(),
            parent_draws.get(settings.parents)(),
            population=population,
        )

    def born(self, records: Iterable[Record]) -> list[Individual]:
        """Those of a whole generation's records, in their order, that reached the archive."""
        birthplaces = Birthplaces(self._settings.islands)
        told = [(record, birthplaces(record)) for record in records]
        return [Individual(record, at) for record, at in told if record.novelty is not None]

    def survive(self, individuals: Sequence[Individual]) -> list[Individual]:
        """Who survives, island after island; crowding is measured on each."""
        return self._each(individuals, lambda island: self._places[island])

    def arrange(self, individuals: Sequence[Individual]) -> list[Individual]:
        """All of them as parents are drawn: in the order of survival, crowding among themselves."""
        return self._each(individuals, lambda _: len(individuals))

    def parents(
        self,
        population: Sequence[Individual],
        count: int,
        rng: np.random.Generator,
        *,
        generation: int,
        place: int,
    ) -> list[Individual]:
        """`count` parents for the offspring at a place of a generation."""
        return self._parents(self._present(population, generation, place), count, rng)

    def _present(
        self, population: Sequence[Individual], generation: int, place: int
    ) -> Sequence[Individual]:
        """The inhabitants of the island of that place, and the guests of the generation."""
        islands = self._settings.islands
        home = place % islands
        present = _inhabitants(population, home)
        if islands > 1 and generation % self._settings.migrate_every == 0:
            neighbours = _inhabitants(population, (home - 1) % islands)
            present += best_first(neighbours)[: self._settings.migrants]
        # Where a mended history has lost a whole island, everyone may settle it.
        return present or population

    def _each(
        self, individuals: Sequence[Individual], count: Callable[[int], int]
    ) -> list[Individual]:
        return [
            survivor
            for island in range(self._settings.islands)
            for survivor in self._survival(_inhabitants(individuals, island), count(island))
        ]


class Birthplaces:
    """Tells the island of each record as records go by in the order of history.

    Args:
        islands: how many there are.
    """

    def __init__(self, islands: int) -> None:
        self._islands = islands
        self._generation = -1
        self._refused: dict[str, int] = {}
        self._place = 0

    def __call__(self, record: Record) -> int:
        """The island of the next record."""
        if record.generation != self._generation:
            self._generation, self._refused, self._place = record.generation, {}, 0
        home = self._place % self._islands
        self._place += 1
        for parent in record.candidate.parents[:1]:
            home = self._refused.get(parent, home)  # it mends that one
        if record.status is Status.INVALID:
            self._refused[record.id] = home
        return home


def _inhabitants(individuals: Sequence[Individual], island: int) -> list[Individual]:
    return [individual for individual in individuals if individual.island == island]
