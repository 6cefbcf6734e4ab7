"""Random choice, the baseline that every strategy must beat."""

from collections.abc import Sequence

import numpy as np

from evo.studies.tabular.strategy import PoolState, strategies


@strategies.register("random")
class Chance:
    """Chooses uniformly among the candidates left."""

    def choose(self, state: PoolState, count: int, rng: np.random.Generator) -> Sequence[int]:
        """See `Strategy`."""
        return rng.choice(state.left, size=count, replace=False).tolist()
