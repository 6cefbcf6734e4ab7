"""Durations of jobs by rung and heat: they size batches and tell stragglers."""

from evo.evaluation.protocol import Job

_FEWEST = 3
"""Trainings after which a mean says something."""
_STRAGGLER = 2.5
"""A training that takes as many times the mean is a straggler."""


class Durations:
    """Mean duration of the jobs of each rung and heat.

    Args:
        batch_s: seconds that a batch should take; 0 for batches of one job.
    """

    def __init__(self, batch_s: float) -> None:
        self._batch_s = batch_s
        self._totals: dict[tuple[int, int], tuple[int, float]] = {}

    def note(self, job: Job, seconds: float) -> None:
        """Note how long a job has taken."""
        number, total = self._totals.get((job.rung, job.heat), (0, 0.0))
        self._totals[job.rung, job.heat] = (number + 1, total + seconds)

    def mean_s(self, job: Job) -> float | None:
        """Mean seconds of jobs of the same heat; None where too few are known."""
        number, total = self._totals.get((job.rung, job.heat), (0, 0.0))
        return total / number if number >= _FEWEST else None

    def straggles(self, job: Job, seconds: float) -> bool:
        """True if a job that has run for so long is a straggler."""
        mean = self.mean_s(job)
        return mean is not None and seconds > _STRAGGLER * mean + 1.0

    def batch_size(self, job: Job, *, waiting: int, capacity: int) -> int:
        """Number of jobs to submit together, at least 1.

        Args:
            job: the first of them.
            waiting: number of jobs that wait; each worker gets several batches of them.
            capacity: number of workers.

        >>> durations = Durations(batch_s=1.0)
        >>> job = Job("a", (), 0)
        >>> for _ in range(3):
        ...     durations.note(job, 0.1)
        >>> [durations.batch_size(job, waiting=n, capacity=2) for n in (1000, 40, 7)]
        [10, 5, 1]
        """
        mean = self.mean_s(job)
        if not self._batch_s or mean is None:
            return 1
        most = waiting // (4 * max(1, capacity))
        return max(1, min(int(self._batch_s / max(mean, 1e-6) + 1e-9), most))
