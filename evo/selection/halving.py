"""Successive halving of a portfolio: which islands are open in which generation.

Strategies start side by side, each on an island of its own. After a quarter, a half and three
quarters of the generations the worse half of the open islands closes, by the worth of the best
individual on each; the others share its part of population and offspring. A portfolio that was
halved at these points scored best among 31 harnesses of LLM search at equal roll-outs
(arXiv 2607.18235).

What is decided when generation g is sealed holds from g + 2 on: proposals for g + 1 may have been
made before g trained (`evo.proposing.ahead`), and must belong to the same islands either way.
"""

from collections.abc import Sequence

from evo.selection.individual import Individual, by_worth

_QUARTERS = (0.25, 0.5, 0.75)


class Halving:
    """The open islands by generation, derived from sealed generations alone.

    Args:
        islands: number of islands at the start.
        generations: number of the last generation.

    Attributes:
        points: generations after which the worse half closes.
    """

    def __init__(self, islands: int, generations: int) -> None:
        self.points = {round(share * generations) for share in _QUARTERS}
        self._decided: list[tuple[int, tuple[int, ...]]] = [(0, tuple(range(islands)))]

    def open_in(self, generation: int) -> tuple[int, ...]:
        """Islands that are open in a generation, in order."""
        return next(open_ for first, open_ in reversed(self._decided) if first <= generation)

    def take(self, generation: int, individuals: Sequence[Individual]) -> None:
        """Close the worse half of the open islands where a sealed generation is such a point.

        Args:
            generation: the sealed one.
            individuals: its survivors, of all islands. Baselines are nobody's merit.
        """
        open_ = self._decided[-1][1]
        if generation not in self.points or generation == 0 or len(open_) == 1:
            return
        ranked = [i.island for i in by_worth(individuals) if not i.record.is_baseline]
        order = [island for island in dict.fromkeys([*ranked, *open_]) if island in open_]
        left = order[: (len(open_) + 1) // 2]
        self._decided.append((generation + 2, tuple(sorted(left))))
