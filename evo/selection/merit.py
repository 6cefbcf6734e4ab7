"""NSGA-II in which novelty counts only for components that are worth having.

Any exotic function is novel, so that novelty as an objective of its own keeps losers alive. Here an
individual has *merit* if it beats half of the baselines or more (B-WR ≥ 1/2) at its rung, a minimal
criterion (Lehman & Stanley 2010, "Revising the evolutionary computation abstraction: minimal
criteria novelty search"). Without merit its novelty is 0. With merit it is measured against what is
known now:

    novelty(i) = min(N-score at arrival, distance to the nearest better individual of the pool)

The N-score covers all that was known when it arrived, baselines included; the pool covers what has
come since. Of two that compute nearly the same, the better one keeps its novelty.

Performance is the shrunken margin, see `evo.core.worth`.
"""

from collections.abc import Sequence
from dataclasses import replace

from deap import tools

from evo.core.performance import has_merit
from evo.selection.base import Survival, survivals
from evo.selection.individual import Individual, by_worth
from evo.selection.niches import rooms


@survivals.register("merit")
class Merit(Survival):
    """Non-dominated fronts of shrunken margin and of novelty that only merit gives."""

    def __call__(self, individuals: Sequence[Individual], count: int) -> list[Individual]:
        """The best `count` by non-dominated rank, then crowding distance."""
        pool = appraise(individuals)
        survivors: list[Individual] = tools.selNSGA2(pool, min(count, len(pool)))
        return [replace(chosen, crowding=chosen.fitness.crowding_dist) for chosen in survivors]


def appraise(individuals: Sequence[Individual]) -> list[Individual]:
    """Copies with performance by worth and novelty by merit, the best first."""
    ranked = by_worth(individuals)
    return [
        replace(
            individual,
            novelty=min(individual.novelty, room) if has_merit(individual.record) else 0.0,
        )
        for individual, room in zip(ranked, rooms(ranked), strict=True)
    ]
