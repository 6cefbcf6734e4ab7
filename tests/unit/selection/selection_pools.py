"""Individuals to select from."""

import numpy as np

from evo.core.estimate import Estimate
from evo.core.records import Candidate, Novelty, Record, Score, Status
from evo.selection.individual import Individual


def record(
    name: str,
    b_wr: float,
    n_score: float,
    *,
    margin: Estimate | None = None,
    rung: int = 0,
    at: tuple[float, ...] = (),
    parents: tuple[str, ...] = (),
    generation: int = 1,
) -> Record:
    """An archived record whose behaviour vector is `at`; its margin is its B-WR by default."""
    rate = Estimate(b_wr, 0.0, 1.0)
    return Record(
        Candidate(name, "activation", name, parents, "test"),
        generation,
        Status.EVALUATED,
        behaviour_vector=np.array(at, dtype=np.float32),
        score=Score(rung, (), rate, rate, margin or rate, {}),
        novelty=Novelty(0.1, n_score, "a", "b"),
    )


def individual(
    name: str, b_wr: float, n_score: float = 0.5, *, at: tuple[float, ...] = (), island: int = 0
) -> Individual:
    return Individual.of(record(name, b_wr, n_score, at=at), island=island)


def measured(name: str, margin: float, error: float, *, rung: int = 0) -> Record:
    """A record whose margin has a standard error."""
    estimate = Estimate(margin, margin - 1.96 * error, margin + 1.96 * error)
    return record(name, 0.5, 0.5, margin=estimate, rung=rung)


def ids(individuals: list[Individual]) -> list[str]:
    return [each.record.id for each in individuals]
