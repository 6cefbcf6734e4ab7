"""Parents by linear rank in performance."""

from collections.abc import Sequence

import numpy as np

from evo.selection.base import Parents, parent_draws
from evo.selection.individual import Individual, best_first


@parent_draws.register("rank")
class Rank(Parents):
    """By linear rank in performance: the best n times as likely as the last of n."""

    def __call__(
        self, individuals: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """`count` different parents; the i-th best of n, from 0, has chance 2(n − i) / n(n + 1).

        Linear ranking (Baker 1985, "Adaptive selection methods for genetic algorithms"). Ranks and
        not rates, since rates of two rungs have no common scale.
        """
        ranked = best_first(individuals)
        weights = np.arange(len(ranked), 0, -1, dtype=np.float64)
        size = min(count, len(ranked))
        places = rng.choice(len(ranked), size=size, replace=False, p=weights / weights.sum())
        return [ranked[int(place)] for place in places]
