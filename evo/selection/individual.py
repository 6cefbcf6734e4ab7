"""An evaluated record as selection sees it: performance, novelty, crowding and an island."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from deap import base

from evo.core.performance import RUNG_GAP, performance
from evo.core.records import Record
from evo.core.worth import shrunken_margins


class Fitness(base.Fitness):
    """(performance, novelty), both to be maximised."""

    weights: ClassVar[tuple[float, float]] = (1.0, 1.0)
    crowding_dist: float = 0.0
    """Scratch space of DEAP's selection; what it writes there becomes `Individual.crowding`."""


@dataclass(frozen=True, eq=False)  # the same record on two lists is not the same individual
class Individual:
    """An evaluated and archived record with its fitness, the form DEAP's selection works on.

    Make one with `Individual.of`; survival strategies return copies with their own measures.

    Attributes:
        record: the record it stands for.
        performance: see `evo.core.performance`; a strategy may replace it by a better estimate.
        novelty: the N-score at arrival, or what a strategy makes of it.
        island: the island it was born on and stays on; 0 where there is only one.
        crowding: room around it within the pool that a survival strategy arranged last; larger is
            lonelier. 0 for a newborn.
        children: number of proposals that descend from it so far.
    """

    record: Record
    performance: float
    novelty: float
    island: int = 0
    crowding: float = 0.0
    children: int = 0

    @classmethod
    def of(cls, record: Record, *, island: int = 0, children: int = 0) -> "Individual":
        """The individual of a record, with its measures as recorded."""
        return cls(record, performance(record), novelty(record), island=island, children=children)

    @cached_property
    def fitness(self) -> Fitness:
        """(performance, novelty) as DEAP compares them."""
        return Fitness((self.performance, self.novelty))


def novelty(record: Record) -> float:
    """The behaviour N-score: what a component computes, not how it is spelled."""
    return record.archived.behaviour


def best_first(individuals: Iterable[Individual]) -> list[Individual]:
    """Sort by performance, then novelty, then id: the same for any order of the input."""
    return sorted(individuals, key=_from_the_best)


def by_worth(individuals: Sequence[Individual]) -> list[Individual]:
    """Copies whose performance is 10 · rung + worth (`evo.core.worth`), the best first."""
    worths = shrunken_margins([individual.record for individual in individuals])
    return best_first(
        replace(
            individual,
            performance=RUNG_GAP * individual.record.scored.rung + float(worth),
            novelty=individual.record.archived.behaviour,
        )
        for individual, worth in zip(individuals, worths, strict=True)
    )


def _from_the_best(individual: Individual) -> tuple[float, float, str]:
    return -individual.performance, -individual.novelty, individual.record.id
