"""The Pareto front of a campaign by performance and novelty, as measured."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from archive.pareto import front, hypervolume
from evo.core.records import Record

FRONT_OBJECTIVES = ("b_wr", "n_behaviour")
"""Keys of performance and novelty, both maximised, as selection sees them."""


@dataclass(frozen=True)
class Front:
    """The Pareto front of a campaign over `FRONT_OBJECTIVES`.

    Attributes:
        members: non-dominated candidates, best performance first.
        others: the other candidates that reached the same, highest rung.
        baselines: the known components, measured against each other.
        hypervolume: area that the members dominate, from the point (0, 0).
    """

    members: tuple[Record, ...]
    others: tuple[Record, ...]
    baselines: tuple[Record, ...]
    hypervolume: float


def pareto_front(records: Iterable[Record]) -> Front:
    """The front among fully evaluated candidates.

    Only the highest rung that any candidate reached counts: a win rate at a short rung is a win
    over baselines that trained as briefly, not the same measure.
    """
    baselines: list[Record] = []
    complete = fully_evaluated(without_baselines(records, baselines))
    points = np.array([front_point(record) for record in complete]).reshape(
        -1, len(FRONT_OBJECTIVES)
    )
    on_front = dict.fromkeys(int(index) for index in front(points))
    return Front(
        members=tuple(complete[index] for index in on_front),
        others=tuple(r for index, r in enumerate(complete) if index not in on_front),
        baselines=tuple(baselines),
        hypervolume=float(hypervolume(points, np.zeros(len(FRONT_OBJECTIVES)))),
    )


def fully_evaluated(records: Iterable[Record]) -> list[Record]:
    """The candidates at the highest rung that any of them reached, in their order."""
    complete: list[Record] = []
    for record in records:
        if record.novelty is None or record.is_baseline:
            continue
        # Those below the highest rung so far are let go at once: a long history has many.
        if complete and record.scored.rung > complete[0].scored.rung:
            complete = []
        if not complete or record.scored.rung == complete[0].scored.rung:
            complete.append(record)
    return complete


def without_baselines(records: Iterable[Record], baselines: list[Record]) -> Iterator[Record]:
    """The records that are no baselines; baselines are appended to the given list."""
    for record in records:
        if record.is_baseline:
            baselines.append(record)
        else:
            yield record


def front_point(record: Record) -> tuple[float, float]:
    """Performance and novelty of an evaluated record, in the order of `FRONT_OBJECTIVES`."""
    return record.scored.b_wr.value, record.archived.behaviour
