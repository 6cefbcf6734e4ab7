"""The Pareto analysis of a campaign: its front, how sure that is, and how it came to be.

A front of measured values is partly luck. Beside it stand the fronts of the lower and of the upper
bounds of the 95 % intervals, and for every candidate the probability to be truly on the front. The
best of many, chosen by the same trials, remain on the optimistic side: see docs/design/pareto.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archive.pareto import front, front_shares, knee, may_be_on_front, volumes
from evo.core.arrays import Floats
from evo.core.records import Record
from evo.core.seeds import child
from evo.report.facts.objectives import DEFAULT, Objective, objectives_of
from evo.report.facts.posterior import BaselineTrials
from evo.report.facts.summary import fully_evaluated, without_baselines

DRAWS = 1000
"""A probability is then known to ±0.03, at 0.5."""

NEAR = 0.05
"""A candidate off the front is near it from this probability to be truly on it."""


class Volume(NamedTuple):
    """What all candidates up to a generation dominate together."""

    generation: int
    hypervolume: float


@dataclass(frozen=True)
class Analysis:
    """A campaign as seen by some objectives. Make one with `analyse`.

    Indices count `records`; arrays of measures are (n, m), each objective in its own direction.

    Attributes:
        objectives: m of them.
        records: the n candidates at the highest rung that any reached, in the order they arrived.
        baselines: the known components, measured against each other.
        values: what was measured.
        lows: the lower ends of the 95 % intervals; the value itself where nothing is uncertain.
        highs: the upper ends.
        members: the front of the measured values, the best in the first objective first.
        cautious: the front where every candidate is as bad as its interval allows.
        hopeful: the front where every candidate is as good as its interval allows.
        probabilities: of each to be truly on the front, (n,); None where the baselines' trials are
            lost.
        knee: the member where more of one objective begins to cost much of another; None without
            members.
        reference: the worst of each objective, from where hypervolume is counted: (m,).
        volumes: an entry a generation with a candidate among the records; never falling.
    """

    objectives: tuple[Objective, ...]
    records: tuple[Record, ...]
    baselines: tuple[Record, ...]
    values: Floats
    lows: Floats
    highs: Floats
    members: tuple[int, ...]
    cautious: tuple[int, ...]
    hopeful: tuple[int, ...]
    probabilities: Floats | None
    knee: int | None
    reference: Floats
    volumes: tuple[Volume, ...]

    @property
    def hypervolume(self) -> float:
        """What the front dominates, from the reference."""
        return self.volumes[-1].hypervolume if self.volumes else 0.0

    @property
    def near(self) -> tuple[int, ...]:
        """Who is not on the front but may well be, the most probable first."""
        if self.probabilities is None:
            return ()
        order = np.argsort(-self.probabilities, kind="stable")
        on_it = set(self.members)
        return tuple(int(i) for i in order if self.probabilities[i] >= NEAR and int(i) not in on_it)


def analyse(
    records: Iterable[Record], objectives: Sequence[Objective] = objectives_of(DEFAULT)
) -> Analysis:
    """The analysis of a campaign's records.

    Args:
        records: all of them, in order.
        objectives: what counts.
    """
    baselines: list[Record] = []
    complete = fully_evaluated(without_baselines(records, baselines))
    values = np.array([[each.read(record) for each in objectives] for record in complete])
    values = values.reshape(-1, len(objectives))
    trials = BaselineTrials(baselines) if baselines else None
    lows, highs = _bounds(complete, objectives, values, trials)
    signs = _signs(objectives)
    points = signs * values
    worst, best = np.minimum(signs * lows, signs * highs), np.maximum(signs * lows, signs * highs)
    reference = _worst_of(objectives, [values])
    found = Analysis(
        objectives=tuple(objectives),
        records=tuple(complete),
        baselines=tuple(baselines),
        values=values,
        lows=lows,
        highs=highs,
        members=tuple(front(points).tolist()),
        cautious=tuple(front(worst).tolist()),
        hopeful=tuple(front(best).tolist()),
        probabilities=None,
        knee=knee(points),
        reference=reference,
        volumes=_volumes(complete, points, signs * reference),
    )
    if trials is None:
        return found
    # Twice as far from the value as the interval goes: who is dominated even there counts as 0. In
    # nine analyses of three campaigns none of them was on the front in more than 0.5 % of draws.
    contenders = np.flatnonzero(may_be_on_front(2 * worst - points, 2 * best - points))
    return replace(found, probabilities=_probabilities(found, contenders, trials))


def on_one_scale(analyses: Sequence[Analysis]) -> list[Analysis]:
    """Analyses of the same objectives with volumes that compare: counted from one reference."""
    objectives = analyses[0].objectives
    reference = _worst_of(objectives, [found.values for found in analyses])
    signs = _signs(objectives)
    return [
        replace(
            found,
            reference=reference,
            volumes=_volumes(found.records, signs * found.values, signs * reference),
        )
        for found in analyses
    ]


def _bounds(
    records: Sequence[Record],
    objectives: Sequence[Objective],
    values: Floats,
    trials: BaselineTrials | None,
) -> tuple[Floats, Floats]:
    """Lower and upper ends of the 95 % intervals, (n, m) each."""
    lows, highs = values.copy(), values.copy()
    for place, objective in enumerate(objectives):
        for row, record in enumerate(records):
            if objective.key == "b_wr":
                _, lows[row, place], highs[row, place] = record.scored.b_wr
            elif objective.key == "bsota_wr":
                _, lows[row, place], highs[row, place] = record.scored.bsota_wr
            elif objective.is_noisy and trials is not None:
                ends = trials.beliefs(record)[objective.key].at(np.array([0.025, 0.975]))
                lows[row, place], highs[row, place] = ends
    return lows, highs


def _probabilities(
    found: Analysis, contenders: NDArray[np.intp], trials: BaselineTrials
) -> NDArray[np.float64]:
    """The share of draws in which each record is on the front; 0 for who is no contender: (n,)."""
    shares = np.zeros(len(found.records))
    if len(contenders):
        draws = trials.draws(
            [found.records[index] for index in contenders],
            found.objectives,
            count=DRAWS,
            rng=child(0, "front"),
        )
        shares[contenders] = front_shares(list(_signs(found.objectives) * draws))
    return shares


def _volumes(records: Sequence[Record], points: Floats, reference: Floats) -> tuple[Volume, ...]:
    """An entry a generation.

    Args:
        records: n of them, by generation.
        points: (n, m), maximised.
        reference: (m,), maximised.
    """
    generations = np.array([record.generation for record in records], dtype=int)
    numbers, starts = np.unique(generations, return_index=True)
    groups = np.split(points, starts[1:]) if len(numbers) else []
    found = volumes(groups, reference)
    return tuple(Volume(int(number), volume) for number, volume in zip(numbers, found, strict=True))


def _worst_of(objectives: Sequence[Objective], values: Sequence[Floats]) -> Floats:
    """The reference of the objectives, each in its own direction: (m,)."""
    everything = np.concatenate(values)
    return np.array(
        [
            objective.worst
            if objective.worst is not None
            else objective.sign * (objective.sign * everything[:, place]).min(initial=np.inf)
            if len(everything)
            else 0.0
            for place, objective in enumerate(objectives)
        ]
    )


def _signs(objectives: Sequence[Objective]) -> Floats:
    """What turns measures into ones to be maximised: (m,)."""
    return np.array([objective.sign for objective in objectives])
