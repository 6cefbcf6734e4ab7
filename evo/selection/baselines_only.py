"""Survival of the baselines alone: every offspring descends from a known component.

With it, a search draws one mutant after another and inherits nothing: best-of-N, which evolution
has to beat.
"""

from collections.abc import Sequence

from evo.selection.base import Survival, survivals
from evo.selection.individual import Individual, best_first


@survivals.register("baselines")
class BaselinesOnly(Survival):
    """The baselines, and others only where there are no baselines."""

    def __call__(self, individuals: Sequence[Individual], count: int) -> list[Individual]:
        """The baselines, the best first, and the best of the rest if they are too few."""
        ranked = best_first(individuals)
        return sorted(ranked, key=lambda individual: not individual.record.is_baseline)[:count]
