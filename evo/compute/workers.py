"""Workers: jobs in, outcomes as they come, whichever engine trains them.

A job whose worker is lost or late gets a second chance, since the machine may be to blame; what
fails twice is the candidate's fault. A machine that is lost is never a candidate's fault. What is
submitted, and when, decides nothing but time: outcomes depend on their job alone.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import NamedTuple

from evo.compute.attempts import JobRun
from evo.compute.batch import Batch, Ended
from evo.compute.durations import Durations
from evo.compute.engines.base import Engine
from evo.compute.lost_attempts import LostAttempt
from evo.compute.memory import Peak
from evo.compute.settings import Needs
from evo.core.errors import EvoError
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job

_LOOK_S = 0.5
"""Seconds after which places are counted again."""
_TURN_S = 0.05
"""Seconds after which a thread looks for outcomes that another one has taken in for it."""


class _Handed(NamedTuple):
    """A batch that is submitted.

    Attributes:
        run: that it is part of.
        batch: the jobs.
        start: when it was submitted.
        is_copy: whether another worker trains the same, or did.
    """

    run: JobRun
    batch: Batch
    start: float
    is_copy: bool


class Workers:
    """Trains jobs on an engine. Use as a context manager.

    `run` may be called from several threads at once; what came first is served first.

    Args:
        engine: where to train.
        note: called with every loss.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        note: Callable[[LostAttempt], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._note = note
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = count()
        self._runs: list[JobRun] = []
        self._handed: dict[int, _Handed] = {}
        self._durations = Durations(engine.batch_s)
        self._alone_since: float | None = None
        self._is_abandoned = False

    def __enter__(self) -> "Workers":
        self._engine.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.stop()

    @property
    def count(self) -> int:
        """Number of trainings at once, at least 1."""
        return max(1, self._engine.capacity)

    def adapt(self, wanted: Engine) -> None:
        """Take the limits and counts of an engine that has not started, or that engine itself.

        Call it between two runs.
        """
        if _alike(self._engine, wanted):
            self._engine.adapt(wanted.work, wanted.needs)
            return
        self._engine.stop()
        wanted.start()
        self._engine, self._durations = wanted, Durations(wanted.batch_s)

    def abandon(self) -> None:
        """Have every run, in whichever thread, end with an error; nothing runs from now on."""
        self._is_abandoned = True

    def peak_memory(self, graphs: tuple[str, ...]) -> Peak | None:
        """The memory that one worker needs for the largest network; None where it is not known.

        Args:
            graphs: of a known component.

        Raises:
            EvoError: the network does not fit, or takes too long.
        """
        return self._engine.measure(graphs)

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Outcomes as they come in, in any order; a failure is an outcome with an error.

        Where the caller stops early, jobs that have no outcome are cancelled.

        Raises:
            EvoError: there is no worker for long.
        """
        if not jobs:
            return
        mine = JobRun(jobs)
        with self._engine.working():
            self._runs.append(mine)
            try:
                while not mine.is_over:
                    # One thread at a time looks after the engine, for all of them.
                    if not mine.has_results and self._lock.acquire(timeout=_TURN_S):
                        try:
                            if not mine.has_results:  # another thread may have taken them in
                                self._advance()
                        finally:
                            self._lock.release()
                    yield from mine.taken()
            finally:
                with self._lock:
                    self._runs.remove(mine)
                    self._cancel([one for one in self._handed.values() if one.run is mine])

    def _advance(self) -> None:
        """Submit what there is room for, and sort in what has ended."""
        if self._is_abandoned:
            raise EvoError("The trainings were abandoned.")
        capacity = self._engine.capacity
        self._expect_workers(capacity)
        waiting = sum(run.waiting for run in self._runs)
        # What is further on its way holds up the end of a generation.
        for run in sorted(self._runs, key=_progress, reverse=True):
            while run.waiting:
                size = self._durations.batch_size(run.next_job, waiting=waiting, capacity=capacity)
                demand = len(self._handed) + -(-waiting // size)
                if len(self._handed) >= self._engine.places(demand):
                    break
                jobs = run.hand_over(size)
                waiting -= len(jobs)
                self._submit(run, jobs)
        if not waiting and self._engine.copies_stragglers:
            self._copy_stragglers(capacity - len(self._handed))
        for ended in self._engine.ended(_LOOK_S):
            self._take(ended)

    def _submit(self, run: JobRun, jobs: Sequence[Job], *, is_copy: bool = False) -> None:
        batch = Batch(next(self._numbers), tuple(jobs))
        self._handed[batch.number] = _Handed(run, batch, self._clock(), is_copy)
        self._engine.submit(batch)

    def _take(self, ended: Ended) -> None:
        handed = self._handed.pop(ended.batch.number)
        for outcome in ended.outcomes:
            handed.run.settle(outcome)
        if ended.outcomes:
            taken_s = (self._clock() - handed.start) / len(ended.outcomes)
            self._durations.note(handed.batch.jobs[0], taken_s)
        jobs = [job for job in handed.batch.jobs if handed.run.is_open(job)]
        copies = self._copies(handed)
        if ended.loss is not None:
            self._note(ended.loss)
            if jobs and not copies:
                limit_s = self._engine.work.job_timeout_s
                handed.run.lose(jobs, ended.loss.cause, timeout_s=limit_s)
        elif copies:
            self._cancel(copies)

    def _copy_stragglers(self, spare: int) -> None:
        """Have idle workers train what takes too long too: the first outcome counts."""
        now = self._clock()
        for handed in list(self._handed.values()):
            if spare <= 0:
                return
            if handed.is_copy or not self._durations.straggles(
                handed.batch.jobs[0], (now - handed.start) / len(handed.batch.jobs)
            ):
                continue
            self._handed[handed.batch.number] = handed._replace(is_copy=True)
            self._submit(handed.run, handed.batch.jobs, is_copy=True)
            spare -= 1

    def _copies(self, handed: _Handed) -> list[_Handed]:
        """Other batches of the same jobs that are submitted."""
        if not handed.is_copy:
            return []
        jobs = handed.batch.jobs
        return [one for one in self._handed.values() if one.batch.jobs == jobs]

    def _cancel(self, doomed: Sequence[_Handed]) -> None:
        for handed in doomed:
            del self._handed[handed.batch.number]
        if doomed:
            self._engine.cancel([handed.batch for handed in doomed])

    def _expect_workers(self, capacity: int) -> None:
        """Give up where there is no worker for long.

        Raises:
            EvoError: there has been none for as long.
        """
        now = self._clock()
        if capacity:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since > self._engine.patience_s:
            raise EvoError(
                f"No worker has come for {self._engine.patience_s / 60:g} minutes: the cluster has "
                "no room for a training, or cannot start one. Everything is saved; evo resume goes "
                "on."
            )


def _progress(run: JobRun) -> tuple[int, int]:
    """Progress of a run's waiting jobs on the way of a generation."""
    return (run.next_job.rung, run.next_job.heat) if run.waiting else (0, 0)


def _alike(one: Engine, other: Engine) -> bool:
    """True if two engines differ in limits and counts alone."""

    def fixed(needs: Needs) -> Needs:
        return needs._replace(workers=0, most=0)

    return type(one) is type(other) and fixed(one.needs) == fixed(other.needs)
