"""DEAP's logbook of a campaign, rebuilt from its history, so that a resumed one has all of it."""

from collections.abc import Iterable
from itertools import groupby

import numpy as np
from deap import tools

from evo.core.records import Record
from evo.report.facts.front import fully_evaluated, pareto_front


def logbook(records: Iterable[Record]) -> tools.Logbook:
    """One entry per generation: counts of proposed, evaluated and fully trained, and how good.

    B-WR and novelty are of those trained in full, at the highest rung of the generation; the
    hypervolume is that of the front of all generations so far.
    """
    statistics = tools.MultiStatistics(
        b_wr=tools.Statistics(_b_wr),
        novelty=tools.Statistics(_novelty),
    )
    statistics.register("avg", np.mean)
    statistics.register("max", np.max)
    book = tools.Logbook()
    best: list[Record] = []  # a front of fronts: nothing else can be on the next one
    for generation, group in groupby(records, lambda record: record.generation):
        proposals = [record for record in group if record.is_proposal]
        complete = fully_evaluated(proposals)
        if not complete:
            continue
        front = pareto_front([*best, *complete])
        best = list(front.members)
        book.record(
            gen=generation,
            proposed=len(proposals),
            nevals=sum(record.score is not None for record in proposals),
            full=len(complete),
            hypervolume=front.hypervolume,
            **statistics.compile(complete),
        )
    return book


def _b_wr(record: Record) -> float:
    return record.scored.b_wr.value


def _novelty(record: Record) -> float:
    return record.archived.behaviour
