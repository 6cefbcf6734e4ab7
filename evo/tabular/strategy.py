"""What chooses the candidates to evaluate next, as a protocol, and what it is told.

A strategy of your own is a class with this one method, made anew for every seed, so that it may
keep what it likes between calls. Decorated with `strategies.register("name")` in a module that an
entry point of the group `evo.plugins` names, `evo bench tabular` finds it; from Python give it to
`evo.tabular.benchmark.measure`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from evo.core.arrays import Floats
from evo.core.registry import Registry
from evo.screening.model import Example
from evo.tabular.candidates import Candidates

Goal = Literal["b_wr", "bsota_wr"]
"""The win rate that is sought."""


@dataclass(frozen=True)
class SearchState:
    """What is known when a batch is chosen.

    Attributes:
        candidates: of the whole pool, without their scores.
        goal: what is sought, the higher the better.
        evaluated: (m,) places of the candidates that have been evaluated, in order.
        examples: what came of these, (m,) each.
    """

    candidates: Candidates
    goal: Goal
    evaluated: NDArray[np.int64]
    examples: Example

    @property
    def left(self) -> NDArray[np.int64]:
        """Places that have not been evaluated, in order: what there is to choose from."""
        return np.setdiff1d(np.arange(len(self.candidates)), self.evaluated)

    @property
    def came(self) -> Floats:
        """(m,) the goal's win rates of those evaluated."""
        return self.examples.b_wr if self.goal == "b_wr" else self.examples.bsota_wr

    @property
    def variances(self) -> Floats:
        """(m,) variances of these, from their intervals."""
        return (
            self.examples.b_wr_variance if self.goal == "b_wr" else self.examples.bsota_wr_variance
        )


class Strategy(Protocol):
    """Chooses the next batch."""

    def choose(self, state: SearchState, count: int, rng: np.random.Generator) -> Sequence[int]:
        """So many different places out of `state.left`.

        Args:
            state: what is known; at least one batch, drawn at random, has been evaluated.
            count: how many to choose, at most as many as are left.
            rng: the only source of chance.
        """
        ...


strategies = Registry[Strategy]("strategy", "evo.tabular.strategies", "strategies")
