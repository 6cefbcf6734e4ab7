"""DEAP's logbook of a campaign, rebuilt from its history, so that a resumed one has all of it."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import numpy as np
from deap import tools

from evo.campaign.ascent import Ascent, fresh_seed
from evo.core.records import Generation, Record
from evo.report.facts.front import fully_evaluated, pareto_front


def logbook(records: Iterable[Record], config: Mapping[str, Any]) -> tools.Logbook:
    """One entry per generation: counts of proposed, evaluated and fully trained, and how good.

    B-WR and novelty are of those trained in full, at the highest rung of the generation; the
    hypervolume is that of the front of all generations so far. The others say how the search
    climbs, see `evo.campaign.climb.Climb`: the margin of the best so far with its interval, the
    number of candidates that were measured again so far and by how much their first margins exceed
    those on fresh seeds; and of the generation the mean margin, the share of offspring ahead of
    their parents, and the share of parents with merit.

    Args:
        records: all of a campaign, in order.
        config: the campaign's configuration.
    """
    ascent = Ascent(fresh_seed(config))
    statistics = tools.MultiStatistics(
        b_wr=tools.Statistics(_b_wr),
        novelty=tools.Statistics(_novelty),
    )
    statistics.register("avg", np.mean)
    statistics.register("max", np.max)
    book = tools.Logbook()
    best: list[Record] = []  # a front of fronts: nothing else can be on the next one
    for generation, group in groupby(records, lambda record: record.generation):
        members = list(group)
        ascent.take(Generation(generation, members, []))
        proposals = [record for record in members if record.is_proposal]
        complete = fully_evaluated(proposals)
        climb = ascent.now
        if not complete or climb is None or climb.best is None:
            continue
        best_margin = climb.best.margin
        front = pareto_front([*best, *complete])
        best = list(front.members)
        book.record(
            gen=generation,
            proposed=sum(not record.is_inherited for record in proposals),
            nevals=sum(
                record.score is not None and not record.is_inherited for record in proposals
            ),
            full=len(complete),
            hypervolume=front.hypervolume,
            best=best_margin.value,
            best_low=best_margin.low,
            best_high=best_margin.high,
            remeasured=climb.remeasured,
            excess=climb.excess,
            mean=climb.mean_margin,
            ahead=climb.ahead,
            merit=climb.parents_with_merit,
            **statistics.compile(complete),
        )
    return book


def _b_wr(record: Record) -> float:
    return record.scored.b_wr.value


def _novelty(record: Record) -> float:
    return record.archived.behaviour
