"""The jobs of one run: which wait, which have an outcome, and how often each was lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evo.compute.lost_attempts import LossCause
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job

_MOST_STRIKES = 2
"""Losses of a job alone in its worker that make it a failure."""
_MOST_SHORTAGES = 5
"""Times that memory may run out while a job trains: another process may have taken it."""
_MOST_MACHINES = 10
"""Machines that may be lost with one job; more than that are no accident."""


@dataclass
class _Attempt:
    job: Job
    strikes: int = 0
    shortages: int = 0
    machines: int = 0
    is_alone: bool = False


class JobRun:
    """The jobs of one run.

    Args:
        jobs: each with a key of its own.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._open = {job.key: _Attempt(job) for job in jobs}
        self._waiting = list(reversed(self._open.values()))
        self._results: list[Outcome] = []

    @property
    def waiting(self) -> int:
        """Number of jobs that wait for a worker."""
        return len(self._waiting)

    @property
    def is_over(self) -> bool:
        """True if every job's outcome was taken."""
        return not (self._open or self._results)

    @property
    def has_results(self) -> bool:
        """True if there are outcomes to take."""
        return bool(self._results)

    @property
    def next_job(self) -> Job:
        """The job that is submitted next."""
        return self._waiting[-1].job

    def is_open(self, job: Job) -> bool:
        """True if a job has no outcome yet."""
        return job.key in self._open

    def hand_over(self, most: int) -> tuple[Job, ...]:
        """The next jobs, all of one heat; one that was lost among others goes alone."""
        first = self._waiting.pop()
        batch = [first]
        while not first.is_alone and len(batch) < most and self._waiting:
            following = self._waiting[-1]
            same = (following.job.rung, following.job.heat) == (first.job.rung, first.job.heat)
            if following.is_alone or not same:
                break
            batch.append(self._waiting.pop())
        return tuple(attempt.job for attempt in batch)

    def settle(self, outcome: Outcome) -> None:
        """Take in an outcome, the first of its job."""
        if outcome.key in self._open:
            self._results.append(outcome)  # first: another thread may ask whether all is over
            del self._open[outcome.key]

    def lose(self, jobs: Sequence[Job], cause: LossCause, *, timeout_s: float) -> None:
        """Take in that one worker has lost these jobs: each waits again, or has failed."""
        for job in jobs:
            attempt = self._open[job.key]
            if cause.is_blameless:
                attempt.machines += 1
            elif cause is LossCause.MEMORY:
                attempt.shortages += 1
                attempt.is_alone = True
            elif len(jobs) == 1:
                attempt.strikes += 1
            else:
                attempt.is_alone = True
            if attempt.strikes >= _MOST_STRIKES:
                error = f"its worker died or took longer than {timeout_s:g} s (timeout_s), twice"
                self.settle(job.failed(error))
            elif attempt.shortages >= _MOST_SHORTAGES:
                self.settle(
                    job.failed(f"memory ran out {attempt.shortages} times while it trained")
                )
            elif attempt.machines > _MOST_MACHINES:
                self.settle(job.failed(f"its machine was lost {attempt.machines} times"))
            else:
                self._waiting.insert(0, attempt)

    def taken(self) -> Iterator[Outcome]:
        """Take the outcomes that came in."""
        while self._results:
            yield self._results.pop(0)
