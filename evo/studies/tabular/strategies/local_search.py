"""Local search: neighbours of the best by behaviour, in place of mutation in a finite pool.

An evolutionary search makes offspring that no pool holds. Here a parent's offspring is one of the
nearest candidates that have not been evaluated. This compares ways to choose parents by look-up;
it cannot compare operators, since none is applied.
"""

from collections.abc import Sequence

import numpy as np

from archive.novelty.novelty_archive import rms_distance
from evo.studies.tabular.strategy import PoolState, strategies

_PARENTS = 24
"""Number of the best so far that parents are drawn from: the default population of a campaign."""
_NEAREST = 5
"""Number of nearest candidates that an offspring is drawn from."""


@strategies.register("local-search")
class LocalSearch:
    """Chooses neighbours of parents that won binary tournaments among the best."""

    def choose(self, state: PoolState, count: int, rng: np.random.Generator) -> Sequence[int]:
        """See `Strategy`."""
        behaviours = state.candidates.block("behaviour")
        best = state.evaluated[np.argsort(-state.examples.value, kind="stable")][:_PARENTS]
        left = state.left
        chosen: list[int] = []
        for _ in range(count):
            # The lower rank of two draws wins.
            parent = best[int(rng.integers(len(best), size=2).min())]
            distances = rms_distance(behaviours[parent], behaviours[left])
            near = np.argsort(distances, kind="stable")[:_NEAREST]
            chosen.append(int(left[rng.choice(near)]))
            left = left[left != chosen[-1]]
        return chosen
