"""The protocol of a search strategy, which chooses the candidates to evaluate next.

A strategy of your own is a class with this one method, created once per seed, so that it may keep
state between calls. Decorated with `strategies.register("name")` in a module that an
entry point of the group `evo.plugins` names, `evo bench tabular` finds it; from Python give it to
`evo.studies.tabular.benchmark.measure`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evo.core.arrays import Indices
from evo.core.registry import Registry
from evo.screening.model import Example
from evo.studies.tabular.candidates import Candidates
from evo.studies.tabular.goal import Goal


@dataclass(frozen=True)
class PoolState:
    """All that a strategy knows when it chooses a batch.

    Attributes:
        candidates: of the whole pool, without their scores.
        goal: the win rate to maximise.
        evaluated: (m,) indices of the evaluated candidates, in order.
        examples: their win rates, as the goal names them, and standard errors, (m,) each.
    """

    candidates: Candidates
    goal: Goal
    evaluated: Indices
    examples: Example

    @property
    def left(self) -> Indices:
        """Indices that have not been evaluated, in order: those to choose from."""
        return np.setdiff1d(np.arange(len(self.candidates)), self.evaluated)


class Strategy(Protocol):
    """Chooses the next batch."""

    def choose(self, state: PoolState, count: int, rng: np.random.Generator) -> Sequence[int]:
        """Choose `count` different indices out of `state.left`.

        Args:
            state: at least one batch, drawn at random, has been evaluated.
            count: at most as many as are left.
            rng: the only source of randomness.
        """
        ...


strategies = Registry[Strategy]("strategy", "evo.studies.tabular.strategies", "strategies")
