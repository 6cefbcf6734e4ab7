"""Successive halving with races: everyone trains at the first rung, the better share climbs.

Rungs are those of the protocol (Jamieson & Talwalkar 2016, arXiv 1502.07943). Within a rung
candidates train heat by heat; who cannot survive the rung any more stops (`evo.evaluation.race`).
Baselines run every heat of every rung, so that a candidate is compared with every baseline at
whichever rung it reached. A heat begins when the one before has ended for all: which candidates
stop depends on results alone, never on the workers.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from evo.core.arrays import Floats
from evo.core.errors import EvoError
from evo.core.records import Outcome, Record, Status, Trial
from evo.evaluation.protocol import Job, Protocol
from evo.evaluation.race import still_racing
from evo.evaluation.statistics.win_rates import margins, score, score_baselines
from evo.evaluation.strata import by_stratum

Runner = Callable[[Sequence[Job]], Iterable[Outcome]]
Rivals = Callable[[Record], Mapping[str, Sequence[Trial]]]


class Evaluator:
    """Trains records rung by rung and gives them back with their scores.

    Args:
        run: trains jobs; outcomes may come in any order.
        protocol: the rungs, and the share that climbs.
        rivals: the baselines that a record is compared with: their trials at every rung, by id.
    """

    def __init__(self, run: Runner, protocol: Protocol, rivals: Rivals) -> None:
        self._run = run
        self._protocol = protocol
        self._rivals = rivals

    def evaluate(self, records: Sequence[Record]) -> list[Record]:
        """The same records in the same order, EVALUATED with a score or FAILED with a reason."""
        results = {record.id: record for record in records}
        climbing = list(records)
        for rung in range(len(self._protocol.rungs)):
            entrants = self._race(climbing, rung)
            results |= {record.id: record for record in entrants}
            climbing = self._best(entrants, rung)
        return list(results.values())

    def _race(self, entrants: Sequence[Record], rung: int) -> list[Record]:
        """The entrants after a rung, in the order they came, each as far as it could survive."""
        results = {record.id: record for record in entrants}
        running = list(entrants)
        heats = self._protocol.heats(rung)
        for heat in range(len(heats)):
            jobs = [_job(record, rung, heat, _trials(record)) for record in running]
            outcomes = {outcome.id: outcome for outcome in self._run(jobs)}
            running = [self._settle(record, outcomes[record.id]) for record in running]
            results |= {record.id: record for record in running}
            running = [record for record in running if _is_at(record, rung)]
            if self._protocol.racing and heat + 1 < len(heats):
                racing = still_racing(
                    {r.id: _cells(r, self._rivals(r), rung) for r in running},
                    places=self._places(entrants),
                )
                running = [record for record in running if record.id in racing]
        return list(results.values())

    def _places(self, entrants: Sequence[Record]) -> int:
        return math.ceil(len(entrants) * self._protocol.keep)

    def _settle(self, record: Record, outcome: Outcome) -> Record:
        """The record with this rung's trials added to it."""
        seconds = record.seconds + outcome.seconds
        error = outcome.error
        # In a later heat these are lost trials like any other: dropping them would hide them.
        if not error and outcome.heat == 0 and all(math.isinf(t.loss) for t in outcome.trials):
            error = "training diverged in every trial at every learning rate"
        if error:
            # What a lower rung has shown stays valid: only a candidate without any score failed.
            if record.score is not None:
                return replace(record, seconds=seconds, reason=f"rung {outcome.rung}: {error}")
            return replace(
                record, seconds=seconds, status=Status.FAILED, stage="evaluate", reason=error
            )
        return replace(
            record,
            seconds=seconds,
            status=Status.EVALUATED,
            stage="evaluate",
            score=score((*_trials(record), *outcome.trials), self._rivals(record)),
        )

    def _best(self, entrants: Sequence[Record], rung: int) -> list[Record]:
        """The share that climbs, in the order it came; margin decides, since it never saturates.

        Who was stopped has fewer trials and stands behind all that ran to the end: its few may
        look better than the many of those that it could not reach.
        """
        ranked = sorted(
            (record for record in entrants if _is_at(record, rung)),
            key=lambda r: (-len(_trials(r)), -r.scored.margin, r.id),
        )
        chosen = {record.id for record in ranked[: self._places(entrants)]}
        return [record for record in entrants if record.id in chosen]


def evaluate_baselines(run: Runner, protocol: Protocol, records: Sequence[Record]) -> list[Record]:
    """The baselines trained at every rung, each scored against the others.

    Raises:
        EvoError: one of them cannot be trained; nothing can be measured against it.
    """
    trials: dict[str, list[Trial]] = {record.id: [] for record in records}
    seconds = dict.fromkeys(trials, 0.0)
    for rung in range(len(protocol.rungs)):
        for heat in range(len(protocol.heats(rung))):
            jobs = [_job(record, rung, heat, trials[record.id]) for record in records]
            outcomes = {outcome.id: outcome for outcome in run(jobs)}
            for id_ in trials:
                if outcomes[id_].error:
                    raise EvoError(f"Baseline {id_} could not be trained: {outcomes[id_].error}.")
                trials[id_] += outcomes[id_].trials
                seconds[id_] += outcomes[id_].seconds
    scores = score_baselines(trials)
    return [
        replace(
            record,
            status=Status.EVALUATED,
            stage="evaluate",
            score=scores[record.id],
            seconds=seconds[record.id],
        )
        for record in records
    ]


def _job(record: Record, rung: int, heat: int, trials: Sequence[Trial]) -> Job:
    return Job(record.id, record.graph, rung, heat, tuple(trials))


def _trials(record: Record) -> Sequence[Trial]:
    """All that a record has trained so far."""
    return record.score.trials if record.score else ()


def _is_at(record: Record, rung: int) -> bool:
    """Whether a record is still in the race at a rung."""
    return record.score is not None and record.score.rung == rung and not record.reason


def _cells(record: Record, rivals: Mapping[str, Sequence[Trial]], rung: int) -> list[Floats]:
    """Margins of a record's trials at a rung, an array (seeds,) per task and network."""
    trials = [trial for trial in _trials(record) if trial.rung == rung]
    return list(by_stratum(trials, margins(trials, rivals)).values())
