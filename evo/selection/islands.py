"""The island model: separate populations with migration in a ring.

The candidate at place p of a generation belongs to island p mod n for good; the repair of a refused
candidate belongs to that candidate's island. Survival and parents work on each island alone. Every
`migrate_every` generations the best of each island visit the next one in a ring and may be drawn as
parents there. Visitors take no place of a survivor and return; only their offspring stays. So an
individual's island follows from its place in history, and nothing about islands is stored.

Ring and interval follow Cohoon et al. 1987, "Punctuated equilibria: a parallel genetic algorithm";
they copy migrants, we let them breed. With one island all of this does nothing.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from evo.core.records import Record, Status
from evo.selection.base import Parents, Survival, parent_draws, survivals
from evo.selection.individual import Individual, best_first
from evo.selection.settings import SelectionSettings
from evo.selection.worth import by_worth


class Islands:
    """Selection on each island separately.

    Args:
        settings: number of islands and migration.
        survival: strategy on each island.
        parents: strategy on each island.
        population: number of survivors on all islands together.
    """

    def __init__(
        self, settings: SelectionSettings, survival: Survival, parents: Parents, *, population: int
    ) -> None:
        self._settings = settings
        self._survival = survival
        self._parents = parents
        self._places = settings.places(population)

    @property
    def draws_from_history(self) -> bool:
        """True if parents are drawn from everything evaluated, not from the survivors alone."""
        return self._parents.from_history

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
        """Individuals of a whole generation's records, in order: those that reached the archive."""
        birthplaces = Birthplaces(self._settings.islands)
        placed = [(record, birthplaces(record)) for record in records]
        return [
            Individual.of(record, island=island)
            for record, island in placed
            if record.novelty is not None
        ]

    def survive(self, individuals: Sequence[Individual]) -> list[Individual]:
        """The survivors, island by island, each with its crowding on its island."""
        return self._on_each_island(individuals, lambda island: self._places[island])

    def arrange(self, individuals: Sequence[Individual]) -> list[Individual]:
        """All individuals in the order of survival, with their crowding among themselves.

        Parents are drawn from a population in this form. Where they are drawn from the whole
        history, the order is by worth alone: fronts of a long history would take minutes.
        """
        if self.draws_from_history:
            return by_worth(individuals)
        return self._on_each_island(individuals, lambda _: len(individuals))

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
        """The individuals on the island of that place, and its visitors in that generation."""
        islands = self._settings.islands
        home = place % islands
        present = _living_on(population, home)
        if islands > 1 and generation % self._settings.migrate_every == 0:
            neighbours = _living_on(population, (home - 1) % islands)
            present += best_first(neighbours)[: self._settings.migrants]
        # A repaired history may have lost a whole island: then all individuals are eligible.
        return present or population

    def _on_each_island(
        self, individuals: Sequence[Individual], count: Callable[[int], int]
    ) -> list[Individual]:
        return [
            survivor
            for island in range(self._settings.islands)
            for survivor in self._survival(_living_on(individuals, island), count(island))
        ]


class Birthplaces:
    """Assigns islands to records in the order of history.

    Args:
        islands: number of islands.
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
            home = self._refused.get(parent, home)  # a repair of that candidate
        if record.status is Status.INVALID:
            self._refused[record.id] = home
        return home


def _living_on(individuals: Sequence[Individual], island: int) -> list[Individual]:
    return [individual for individual in individuals if individual.island == island]
