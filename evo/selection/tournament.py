"""Parents by binary crowded tournament, as NSGA-II draws them."""

from collections.abc import Sequence

import numpy as np

from evo.selection.base import Parents, by_tournaments, parent_draws
from evo.selection.individual import Individual


@parent_draws.register("tournament")
class Tournament(Parents):
    """Of two drawn uniformly, the dominating one; if neither dominates, the less crowded."""

    def __call__(
        self, individuals: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """`count` different parents.

        DEAP's selTournamentDCD draws from Python's global generator; this draws from `rng` alone.
        """
        return by_tournaments(individuals, count, rng, _beats)


def _beats(one: Individual, other: Individual) -> bool:
    if one.fitness.dominates(other.fitness):
        return True
    if other.fitness.dominates(one.fitness):
        return False
    return one.crowding > other.crowding
