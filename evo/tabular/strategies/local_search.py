"""Local search: what lies next to the best by behaviour, a stand-in for mutation in a finite pool.

An evolutionary search makes offspring that no pool holds. Here a parent's offspring is one of the
nearest candidates that have not been evaluated. So ways to choose parents can be compared by
look-up; how good an operator is at making something better cannot, since none makes anything.
"""

from collections.abc import Sequence

import numpy as np

from archive.novelty.novelty_archive import rms_distance
from evo.tabular.strategy import SearchState, strategies

_PARENTS = 24
"""The best so far from which parents are drawn, as in a campaign of the default population."""
_NEAREST = 5
"""An offspring is drawn among so many."""


@strategies.register("local-search")
class LocalSearch:
    """Offspring of the best by binary tournaments, each one of the nearest to its parent."""

    def choose(self, state: SearchState, count: int, rng: np.random.Generator) -> Sequence[int]:
        """See `Strategy`."""
        behaviours = state.candidates.block("behaviour")
        best = state.evaluated[np.argsort(-state.came, kind="stable")][:_PARENTS]
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
