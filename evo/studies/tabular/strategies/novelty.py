"""Novelty search (Lehman & Stanley 2011): the candidate least similar to all evaluated ones.

One after another, as in a campaign's archive: each choice counts as known for the next.
"""

from collections.abc import Sequence

import numpy as np

from archive.novelty.novelty_archive import Distance, cosine_distance, rms_distance
from evo.studies.tabular.strategy import PoolState, strategies


class _Furthest:
    """Chooses, one at a time, the candidate furthest from its nearest known neighbour.

    Args:
        block: name of the features for distances.
        distance: between two rows of them.
    """

    def __init__(self, block: str, distance: Distance) -> None:
        self._block = block
        self._distance = distance
        self._nearest = np.zeros(0)
        self._known: set[int] = set()

    def choose(self, state: PoolState, count: int, rng: np.random.Generator) -> Sequence[int]:  # noqa: ARG002 - no chance in it
        """See `Strategy`."""
        if not self._known:
            self._nearest = np.full(len(state.candidates), np.inf)
        for index in state.evaluated.tolist():
            self._add(state, index)
        chosen: list[int] = []
        for _ in range(count):
            chosen.append(int(np.argmax(self._nearest)))
            self._add(state, chosen[-1])
        return chosen

    def _add(self, state: PoolState, index: int) -> None:
        if index in self._known:
            return
        self._known.add(index)
        vectors = state.candidates.block(self._block)
        self._nearest = np.minimum(self._nearest, self._distance(vectors[index], vectors))
        self._nearest[list(self._known)] = -np.inf  # never chosen again


@strategies.register("behaviour-novelty")
class BehaviourNovelty(_Furthest):
    """Novelty search by behaviour: what a candidate computes."""

    def __init__(self) -> None:
        super().__init__("behaviour", rms_distance)


@strategies.register("text-novelty")
class TextNovelty(_Furthest):
    """Novelty search by text: how a candidate is written."""

    def __init__(self) -> None:
        super().__init__("text", cosine_distance)
