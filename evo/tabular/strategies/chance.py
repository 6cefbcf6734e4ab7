"""Chance: what every strategy must beat."""

from collections.abc import Sequence

import numpy as np

from evo.tabular.strategy import SearchState, strategies


@strategies.register("random")
class Chance:
    """Any of those left, each as likely."""

    def choose(self, state: SearchState, count: int, rng: np.random.Generator) -> Sequence[int]:
        """See `Strategy`."""
        return rng.choice(state.left, size=count, replace=False).tolist()
