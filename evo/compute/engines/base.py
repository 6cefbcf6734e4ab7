"""The contract of a compute engine, and the registry of engines.

An engine takes batches of jobs and gives back what became of each. It never sees the source of a
candidate: a job has a checked graph as text, and the worker that trains it parses it again with the
trusted loader. Which jobs are submitted, which are tried again and what counts as a candidate's
fault is decided by `evo.compute.workers` alone, so that results do not depend on the engine.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import ClassVar

from evo.compute.batch import Batch, Ended
from evo.compute.memory import Peak
from evo.compute.settings import Needs
from evo.compute.work import Work
from evo.core.registry import Registry


class Engine(ABC):
    """Trains batches of jobs somewhere. Subclass and register.

    Construction does no I/O. One thread at a time calls it.

    Args:
        work: settings that all jobs share.
        needs: what each training needs.

    Attributes:
        batch_s: seconds of training that are worth a message of their own; jobs that take less are
            put together. 0 gives every job alone.
        is_elsewhere: whether trainings run on other machines than this one, which then need not
            have their device.
        copies_stragglers: whether what takes much longer than its like is trained once more by a
            worker that has nothing to do.
        patience_s: seconds without any worker after which it is given up.
    """

    batch_s: ClassVar[float] = 0.0
    is_elsewhere: ClassVar[bool] = True
    copies_stragglers: ClassVar[bool] = True
    patience_s: ClassVar[float] = 600.0

    def __init__(self, work: Work, needs: Needs) -> None:
        self.work = work
        self.needs = needs

    @classmethod  # noqa: B027 - most have nothing to check
    def check(cls, needs: Needs) -> None:
        """Check, before anything is spent, what can be checked without starting.

        Raises:
            UsageError: a package or program is missing, or a setting is wrong.
        """

    @abstractmethod
    def start(self) -> None:
        """Start, or join, the workers.

        Raises:
            EvoError: it cannot; the message says what to do.
        """

    @abstractmethod
    def stop(self) -> None:
        """End all workers that were started, and release everything else."""

    @property
    @abstractmethod
    def capacity(self) -> int:
        """Number of trainings that run at once now; 0 while there is no worker yet."""

    def places(self, demand: int) -> int:
        """Number of batches to be submitted at once, those that lie ready included.

        Args:
            demand: batches that there are: those that wait, and those submitted.
        """
        # A batch lies ready for each worker as long as many wait; at the end it would lie behind
        # a long training while another worker has nothing to do.
        return self.capacity * (2 if demand >= 4 * self.capacity else 1)

    @abstractmethod
    def submit(self, batch: Batch) -> None:
        """Submit a batch; returns at once."""

    @abstractmethod
    def ended(self, timeout_s: float) -> Sequence[Ended]:
        """The batches that have ended since the last call, each once.

        Args:
            timeout_s: how long to wait for the first.
        """

    @abstractmethod
    def cancel(self, batches: Sequence[Batch]) -> None:
        """Forget batches: none is told by `ended`, and those that have not begun need not."""

    def adapt(self, work: Work, needs: Needs) -> None:
        """Take other settings, while no batch is submitted; only limits and counts differ."""
        self.work = work
        self.needs = needs

    def working(self) -> AbstractContextManager[None]:
        """The context in which batches are submitted."""
        return nullcontext()

    def measure(self, graphs: tuple[str, ...]) -> Peak | None:
        """The memory that one worker needs for the largest network; None where it is not known.

        Args:
            graphs: of a known component.

        Raises:
            EvoError: the network does not fit, or takes too long.
        """
        del graphs
        return None


engines: Registry[Engine] = Registry("compute engine", "evo.compute.engines", "engines")
