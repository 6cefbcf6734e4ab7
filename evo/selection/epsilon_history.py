"""Parents by ε-greedy choice over the whole history: mostly the best, else anything evaluated.

The harness that did best among 30 in a comparison of LLM searches at equal roll-outs
(arXiv 2607.18235): one parent, in 80 % of draws the best so far, else any candidate of history.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from evo.selection.base import Parents, parent_draws
from evo.selection.individual import Individual, best_first

EPSILON = 0.2
"""Chance that a parent is drawn uniformly."""


@parent_draws.register("epsilon-history")
class EpsilonHistory(Parents):
    """The best in four draws of five, else anything ever evaluated."""

    from_history: ClassVar[bool] = True

    def __call__(
        self, individuals: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """`count` different parents."""
        ranked = best_first(individuals)
        chosen: list[Individual] = []
        while len(chosen) < min(count, len(individuals)):
            place = int(rng.integers(len(ranked))) if rng.random() < EPSILON else 0
            chosen.append(ranked.pop(place))
        return chosen
