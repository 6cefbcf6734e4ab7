"""NSGA-II through DEAP: survival by non-dominated fronts of performance and novelty."""

from collections.abc import Sequence
from dataclasses import replace

from deap import tools

from evo.selection.base import Survival, survivals
from evo.selection.individual import Individual


@survivals.register("nsga2")
class Nsga2(Survival):
    """Non-dominated fronts of performance and novelty, then crowding."""

    def __call__(self, individuals: Sequence[Individual], count: int) -> list[Individual]:
        """The best `count` by non-dominated rank, then crowding distance.

        Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
        Transactions on Evolutionary Computation 6(2).
        """
        # Copies, since DEAP writes crowding distances into the fitness of what it sorts.
        pool = [replace(individual, crowding=0.0) for individual in individuals]
        survivors: list[Individual] = tools.selNSGA2(pool, min(count, len(pool)))
        return [replace(chosen, crowding=chosen.fitness.crowding_dist) for chosen in survivors]
