"""Successive halving: every candidate trains at the first, short rung, the better share climbs.

Rungs are those of the protocol. Baselines climb all of them, so that a candidate is compared with
every baseline at whichever rung it reached (Jamieson & Talwalkar 2016, arXiv 1502.07943).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from evo.errors import EvoError
from evo.evaluation.protocol import Protocol
from evo.evaluation.win_rates import score, score_baselines
from evo.evaluation.workers import Job
from evo.types import Outcome, Record, Score, Status, Trial

Runner = Callable[[Sequence[Job]], Iterable[Outcome]]


class Evaluator:
    """Trains records rung by rung and gives them back with their scores.

    Args:
        run: trains jobs; outcomes may come in any order.
        protocol: the rungs, and the share that climbs.
        rivals: the baselines that a record is compared with: their trials at every rung, by id.
    """

    def __init__(
        self,
        run: Runner,
        protocol: Protocol,
        rivals: Callable[[Record], Mapping[str, Sequence[Trial]]],
    ) -> None:
        self._run = run
        self._protocol = protocol
        self._rivals = rivals

    def evaluate(self, records: Sequence[Record]) -> list[Record]:
        """The same records in the same order, EVALUATED with a score or FAILED with a reason."""
        results = {record.id: record for record in records}
        climbing = list(records)
        for rung in range(len(self._protocol.rungs)):
            jobs = [Job(record.id, record.graph, rung) for record in climbing]
            outcomes = {outcome.id: outcome for outcome in self._run(jobs)}
            climbing = [self._settle(results[r.id], outcomes[r.id]) for r in climbing]
            results |= {record.id: record for record in climbing}
            climbing = self._best(climbing)
        return list(results.values())

    def _settle(self, record: Record, outcome: Outcome) -> Record:
        """The record with this rung's trials added to it."""
        seconds = record.seconds + outcome.seconds
        error = outcome.error
        if not error and all(math.isinf(trial.loss) for trial in outcome.trials):
            error = "training diverged in every trial at every learning rate"
        if error:
            # What a lower rung has shown stays valid: only a candidate without any score failed.
            if record.score is not None:
                return replace(record, seconds=seconds, reason=f"rung {outcome.rung}: {error}")
            return replace(
                record, seconds=seconds, status=Status.FAILED, stage="evaluate", reason=error
            )
        earlier = record.score.trials if record.score else ()
        return replace(
            record,
            seconds=seconds,
            status=Status.EVALUATED,
            stage="evaluate",
            score=score((*earlier, *outcome.trials), self._rivals(record)),
        )

    def _best(self, records: Sequence[Record]) -> list[Record]:
        """The share that climbs, in the order it came; margin decides, since it never saturates."""
        ranked = sorted(
            (r for r in records if r.score is not None and not r.reason),
            key=lambda r: (-_score(r).margin, r.id),
        )
        chosen = {r.id for r in ranked[: math.ceil(len(records) * self._protocol.keep)]}
        return [r for r in records if r.id in chosen]


def evaluate_baselines(run: Runner, protocol: Protocol, records: Sequence[Record]) -> list[Record]:
    """The baselines trained at every rung, each scored against the others.

    Raises:
        EvoError: one of them cannot be trained; nothing can be measured against it.
    """
    jobs = [Job(r.id, r.graph, rung) for rung in range(len(protocol.rungs)) for r in records]
    outcomes = {(outcome.id, outcome.rung): outcome for outcome in run(jobs)}
    trials: dict[str, list[Trial]] = {record.id: [] for record in records}
    seconds = dict.fromkeys(trials, 0.0)
    for job in jobs:
        outcome = outcomes[job.id, job.rung]
        if outcome.error:
            raise EvoError(f"Baseline {job.id} could not be trained: {outcome.error}.")
        trials[job.id] += outcome.trials
        seconds[job.id] += outcome.seconds
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


def _score(record: Record) -> Score:
    assert record.score is not None
    return record.score
