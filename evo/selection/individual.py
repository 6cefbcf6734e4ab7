"""An evaluated record as selection sees it: performance, novelty, crowding and an island.

Performance ranks by rung first: a candidate that was cut at a short rung is not compared with one
that trained in full. Within a rung it is B-WR, the less noisy of the two win rates.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from deap import base

from evo.core.records import Record


class Fitness(base.Fitness):
    """(performance, novelty), both to be maximised."""

    weights: ClassVar[tuple[float, float]] = (1.0, 1.0)
    crowding_dist: float = 0.0
    """Scratch space of DEAP's selection; what it writes there becomes `Individual.crowding`."""


@dataclass(frozen=True, eq=False)  # the same record on two lists is not the same individual
class Individual:
    """An evaluated and archived record with its fitness, the form DEAP's selection works on.

    Attributes:
        record: the record it stands for.
        island: the island it was born on and stays on; 0 where there is only one.
        crowding: room around it within the pool that a survival strategy arranged last; larger is
            lonelier. 0 for a newborn.
    """

    record: Record
    island: int = 0
    crowding: float = 0.0

    @cached_property
    def fitness(self) -> Fitness:
        """(performance, novelty) as DEAP compares them."""
        return Fitness((performance(self.record), novelty(self.record)))


def performance(record: Record) -> float:
    """2 · rung + B-WR: any candidate of a higher rung is ahead of any of a lower one."""
    return 2 * record.scored.rung + record.scored.b_wr.value


def novelty(record: Record) -> float:
    """The behaviour N-score: what a component computes, not how it is spelled."""
    return record.archived.behaviour


def best_first(individuals: Iterable[Individual]) -> list[Individual]:
    """Sort by performance, then novelty, then id: the same for any order of the input."""
    return sorted(individuals, key=_from_the_best)


def _from_the_best(individual: Individual) -> tuple[float, float, str]:
    better, newer = individual.fitness.values
    return -better, -newer, individual.record.id
