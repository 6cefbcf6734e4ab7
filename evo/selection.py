"""Who has offspring and who survives: NSGA-II over (performance, novelty), through DEAP.

Performance ranks by rung first: a candidate that was cut at a short rung is not compared with one
that trained in full. Within a rung it is B-WR, the less noisy of the two win rates.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from deap import base, tools

from evo.types import Record


class Fitness(base.Fitness):
    """(performance, novelty), both to be maximised."""

    weights: ClassVar[tuple[float, float]] = (1.0, 1.0)
    crowding_dist: float = 0.0
    """Room around it on its front; set by NSGA-II for every member of a pool."""


class Individual:
    """An evaluated and archived record with its fitness, the form DEAP's selection works on."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.fitness = Fitness((performance(record), novelty(record)))


def performance(record: Record) -> float:
    """2 · rung + B-WR: any candidate of a higher rung is ahead of any of a lower one."""
    assert record.score is not None, "only evaluated records are selected"
    return 2 * record.score.rung + record.score.b_wr.value


def novelty(record: Record) -> float:
    """The behaviour N-score: what a component computes, not how it is spelled."""
    assert record.novelty is not None, "only archived records are selected"
    return record.novelty.behaviour


def survive(individuals: Sequence[Individual], count: int) -> list[Individual]:
    """The best `count` by non-dominated rank, then crowding (Deb et al. 2002); deterministic."""
    return tools.selNSGA2(list(individuals), min(count, len(individuals)))


def tournament(
    individuals: Sequence[Individual], count: int, rng: np.random.Generator
) -> list[Individual]:
    """`count` different parents by binary crowded tournaments.

    DEAP's selTournamentDCD draws from Python's global generator; this draws from `rng` alone.
    """
    pool = list(individuals)
    chosen: list[Individual] = []
    while len(chosen) < min(count, len(individuals)):
        first, second = (pool[int(i)] for i in rng.choice(len(pool), size=2, replace=len(pool) < 2))
        winner = second if _beats(second, first) else first
        chosen.append(winner)
        pool.remove(winner)
    return chosen


def _beats(one: Individual, other: Individual) -> bool:
    if one.fitness.dominates(other.fitness):
        return True
    if other.fitness.dominates(one.fitness):
        return False
    return one.fitness.crowding_dist > other.fitness.crowding_dist
