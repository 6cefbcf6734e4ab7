"""The Pareto analysis of a campaign: its front, its uncertainty, and its growth by generation.

A front of measured values is partly luck. It is given with the fronts of the lower and of the upper
bounds of the 95 % intervals, and with the probability of every candidate to be truly on the front.
The best of many, chosen by the same trials, remain optimistic: see docs/design/pareto.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archive.history.records import Records
from archive.pareto import front, front_shares, knee, may_be_on_front, volumes
from evo.core.arrays import Floats
from evo.core.performance import has_merit
from evo.core.records import Record
from evo.core.seeds import child
from evo.report.facts.front import FRONT_OBJECTIVES, fully_evaluated, without_baselines
from evo.report.facts.index import Index
from evo.report.facts.objectives import Objective, objectives_of
from evo.report.facts.posterior import BaselineTrials

DRAWS = 1000
"""Draws per analysis: a probability of 0.5 is then known to ±0.03."""

NEAR = 0.05
"""Least probability to be truly on the front at which a candidate off it counts as near it."""


class Volume(NamedTuple):
    """Hypervolume of all candidates up to a generation."""

    generation: int
    hypervolume: float


@dataclass(frozen=True)
class Analysis:
    """A campaign analysed by some objectives. Make one with `analyse`.

    Indices count `records`; arrays of measures are (n, m), each objective in its own direction.

    Attributes:
        objectives: m of them.
        records: the n candidates at the highest rung that any reached, in the order they arrived.
        baselines: the known components, measured against each other.
        values: the measures.
        lows: the lower ends of the 95 % intervals; the value itself where nothing is uncertain.
        highs: the upper ends.
        members: the front of the measured values, the best in the first objective first.
        cautious: the front where every candidate is as bad as its interval allows.
        hopeful: the front where every candidate is as good as its interval allows.
        probabilities: per record, to be truly on the front: (n,); None without the baselines'
            trials, or where they were not wanted.
        knee: the member where more of one objective begins to cost much of another; None without
            members.
        reference: the worst of each objective, the reference point of hypervolume: (m,).
        volumes: one entry per generation with a candidate among the records; never falling.
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
        """Volume that the front dominates, from the reference."""
        return self.volumes[-1].hypervolume if self.volumes else 0.0

    @property
    def with_merit(self) -> tuple[int, ...]:
        """The members that win against the median baseline, in the order of `members`."""
        return tuple(index for index in self.members if has_merit(self.records[index]))

    @property
    def without_merit(self) -> tuple[int, ...]:
        """The members that win less than the median baseline, in the order of `members`."""
        return tuple(index for index in self.members if not has_merit(self.records[index]))

    @property
    def near(self) -> tuple[int, ...]:
        """Candidates off the front that may truly be on it, the most probable first."""
        if self.probabilities is None:
            return ()
        order = np.argsort(-self.probabilities, kind="stable")
        on_it = set(self.members)
        return tuple(int(i) for i in order if self.probabilities[i] >= NEAR and int(i) not in on_it)


def analyse(
    records: Iterable[Record],
    objectives: Sequence[Objective] = objectives_of(FRONT_OBJECTIVES),
    *,
    with_probabilities: bool = True,
) -> Analysis:
    """The analysis of a campaign's records.

    Args:
        records: all of them, in order.
        objectives: of the front.
        with_probabilities: whether to draw how probable each is to be truly on the front, which
            takes seconds with thousands of records.
    """
    baselines: list[Record] = []
    complete = fully_evaluated(without_baselines(records, baselines))
    values = np.array([[objective.read(record) for objective in objectives] for record in complete])
    values = values.reshape(-1, len(objectives))
    trials = BaselineTrials(baselines) if baselines else None
    lows, highs = _bounds(complete, objectives, values, trials)
    signs = _signs(objectives)
    points = signs * values
    worst, best = np.minimum(signs * lows, signs * highs), np.maximum(signs * lows, signs * highs)
    reference = _worst_of(objectives, [values])
    analysis = Analysis(
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
    if trials is None or not with_probabilities:
        return analysis
    # Twice as far from the value as the interval goes: a candidate dominated even there counts as
    # 0. In nine analyses of three campaigns none was on the front in more than 0.5 % of draws.
    contenders = np.flatnonzero(may_be_on_front(2 * worst - points, 2 * best - points))
    return replace(analysis, probabilities=_probabilities(analysis, contenders, trials))


def front_chances(index: Index, records: Records) -> dict[str, float]:
    """Probability to be truly on the front, by id, of all that have any chance.

    The same as `analyse` gives, which reads every record.

    Args:
        index: of the records.
        records: of which those are read that may be on the front.
    """
    baselines = records.several(np.flatnonzero(index.baseline).tolist())
    if not baselines:
        return {}
    full = np.flatnonzero(index.full)
    columns = ("b_wr", "b_wr_low", "b_wr_high", "n_behaviour")
    values, lows, highs, novelty = (index.numbers[name][full] for name in columns)
    certain = np.column_stack([values, novelty])
    worst, best = np.column_stack([lows, novelty]), np.column_stack([highs, novelty])
    contenders = full[may_be_on_front(2 * worst - certain, 2 * best - certain)].tolist()
    if not contenders:
        return {}
    draws = BaselineTrials(baselines).draws(
        records.several(contenders),
        objectives_of(FRONT_OBJECTIVES),
        count=DRAWS,
        rng=child(0, "front"),
    )
    shares = front_shares(list(draws)).tolist()
    return dict(zip((index.ids[place] for place in contenders), shares, strict=True))


def on_one_scale(analyses: Sequence[Analysis]) -> list[Analysis]:
    """Analyses of the same objectives with volumes that compare, from one reference."""
    objectives = analyses[0].objectives
    reference = _worst_of(objectives, [analysis.values for analysis in analyses])
    signs = _signs(objectives)
    return [
        replace(
            analysis,
            reference=reference,
            volumes=_volumes(analysis.records, signs * analysis.values, signs * reference),
        )
        for analysis in analyses
    ]


def _bounds(
    records: Sequence[Record],
    objectives: Sequence[Objective],
    values: Floats,
    trials: BaselineTrials | None,
) -> tuple[Floats, Floats]:
    """Lower and upper ends of the 95 % intervals, (n, m) each."""
    lows, highs = values.copy(), values.copy()
    for column, objective in enumerate(objectives):
        for row, record in enumerate(records):
            if objective.key == "b_wr":
                _, lows[row, column], highs[row, column] = record.scored.b_wr
            elif objective.key == "bsota_wr":
                _, lows[row, column], highs[row, column] = record.scored.bsota_wr
            elif objective.is_noisy and trials is not None:
                ends = trials.beliefs(record)[objective.key].at(np.array([0.025, 0.975]))
                lows[row, column], highs[row, column] = ends
    return lows, highs


def _probabilities(
    analysis: Analysis, contenders: NDArray[np.intp], trials: BaselineTrials
) -> NDArray[np.float64]:
    """The share of draws in which each record is on the front; 0 for all but contenders: (n,)."""
    shares = np.zeros(len(analysis.records))
    if len(contenders):
        draws = trials.draws(
            [analysis.records[index] for index in contenders],
            analysis.objectives,
            count=DRAWS,
            rng=child(0, "front"),
        )
        shares[contenders] = front_shares(list(_signs(analysis.objectives) * draws))
    return shares


def _volumes(records: Sequence[Record], points: Floats, reference: Floats) -> tuple[Volume, ...]:
    """Hypervolumes, one entry per generation.

    Args:
        records: n of them, by generation.
        points: (n, m), maximised.
        reference: (m,), maximised.
    """
    generations = np.array([record.generation for record in records], dtype=int)
    numbers, starts = np.unique(generations, return_index=True)
    groups = np.split(points, starts[1:]) if len(numbers) else []
    dominated = volumes(groups, reference)
    return tuple(
        Volume(int(number), volume) for number, volume in zip(numbers, dominated, strict=True)
    )


def _worst_of(objectives: Sequence[Objective], values: Sequence[Floats]) -> Floats:
    """The reference of the objectives, each in its own direction: (m,)."""
    everything = np.concatenate(values)
    return np.array(
        [
            objective.worst
            if objective.worst is not None
            else objective.sign * (objective.sign * everything[:, column]).min(initial=np.inf)
            if len(everything)
            else 0.0
            for column, objective in enumerate(objectives)
        ]
    )


def _signs(objectives: Sequence[Objective]) -> Floats:
    """Factors that turn measures into ones to be maximised: (m,)."""
    return np.array([objective.sign for objective in objectives])
