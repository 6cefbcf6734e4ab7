"""The population of a campaign: the survivors of the last generation, and possible parents."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from evo.core.records import Generation
from evo.selection.individual import Individual
from evo.selection.islands import Islands


class Population:
    """Survivors and possible parents as individuals, read off sealed generations.

    Args:
        islands: assign an island to each new individual.

    Attributes:
        individuals: survivors of the last generation, in the order that history keeps.
        parents: those that parents of the next generation are drawn from: the survivors, or
            everything evaluated where the strategy draws from history.
        earlier: `parents` as of the generation before; of the first one the same.
    """

    def __init__(self, islands: Islands) -> None:
        self._islands = islands
        self._everyone: list[Individual] = []
        self._children: Counter[str] = Counter()
        self.individuals: list[Individual] = []
        self.parents: Sequence[Individual] = []
        self.earlier: Sequence[Individual] = []

    def take(self, sealed: Generation) -> None:
        """Replace the population by the survivors of a sealed generation."""
        newborn = self._islands.born(sealed.records)
        self._children.update(
            parent
            for record in sealed.records
            if record.is_proposal
            for parent in set(record.candidate.parents)
        )
        alive = {individual.record.id: individual for individual in [*self.individuals, *newborn]}
        # After a repair a survivor may be among the records that are lost.
        self.individuals = self._counted(alive[id_] for id_ in sealed.survivors if id_ in alive)
        self._islands.take(sealed.number, self.individuals)
        parents = self.individuals
        if self._islands.draws_from_history:
            parents = self._everyone = self._counted([*self._everyone, *newborn])
        self.earlier = self.parents if sealed.number > 0 else parents
        self.parents = parents

    def _counted(self, individuals: Iterable[Individual]) -> list[Individual]:
        """The individuals with the number of their children so far."""
        return [
            individual
            if individual.children == self._children[individual.record.id]
            else replace(individual, children=self._children[individual.record.id])
            for individual in individuals
        ]
