"""Novelty search (Lehman & Stanley 2011): what is least like anything evaluated, whatever it wins.

One after another, as in a campaign's archive: who is chosen counts as known for the next.
"""

from collections.abc import Sequence

import numpy as np

from archive.novelty.novelty_archive import Distance, cosine_distance, rms_distance
from evo.tabular.strategy import SearchState, strategies


class _Furthest:
    """Of those left the furthest from its nearest neighbour among the known, again and again.

    Args:
        block: the features that distances are taken on.
        distance: between two of them.
    """

    def __init__(self, block: str, distance: Distance) -> None:
        self._block = block
        self._distance = distance
        self._nearest = np.zeros(0)
        self._known: set[int] = set()

    def choose(self, state: SearchState, count: int, rng: np.random.Generator) -> Sequence[int]:  # noqa: ARG002 - no chance in it
        """See `Strategy`."""
        if not self._known:
            self._nearest = np.full(len(state.candidates), np.inf)
        for place in state.evaluated.tolist():
            self._know(state, place)
        chosen: list[int] = []
        for _ in range(count):
            chosen.append(int(np.argmax(self._nearest)))
            self._know(state, chosen[-1])
        return chosen

    def _know(self, state: SearchState, place: int) -> None:
        if place in self._known:
            return
        self._known.add(place)
        vectors = state.candidates.block(self._block)
        self._nearest = np.minimum(self._nearest, self._distance(vectors[place], vectors))
        self._nearest[list(self._known)] = -np.inf  # never chosen again


@strategies.register("behaviour-novelty")
class BehaviourNovelty(_Furthest):
    """Novelty by what a candidate computes."""

    def __init__(self) -> None:
        super().__init__("behaviour", rms_distance)


@strategies.register("text-novelty")
class TextNovelty(_Furthest):
    """Novelty by how a candidate's source reads."""

    def __init__(self) -> None:
        super().__init__("text", cosine_distance)
