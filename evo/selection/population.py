"""The population of a campaign: the survivors of the last generation, and possible parents."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from evo.core.records import Generation
from evo.selection.choices import Choices
from evo.selection.individual import Individual
from evo.selection.islands import Islands


class Population:
    """Survivors and possible parents as individuals, derived from sealed generations.

    Args:
        islands: assign an island to each new individual.
        choices: of a person, about single components; none by default.

    Attributes:
        individuals: survivors of the last generation, in the order that history keeps, without
            those banned and with those pinned.
        parents: those that parents of the next generation are drawn from: the survivors, or
            everything evaluated where the strategy draws from history.
        earlier: `parents` as of the generation before; of the first one the same.
    """

    def __init__(self, islands: Islands, choices: Choices | None = None) -> None:
        self._islands = islands
        self._choices = choices or Choices()
        self._survivors: list[Individual] = []
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
        self._choices.take(newborn)
        alive = {individual.record.id: individual for individual in [*self._survivors, *newborn]}
        alive = self._choices.revived | alive
        # After a repair a survivor may be among the records that are lost.
        self._survivors = self._counted(alive[id_] for id_ in sealed.survivors if id_ in alive)
        self._islands.take(sealed.number, self._survivors)
        self.individuals = self._counted(self._choices.applied(self._survivors))
        parents = self.individuals
        if self._islands.draws_from_history:
            self._everyone = self._counted([*self._everyone, *newborn])
            parents = self._choices.allowed(self._everyone)
        self.earlier = self.parents if sealed.number > 0 else parents
        self.parents = parents

    def with_newborn(self, newborn: Sequence[Individual]) -> list[Individual]:
        """The population and those newborn that are not banned, from which survivors are chosen."""
        return [*self.individuals, *self._choices.allowed(newborn)]

    def _counted(self, individuals: Iterable[Individual]) -> list[Individual]:
        """The individuals with the number of their children so far."""
        return [
            individual
            if individual.children == self._children[individual.record.id]
            else replace(individual, children=self._children[individual.record.id])
            for individual in individuals
        ]
