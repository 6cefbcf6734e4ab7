"""The two questions that selection answers, and the registries of the strategies that answer them.

Who survives, and who has offspring. A strategy is one decorated class in one file of this room, or
of a plug-in. It sees individuals alone, and knows neither history nor the loop.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

from evo.core.registry import Registry
from evo.selection.individual import Individual


class Survival(ABC):
    """Chooses who survives. Deterministic: the same pool in the same order, the same survivors."""

    @abstractmethod
    def __call__(self, individuals: Sequence[Individual], count: int) -> list[Individual]:
        """The `count` that survive, all where there are no more, each with its crowding.

        The individuals given are left as they are; those returned are copies whose `crowding` says
        how much room each has. A population from which parents are drawn is arranged by the same
        call with `count` its size, so that crowding and order follow from the population alone.
        """


class Parents(ABC):
    """Draws the parents of one offspring."""

    @abstractmethod
    def __call__(
        self, individuals: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """`count` different ones, all where there are no more; `rng` is the only chance."""


survivals: Registry[Survival] = Registry("survival strategy", "evo.selection", "survivals")
parent_draws: Registry[Parents] = Registry("parents strategy", "evo.selection", "parent_draws")


def by_tournaments(
    individuals: Sequence[Individual],
    count: int,
    rng: np.random.Generator,
    beats: Callable[[Individual, Individual], bool],
) -> list[Individual]:
    """`count` different winners, each of a tournament of two.

    Args:
        individuals: who may be drawn.
        count: how many are wanted.
        rng: draws who meets whom.
        beats: whether the second drawn beats the first; otherwise the first wins.
    """
    pool = list(individuals)
    chosen: list[Individual] = []
    while len(chosen) < min(count, len(individuals)):
        first, second = (pool[int(i)] for i in rng.choice(len(pool), size=2, replace=len(pool) < 2))
        winner = second if beats(second, first) else first
        chosen.append(winner)
        pool.remove(winner)
    return chosen
