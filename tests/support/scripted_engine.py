"""A compute engine whose trainings take no time but what a script says; no process, no waiting."""

from collections.abc import Callable, Sequence

from evo.compute.batch import Batch, Ended
from evo.compute.engines.base import Engine
from evo.compute.lost_attempts import LostAttempt
from evo.compute.settings import Needs
from evo.compute.work import Work
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job, Protocol

WORK = Work("activation", ("digits",), Protocol(), "cpu", timeout_s=60.0)


def trained(job: Job) -> Outcome:
    return Outcome(job.id, job.rung, (), 0.0, heat=job.heat)


class Clock:
    """Seconds that pass where an engine waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class ScriptedEngine(Engine):
    """Ends batches in the order of their durations.

    Args:
        workers: number of trainings at once.
        seconds: duration of a job.
        losses: by a job's id, one per attempt, None for an attempt that succeeds.
    """

    def __init__(
        self,
        workers: int,
        *,
        seconds: Callable[[Job], float] = lambda _: 1.0,
        losses: dict[str, list[LostAttempt | None]] | None = None,
        batch_s: float = 0.0,
    ) -> None:
        super().__init__(WORK, Needs(workers))
        self.batch_s = batch_s  # type: ignore[misc] # of each of its kind, elsewhere
        self.clock = Clock()
        self.workers = workers
        self.log: list[tuple[str, ...]] = []
        self.most_at_once = 0
        self.cancelled: list[str] = []
        self._seconds = seconds
        self._losses = losses or {}
        self._queue: list[Batch] = []
        self._ends: list[tuple[float, Batch]] = []

    def start(self) -> None: ...

    def stop(self) -> None: ...

    @property
    def capacity(self) -> int:
        return self.workers

    @property
    def busy(self) -> int:
        return len(self._ends)

    def submit(self, batch: Batch) -> None:
        self.log.append(tuple(job.id for job in batch.jobs))
        self._queue.append(batch)
        self.most_at_once = max(self.most_at_once, len(self._queue) + len(self._ends))

    def ended(self, timeout_s: float) -> Sequence[Ended]:
        while self._queue and len(self._ends) < self.workers:
            batch = self._queue.pop(0)
            self._ends.append((self.clock.now + sum(map(self._seconds, batch.jobs)), batch))
        if not self._ends:
            self.clock.now += timeout_s
            return []
        end, batch = min(self._ends, key=lambda one: one[0])
        if end > self.clock.now + timeout_s:
            self.clock.now += timeout_s
            return []
        self._ends.remove((end, batch))
        self.clock.now = max(self.clock.now, end)
        outcomes: list[Outcome] = []
        for job in batch.jobs:
            script = self._losses.get(job.id)
            if script and (loss := script.pop(0)) is not None:
                return [Ended(batch, tuple(outcomes), loss)]
            outcomes.append(trained(job))
        return [Ended(batch, tuple(outcomes))]

    def cancel(self, batches: Sequence[Batch]) -> None:
        numbers = {batch.number for batch in batches}
        self.cancelled += [job.id for batch in batches for job in batch.jobs]
        self._queue = [one for one in self._queue if one.number not in numbers]
        self._ends = [one for one in self._ends if one[1].number not in numbers]
