"""The island model: separate populations with migration in a ring, or a portfolio of strategies.

The candidate at place p of a generation belongs to the open island p mod n for good; the repair of
a refused candidate belongs to that candidate's island. Survival and parents work on each island
alone. Every `migrate_every` generations the best of each island visit the next one in a ring and
may be drawn as parents there. Visitors take no place of a survivor and return; only their offspring
stays. So an individual's island follows from its place in history, and nothing about islands is
stored.

Ring and interval follow Cohoon et al. 1987, "Punctuated equilibria: a parallel genetic algorithm";
they copy migrants, we let them breed. With one island all of this does nothing.

In a portfolio every island has a strategy of its own, nobody migrates, baselines live on all of
them, and islands close (`evo.selection.halving`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from evo.core.errors import UsageError
from evo.core.records import Record, Status
from evo.selection.base import Parents, Survival, parent_draws, survivals
from evo.selection.halving import Halving
from evo.selection.individual import Individual, best_first, by_worth
from evo.selection.settings import SelectionSettings, divided_evenly


class IslandStrategy(NamedTuple):
    """Survival and the drawing of parents on one island."""

    survival: Survival
    parents: Parents


class Islands:
    """Selection on each island separately.

    Args:
        settings: number of islands, migration, portfolio.
        strategies: one per island.
        population: number of survivors on all islands together.
        generations: number of the last generation.
        pinned: ids of those that survive whatever else does.
    """

    def __init__(
        self,
        settings: SelectionSettings,
        strategies: Sequence[IslandStrategy],
        *,
        population: int,
        generations: int,
        pinned: frozenset[str] = frozenset(),
    ) -> None:
        self._settings = settings
        self._pinned = pinned
        self._strategies = strategies
        self._population = population
        self._halving = Halving(len(strategies), generations) if settings.portfolio else None

    @staticmethod
    def of(
        settings: SelectionSettings,
        population: int,
        generations: int,
        *,
        pinned: frozenset[str] = frozenset(),
    ) -> "Islands":
        """The islands of a configuration.

        Raises:
            UsageError: no strategy has such a name, or one cannot take part in a portfolio.
        """
        made = {
            pair: IslandStrategy(survivals.get(pair[0])(), parent_draws.get(pair[1])())
            for pair in settings.strategies
        }
        if settings.portfolio:
            for (_, name), strategy in made.items():
                if strategy.parents.from_history:
                    raise UsageError(
                        f"selection.portfolio: parents {name!r} are drawn from the whole history, "
                        "which the islands of a portfolio do not share. Use it as "
                        "selection.parents, or take another."
                    )
        return Islands(
            settings,
            [made[pair] for pair in settings.strategies],
            population=population,
            generations=generations,
            pinned=pinned,
        )

    @property
    def draws_from_history(self) -> bool:
        """True if parents are drawn from everything evaluated, not from the survivors alone."""
        return self._strategies[0].parents.from_history

    def open_in(self, generation: int) -> Sequence[int]:
        """The islands that have a part in a generation."""
        if self._halving is None:
            return range(len(self._strategies))
        return self._halving.open_in(generation)

    def take(self, generation: int, individuals: Sequence[Individual]) -> None:
        """Take in the survivors of a sealed generation, by which a portfolio is halved."""
        if self._halving is not None:
            self._halving.take(generation, individuals)

    def born(self, records: Iterable[Record]) -> list[Individual]:
        """Individuals of a whole generation's records, in order: those that reached the archive."""
        birthplaces = Birthplaces(self.open_in)
        placed = [(record, birthplaces(record)) for record in records]
        return [
            Individual.of(record, island=island)
            for record, island in placed
            if record.novelty is not None
        ]

    def survive(self, individuals: Sequence[Individual], generation: int) -> list[Individual]:
        """The survivors of a generation, island by island, each with its crowding there.

        Those pinned take the last places of others on their island.
        """
        open_ = self.open_in(generation)
        places = dict(zip(open_, divided_evenly(self._population, len(open_)), strict=True))
        survivors = self._on_each_island(individuals, generation, lambda island: places[island])
        alive = {survivor.record.id for survivor in survivors}
        for pinned in individuals:
            if pinned.record.id in self._pinned - alive:
                survivors = self._with_pinned(survivors, pinned)
        return survivors

    def _with_pinned(self, survivors: Sequence[Individual], pinned: Individual) -> list[Individual]:
        """The survivors with a pinned one in the place of the last that is not."""
        others = [one for one in survivors if one.record.id not in self._pinned]
        at_home = [one for one in others if one.island == pinned.island]
        leaving = (at_home or others)[-1:]
        return [*(one for one in survivors if one not in leaving), replace(pinned, crowding=0.0)]

    def arrange(self, individuals: Sequence[Individual], generation: int) -> list[Individual]:
        """All individuals in the order of survival, with their crowding among themselves.

        The parents of a generation are drawn from a population in this form. Where they are drawn
        from the whole history, the order is by worth alone: fronts of a long history would take
        minutes.
        """
        if self.draws_from_history:
            return by_worth(individuals)
        return self._on_each_island(individuals, generation, lambda _: len(individuals))

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
        open_ = self.open_in(generation)
        home = open_[place % len(open_)]
        present = self._present(population, home, generation)
        return self._strategies[home].parents(present, count, rng)

    def _present(
        self, population: Sequence[Individual], home: int, generation: int
    ) -> Sequence[Individual]:
        """The individuals on an island, and its visitors in that generation."""
        islands = len(self._strategies)
        present = self._living_on(population, home)
        migrates = self._halving is None and generation % self._settings.migrate_every == 0
        if islands > 1 and migrates:
            neighbours = self._living_on(population, (home - 1) % islands)
            present += best_first(neighbours)[: self._settings.migrants]
        # A repaired history may have lost a whole island: then all individuals are eligible.
        return present or population

    def _on_each_island(
        self, individuals: Sequence[Individual], generation: int, count: Callable[[int], int]
    ) -> list[Individual]:
        survivors = [
            survivor
            for island in self.open_in(generation)
            for survivor in self._strategies[island].survival(
                self._living_on(individuals, island), count(island)
            )
        ]
        # A baseline that several islands of a portfolio keep is one survivor.
        unique: dict[str, Individual] = {}
        for survivor in survivors:
            unique.setdefault(survivor.record.id, survivor)
        return list(unique.values())

    def _living_on(self, individuals: Sequence[Individual], island: int) -> list[Individual]:
        everywhere, pinned = self._halving is not None, self._pinned
        return [
            individual
            for individual in individuals
            if individual.island == island
            or (everywhere and (individual.record.is_baseline or individual.record.id in pinned))
        ]


class Birthplaces:
    """Assigns islands to records in the order of history.

    Args:
        open_in: the open islands of a generation.
    """

    def __init__(self, open_in: Callable[[int], Sequence[int]]) -> None:
        self._open_in = open_in
        self._generation = -1
        self._refused: dict[str, int] = {}
        self._place = 0

    def __call__(self, record: Record) -> int:
        """The island of the next record."""
        return self.place(
            record.generation,
            record.id,
            record.candidate.parents,
            is_refused=record.status is Status.INVALID,
        )

    def place(self, generation: int, id_: str, parents: Sequence[str], *, is_refused: bool) -> int:
        """The island of the next record, by what decides it.

        Args:
            generation: of the record.
            id_: its candidate's.
            parents: ids of the parents.
            is_refused: whether it is invalid, so that its repair belongs to the same island.
        """
        if generation != self._generation:
            self._generation, self._refused, self._place = generation, {}, 0
        open_ = self._open_in(generation)
        home = open_[self._place % len(open_)]
        self._place += 1
        for parent in parents[:1]:
            home = self._refused.get(parent, home)  # a repair of that candidate
        if is_refused:
            self._refused[id_] = home
        return home
