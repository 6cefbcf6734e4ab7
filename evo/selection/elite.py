"""Survival of the best alone, by shrunken margin: what greedy searches keep."""

from collections.abc import Sequence

from evo.selection.base import Survival, survivals
from evo.selection.individual import Individual, by_worth


@survivals.register("elite")
class Elite(Survival):
    """The best by shrunken margin, whatever they compute."""

    def __call__(self, individuals: Sequence[Individual], count: int) -> list[Individual]:
        """The best `count`, the best first."""
        return by_worth(individuals)[:count]
