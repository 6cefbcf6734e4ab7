"""The population of a campaign: who survived the last sealed generation, and the one before it."""

from evo.core.records import Generation
from evo.selection.individual import Individual
from evo.selection.islands import Islands


class Population:
    """Survivors as individuals, read off sealed generations.

    Args:
        islands: assign an island to each new individual.

    Attributes:
        individuals: survivors of the last generation, in the order that history keeps.
        earlier: survivors of the generation before it; of the first one the same.
    """

    def __init__(self, islands: Islands) -> None:
        self._islands = islands
        self.individuals: list[Individual] = []
        self.earlier: list[Individual] = []

    def take(self, sealed: Generation) -> None:
        """Replace the population by the survivors of a sealed generation."""
        newborn = self._islands.born(sealed.records)
        alive = {individual.record.id: individual for individual in [*self.individuals, *newborn]}
        # After a repair a survivor may be among the records that are lost.
        individuals = [alive[id_] for id_ in sealed.survivors if id_ in alive]
        self.earlier = self.individuals if sealed.number > 0 else individuals
        self.individuals = individuals
