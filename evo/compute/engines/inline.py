"""Trainings in this process, for systems that fork none, such as Windows.

One after the other and without a limit of time: what ends a training that never ends, ends evo. It
is no engine to choose; `local` is this where it cannot be what it is elsewhere.
"""

from collections.abc import Sequence

import torch

from evo.compute.devices import resolve
from evo.compute.engines.base import Batch, Ended, Engine
from evo.compute.memory import Peak, peak
from evo.compute.worker import Worker
from evo.core.records import Outcome
from evo.evaluation.protocol import Job


class Inline(Engine):
    """Trains a job each time that it is asked for outcomes."""

    is_elsewhere = False
    copies_stragglers = False

    @property
    def capacity(self) -> int:
        """One."""
        return 1

    def start(self) -> None:
        """Have this process train in one thread."""
        torch.set_num_threads(1)
        self._waiting: list[Batch] = []
        self._worker = Worker(resolve(self.work.device))

    def stop(self) -> None:
        """Forget everything."""
        self._waiting = []

    def submit(self, batch: Batch) -> None:
        """Lay a batch ready."""
        self._waiting.append(batch)

    def ended(self, timeout_s: float) -> Sequence[Ended]:
        """Train the next batch."""
        del timeout_s
        if not self._waiting:
            return []
        batch = self._waiting.pop(0)
        return [Ended(batch, tuple(map(self._train, batch.jobs)))]

    def cancel(self, batches: Sequence[Batch]) -> None:
        """Forget batches."""
        numbers = {batch.number for batch in batches}
        self._waiting = [one for one in self._waiting if one.number not in numbers]

    def measure(self, graphs: tuple[str, ...]) -> Peak:
        """The memory that the largest network takes."""
        return peak(graphs, self.work, self._worker.device)

    def _train(self, job: Job) -> Outcome:
        try:
            return self._worker.train(job, self.work)
        except Exception as failure:  # noqa: BLE001 - a graph does anything, and costs itself alone
            return job.failed(f"training failed: {type(failure).__name__}: {failure}")
