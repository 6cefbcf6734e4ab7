"""An evaluated record as selection sees it: two numbers, a behaviour and an island.

Performance ranks by rung first: a candidate that was cut at a short rung is not compared with one
that trained in full. Within a rung it is B-WR, the less noisy of the two win rates.
"""

from collections.abc import Iterable
from typing import ClassVar

from deap import base

from evo.core.records import Record


class Fitness(base.Fitness):
    """(performance, novelty), both to be maximised."""

    weights: ClassVar[tuple[float, float]] = (1.0, 1.0)
    crowding_dist: float = 0.0
    """Room around it, relative to a pool; set for every member of the pool by what selects it."""


class Individual:
    """An evaluated and archived record with its fitness, the form DEAP's selection works on.

    Args:
        record: what it stands for.
        island: where it was born and stays; 0 where there is only one.
    """

    def __init__(self, record: Record, island: int = 0) -> None:
        self.record = record
        self.island = island
        self.fitness = Fitness((performance(record), novelty(record)))


def performance(record: Record) -> float:
    """2 · rung + B-WR: any candidate of a higher rung is ahead of any of a lower one."""
    return 2 * record.scored.rung + record.scored.b_wr.value


def novelty(record: Record) -> float:
    """The behaviour N-score: what a component computes, not how it is spelled."""
    return record.archived.behaviour


def best_first(individuals: Iterable[Individual]) -> list[Individual]:
    """By performance, then novelty, then id: the same whatever order they come in."""
    return sorted(individuals, key=_from_the_best)


def _from_the_best(individual: Individual) -> tuple[float, float, str]:
    better, newer = individual.fitness.values
    return -better, -newer, individual.record.id
