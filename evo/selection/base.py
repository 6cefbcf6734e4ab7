"""Base classes and registries of selection strategies: survival, and the drawing of parents.

A strategy is one decorated class in one file of this folder or of a plug-in. It sees individuals
only, neither history nor the loop.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np

from evo.core.registry import Registry
from evo.selection.individual import Individual


class Survival(ABC):
    """Chooses survivors. Deterministic: the same pool in the same order, the same survivors."""

    @abstractmethod
    def __call__(self, individuals: Sequence[Individual], count: int) -> list[Individual]:
        """Choose `count` survivors, or all if there are fewer, each with its crowding.

        The individuals given stay unchanged; those returned are copies with `crowding` set. Parents
        are drawn from a population that went through the same call with `count` its size, so that
        crowding and order follow from the population alone.
        """


class Parents(ABC):
    """Draws the parents of one offspring.

    Attributes:
        from_history: whether everything evaluated so far is offered, not the survivors alone.
    """

    from_history: ClassVar[bool] = False

    @abstractmethod
    def __call__(
        self, individuals: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """Draw `count` different parents, or all if there are fewer, by `rng` alone."""


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
        individuals: the pool.
        count: number of winners.
        rng: draws the pairs.
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
