"""Individuals to select from."""

from typing import Any

import numpy as np
from support.records import estimate, evaluated

from evo.core.records import Record
from evo.selection.individual import Individual


def record(
    name: str,
    b_wr: float,
    n_score: float,
    *,
    rung: int = 0,
    at: tuple[float, ...] = (),
    **known: Any,
) -> Record:
    """An archived record whose behaviour vector is `at`; its margin is its B-WR by default."""
    vector = np.array(at, dtype=np.float32)
    return evaluated(name, b_wr, n_score, rung=rung, behaviour_vector=vector, **known)


def individual(
    name: str, b_wr: float, n_score: float = 0.5, *, at: tuple[float, ...] = (), island: int = 0
) -> Individual:
    return Individual.of(record(name, b_wr, n_score, at=at), island=island)


def measured(name: str, margin: float, error: float, *, rung: int = 0) -> Record:
    """A record whose margin has a standard error."""
    return record(name, 0.5, 0.5, margin=estimate(margin, error), rung=rung)


def ids(individuals: list[Individual]) -> list[str]:
    return [each.record.id for each in individuals]
