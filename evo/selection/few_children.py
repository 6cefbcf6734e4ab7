"""Parents by quality and by how little was tried from them, over the whole history.

The chance of a parent is proportional to

    sigmoid(k · (performance − median performance) / spread) / (1 + children)

as in ShinkaEvolve (arXiv 2509.19349) and the Darwin Gödel Machine (arXiv 2505.22954), k = 10 there;
the spread is the median absolute deviation of performance. Only the highest rung that was reached
counts: scores of two rungs have no common scale.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.special import expit

from evo.selection.base import Parents, parent_draws
from evo.selection.individual import Individual, best_first

_SHARPNESS = 10.0


@parent_draws.register("few-children")
class FewChildren(Parents):
    """By sigmoid of quality, divided by one plus the number of children."""

    from_history: ClassVar[bool] = True

    def __call__(
        self, individuals: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """`count` different parents."""
        ranked = best_first(individuals)
        top = max((individual.record.scored.rung for individual in ranked), default=0)
        pool = [individual for individual in ranked if individual.record.scored.rung == top]
        pool = pool if len(pool) >= count else ranked
        values = np.array([individual.performance for individual in pool])
        children = np.array([individual.children for individual in pool])
        spread = np.median(np.abs(values - np.median(values))) or 1.0
        weights = expit(_SHARPNESS * (values - np.median(values)) / spread) / (1 + children)
        weights += 1e-12  # as many as are asked for must be possible
        size = min(count, len(pool))
        places = rng.choice(len(pool), size=size, replace=False, p=weights / weights.sum())
        return [pool[int(place)] for place in places]
