"""Parents of hill sampling: always the best so far."""

from collections.abc import Sequence

import numpy as np

from evo.selection.base import Parents, parent_draws
from evo.selection.individual import Individual, best_first


@parent_draws.register("best")
class Best(Parents):
    """The best, and the next best where an operator takes several."""

    def __call__(
        self,
        individuals: Sequence[Individual],
        count: int,
        rng: np.random.Generator,  # noqa: ARG002 - nothing is drawn
    ) -> list[Individual]:
        """The best `count`."""
        return best_first(individuals)[:count]
