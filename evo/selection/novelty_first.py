"""Parents by behaviour novelty: search moves to where it has not been."""

from collections.abc import Sequence

import numpy as np

from evo.selection.base import Parents, by_tournaments, parent_draws
from evo.selection.individual import Individual


@parent_draws.register("novelty-first")
class NoveltyFirst(Parents):
    """Of two drawn uniformly, the more novel one; if equally novel, the better."""

    def __call__(
        self, individuals: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """`count` different parents."""
        return by_tournaments(individuals, count, rng, _beats)


def _beats(one: Individual, other: Individual) -> bool:
    return tuple(reversed(one.fitness.values)) > tuple(reversed(other.fitness.values))
