"""Settings that all jobs of a campaign share."""

from typing import NamedTuple

from evo.evaluation.protocol import Protocol
from evo.tasks.base import LoopTask, tasks


class Work(NamedTuple):
    """Settings that all jobs of a campaign share.

    Attributes:
        kind: name of the kind of every candidate.
        tasks: names of the tasks to train on.
        protocol: how to train.
        device: where the tensors live, "cpu" or "cuda".
        timeout_s: wall time that one job may take; with a loop of a task's own, one training.
    """

    kind: str
    tasks: tuple[str, ...]
    protocol: Protocol
    device: str
    timeout_s: float = 600.0

    @property
    def job_timeout_s(self) -> float:
        """Wall time of one job: a loop of a task's own has the limit for each of its trainings."""
        most = max(
            len(heat) * (len(self.protocol.settings) if number == 0 else 1)
            for rung in range(len(self.protocol.rungs))
            for number, heat in enumerate(self.protocol.heats(rung))
        )
        loops = [task for task in map(tasks.get, self.tasks) if issubclass(task, LoopTask)]
        return self.timeout_s + most * sum(loop.timeout_s or self.timeout_s for loop in loops)
