"""Successive halving with races: all candidates train at the first rung, the better share goes on.

The protocol defines the rungs (Jamieson & Talwalkar 2016, arXiv 1502.07943). Within a rung,
candidates train heat by heat; those that can no longer survive it are stopped
(`evo.evaluation.race`). Baselines run every heat of every rung, so that a candidate is compared
with every baseline at the rung that it reached. A heat begins when the one before has ended for
all: which candidates stop depends only on results, never on the workers.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from evo.core.arrays import Floats
from evo.core.errors import EvoError
from evo.core.records import Record, Status
from evo.core.stages import Stage, TrainingEnd
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Job, Protocol
from evo.evaluation.race import still_racing
from evo.evaluation.statistics.trial_values import margins
from evo.evaluation.statistics.win_rates import score, score_baselines
from evo.evaluation.strata import by_stratum

_LOST_BASELINES = 3
"""Baselines without any result, the first ones trained, after which no other is tried."""

Runner = Callable[[Sequence[Job]], Iterable[Outcome]]
Rivals = Callable[[Record], Mapping[str, Sequence[Trial]]]


class Evaluator:
    """Train and score records, rung by rung.

    Args:
        run: trains jobs; outcomes may come in any order.
        protocol: the rungs, and the share that goes on.
        rivals: maps a record to the trials, by id and at every rung, of the baselines that it is
            compared with.
    """

    def __init__(self, run: Runner, protocol: Protocol, rivals: Rivals) -> None:
        self._run = run
        self._protocol = protocol
        self._rivals = rivals

    def evaluate(self, records: Sequence[Record]) -> list[Record]:
        """Evaluate records, in order: each EVALUATED with a score or FAILED with a reason."""
        results = {record.id: record for record in records}
        climbing = list(records)
        for rung in range(len(self._protocol.rungs)):
            entrants = self._race(climbing, rung)
            results |= {record.id: record for record in entrants}
            climbing = self._best(entrants, rung)
        return list(results.values())

    def remeasure(self, records: Sequence[Record]) -> list[Record]:
        """Train complete records on the fresh seeds, in order; their scores are of all trials."""
        rung = len(self._protocol.rungs) - 1
        heat = len(self._protocol.heats(rung)) - 1
        jobs = [_job(record, rung, heat, _trials(record)) for record in records]
        outcomes = {outcome.id: outcome for outcome in self._run(jobs)}
        settled = [self._settle(record, outcomes[record.id]) for record in records]
        return [
            replace(record, score=replace(record.scored, end=TrainingEnd.REMEASURED))
            if record.scored.end is TrainingEnd.COMPLETE
            else record
            for record in settled
        ]

    def _race(self, entrants: Sequence[Record], rung: int) -> list[Record]:
        """Train the entrants heat by heat; the same ones in order, with the trials they got to."""
        results = {record.id: record for record in entrants}
        running = list(entrants)
        heats = self._protocol.race_heats(rung)
        for heat in range(len(heats)):
            jobs = [_job(record, rung, heat, _trials(record)) for record in running]
            outcomes = {outcome.id: outcome for outcome in self._run(jobs)}
            running = [self._settle(record, outcomes[record.id]) for record in running]
            results |= {record.id: record for record in running}
            running = [record for record in running if _is_at(record, rung)]
            if self._protocol.racing and heat + 1 < len(heats):
                racing = still_racing(
                    {r.id: _margins(r, self._rivals(r), rung) for r in running},
                    survivors=self._survivors(entrants),
                )
                results |= {r.id: _outraced(r) for r in running if r.id not in racing}
                running = [record for record in running if record.id in racing]
        return list(results.values())

    def _survivors(self, entrants: Sequence[Record]) -> int:
        return math.ceil(len(entrants) * self._protocol.keep)

    def _settle(self, record: Record, outcome: Outcome) -> Record:
        """Add an outcome's trials to its record."""
        record = record.diagnosed(outcome)
        seconds = record.seconds + outcome.seconds
        error = "" if outcome.trials else outcome.error
        # In later heats diverged trials count as lost; an error would drop them.
        if not error and outcome.heat == 0 and _is_lost(outcome):
            error = outcome.error or "training diverged in every trial at every learning rate"
        if error:
            # Trials of a lower rung stay valid: only a candidate without a score has failed.
            if record.score is not None:
                return replace(
                    record,
                    seconds=seconds,
                    reason=f"rung {outcome.rung}: {error}",
                    score=replace(record.score, end=TrainingEnd.FAILED),
                )
            return replace(
                record, seconds=seconds, status=Status.FAILED, stage=Stage.EVALUATE, reason=error
            )
        return replace(
            record,
            seconds=seconds,
            status=Status.EVALUATED,
            stage=Stage.EVALUATE,
            reason=_and_lost(record.reason, outcome),
            score=score((*_trials(record), *outcome.trials), self._rivals(record)),
        )

    def _best(self, entrants: Sequence[Record], rung: int) -> list[Record]:
        """The share that goes on, in order; margin decides, since it does not saturate.

        Stopped candidates rank behind all that ran to the end: with fewer trials, they may look
        better by chance.
        """
        ranked = sorted(
            (record for record in entrants if _is_at(record, rung)),
            key=lambda r: (-len(_trials(r)), -r.scored.margin.value, r.id),
        )
        chosen = {record.id for record in ranked[: self._survivors(entrants)]}
        return [record for record in entrants if record.id in chosen]


def evaluate_baselines(
    run: Runner,
    protocol: Protocol,
    records: Sequence[Record],
    *,
    names: Mapping[str, str] = MappingProxyType({}),
) -> list[Record]:
    """Train the baselines at every rung and score each against the others.

    Args:
        run: trains jobs.
        protocol: the campaign's.
        records: the baselines, not trained yet.
        names: of baselines by id, for errors.

    Raises:
        EvoError: a baseline cannot be trained, so that nothing can be compared with it.
    """
    trials: dict[str, list[Trial]] = {record.id: [] for record in records}
    seconds = dict.fromkeys(trials, 0.0)
    reasons = dict.fromkeys(trials, "")
    diagnosed = {record.id: record for record in records}
    for rung in range(len(protocol.rungs)):
        for heat in range(len(protocol.heats(rung))):
            jobs = [_job(record, rung, heat, trials[record.id]) for record in records]
            outcomes: dict[str, Outcome] = {}
            for outcome in run(jobs):
                outcomes[outcome.id] = outcome
                lost = [one for one in outcomes.values() if one.error and _is_lost(one)]
                # A loop that never works would spend its limit of time for every baseline.
                if len(lost) == len(outcomes) == min(_LOST_BASELINES, len(jobs)):
                    raise EvoError(_untrained(lost[0].id, names, lost[0].error))
            for id_ in trials:
                if outcomes[id_].error and not outcomes[id_].trials:
                    raise EvoError(_untrained(id_, names, outcomes[id_].error))
                reasons[id_] = _and_lost(reasons[id_], outcomes[id_])
                trials[id_] += outcomes[id_].trials
                diagnosed[id_] = diagnosed[id_].diagnosed(outcomes[id_])
                seconds[id_] += outcomes[id_].seconds
    scores = score_baselines(trials)
    return [
        replace(
            record,
            status=Status.EVALUATED,
            stage=Stage.EVALUATE,
            reason=reasons[record.id],
            score=scores[record.id],
            seconds=seconds[record.id],
        )
        for record in diagnosed.values()
    ]


def _is_lost(outcome: Outcome) -> bool:
    """True if no training gave a result."""
    return all(math.isinf(trial.loss) for trial in outcome.trials)


def _and_lost(reason: str, outcome: Outcome) -> str:
    """A reason, and what trainings of an outcome gave no result."""
    if not outcome.error:
        return reason
    words = f"rung {outcome.rung}, heat {outcome.heat}: {outcome.error}"
    return f"{reason}; {words}" if reason else words


def _job(record: Record, rung: int, heat: int, trials: Sequence[Trial]) -> Job:
    return Job(record.id, record.graphs, rung, heat, tuple(trials))


def _trials(record: Record) -> Sequence[Trial]:
    """Trials of a record so far."""
    return record.score.trials if record.score else ()


def _is_at(record: Record, rung: int) -> bool:
    """True if a record is still in the race at a rung."""
    score = record.score
    return score is not None and score.rung == rung and score.end is not TrainingEnd.FAILED


def _outraced(record: Record) -> Record:
    return replace(record, score=replace(record.scored, end=TrainingEnd.OUTRACED))


def _margins(record: Record, rivals: Mapping[str, Sequence[Trial]], rung: int) -> list[Floats]:
    """Margins of a record's trials at a rung, one array (seeds,) per stratum."""
    trials = [trial for trial in _trials(record) if trial.rung == rung]
    return list(by_stratum(trials, margins(trials, rivals)).values())


def _untrained(id_: str, names: Mapping[str, str], error: str) -> str:
    """The message for a baseline that could not be trained."""
    again = (
        " Change what that names and start again: a campaign keeps its tasks and settings, so "
        "resuming one helps only where the machine was at fault."
    )
    return f"Baseline {names.get(id_, id_)!r} could not be trained: {error}.{again}"
