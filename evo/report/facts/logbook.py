"""DEAP's logbook of a campaign, read off its history, so that a resumed one has it whole."""

from collections.abc import Iterable
from itertools import groupby

import numpy as np
from deap import tools

from evo.core.records import Record
from evo.report.facts.summary import fully_evaluated, pareto_front


def logbook(records: Iterable[Record]) -> tools.Logbook:
    """An entry a generation: how many were proposed, evaluated and trained in full, and how good.

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
        arrived = [record for record in group if record.is_proposal]
        complete = fully_evaluated(arrived)
        if not complete:
            continue
        found = pareto_front([*best, *complete])
        best = list(found.members)
        book.record(
            gen=generation,
            proposed=len(arrived),
            nevals=sum(record.score is not None for record in arrived),
            full=len(complete),
            hypervolume=found.hypervolume,
            **statistics.compile(complete),
        )
    return book


def _b_wr(record: Record) -> float:
    return record.scored.b_wr.value


def _novelty(record: Record) -> float:
    return record.archived.behaviour
