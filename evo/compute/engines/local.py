"""Worker processes on this machine, one thread each.

A worker that dies or runs out of time is replaced.

How they start is in `evo.compute.processes`.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import torch
from pebble import ProcessExpired, ProcessPool

from evo.compute.batch import Batch, Ended
from evo.compute.devices import worker_count
from evo.compute.engines.base import Engine, engines
from evo.compute.lost_attempts import LossCause, LostAttempt
from evo.compute.memory import Peak
from evo.compute.processes import Context, ready_to_start
from evo.compute.settings import Needs
from evo.compute.sharing import Share, meeting_folder
from evo.compute.work import Work
from evo.compute.worker import measure_peak, prepare, train_job
from evo.core.errors import EvoError
from evo.core.trials import Outcome

_PRELOAD = (
    "evo.compute.preload",  # first: it speeds the others up
    train_job.__module__,
    __name__,
    "torch.fx.experimental.symbolic_shapes",  # torch imports it, and SymPy, at the first gradient
)
"""Modules that each worker would import by itself, or at its first training."""
_PRELOAD_TOO = ("sklearn.datasets",)
"""Modules that take seconds and only some tasks need: those whose data this process has loaded."""


@engines.register("local")
class Local(Engine):
    """Worker processes on this machine, which share its processors or GPUs with other campaigns.

    Args:
        work: settings that all jobs share.
        needs: what each training needs.
        share: of these workers in the processors or GPUs of the machine; by default equal to those
            of the user's other campaigns.
    """

    is_elsewhere = False
    copies_stragglers = False  # it would have the same processors

    def __init__(self, work: Work, needs: Needs, *, share: Share | None = None) -> None:
        super().__init__(work, needs)
        total = worker_count(work.device, cpus=needs.cpus, gpus=needs.gpus)
        self._total = total
        self._share = share or Share(meeting_folder(), work.device, total)
        self._running: dict[Future[Outcome], Batch] = {}

    @property
    def capacity(self) -> int:
        """Number of processes."""
        return self.needs.workers or max(1, min(self._total, self.needs.most))

    def start(self) -> None:
        """Start the processes.

        Raises:
            EvoError: they cannot start.
        """
        self._claims = tempfile.TemporaryDirectory(prefix="evo-gpu-claims-")
        try:
            self._pool = self._start()
        except OSError as error:
            self._claims.cleanup()
            raise EvoError(
                f"Worker processes cannot start: {error.strerror or error}. They need semaphores, "
                "which Linux keeps in /dev/shm, and a folder for temporary files (TMPDIR): make "
                "both writable, such as with --tmpfs /dev/shm in a container."
            ) from error

    def stop(self) -> None:
        """End the processes."""
        self._stop()
        self._claims.cleanup()

    def adapt(self, work: Work, needs: Needs) -> None:
        """Take other limits, and start as many processes as are asked for."""
        before = self.capacity
        super().adapt(work, needs)
        if self.capacity != before:
            self._restart()

    def working(self) -> AbstractContextManager[None]:
        """Take part in the sharing of the machine."""
        return self._share.taken()

    def places(self, demand: int) -> int:
        """As many as this campaign's share; one more per worker where all are its own."""
        most = self._share.places(min(self.capacity, demand))
        # With a place for each worker, a job lies ready for the first that is done.
        return 2 * self.capacity if most >= self.capacity else most

    def submit(self, batch: Batch) -> None:
        """Hand a job to the processes."""
        try:
            future = self._schedule(batch)
        except RuntimeError:
            # The pool gave up because its workers died while they had nothing to do.
            self._restart()
            future = self._schedule(batch)
        self._running[future] = batch

    def ended(self, timeout_s: float) -> Sequence[Ended]:
        """The jobs that have ended."""
        if not self._running:
            return []
        done, _ = wait(self._running, timeout=timeout_s, return_when=FIRST_COMPLETED)
        return [_ended(self._running.pop(future), future) for future in done]

    def cancel(self, batches: Sequence[Batch]) -> None:
        """End the processes that train these jobs; those that have not begun never do."""
        numbers = {batch.number for batch in batches}
        for future in [f for f, batch in self._running.items() if batch.number in numbers]:
            del self._running[future]
            future.cancel()

    def measure(self, graphs: tuple[str, ...]) -> Peak | None:
        """The memory that one worker needs for the largest network, measured by a few steps.

        Windows does not say it of a processor.

        Raises:
            EvoError: the network does not fit, or takes too long.
        """
        if sys.platform == "win32" and self.work.device == "cpu":
            return None
        future = self._pool.schedule(
            measure_peak, args=(graphs, self.work), timeout=self.work.job_timeout_s
        )
        try:
            return future.result()
        except (TimeoutError, ProcessExpired, BrokenProcessPool) as error:
            raise EvoError(
                "A worker was killed, or took too long, when it trained the largest network for "
                "a few steps: most likely its memory does not suffice."
            ) from error

    def _schedule(self, batch: Batch) -> "Future[Outcome]":
        (job,) = batch.jobs
        return self._pool.schedule(
            train_job, args=(job, self.work), timeout=self.work.job_timeout_s
        )

    def _start(self) -> ProcessPool:
        pool = ProcessPool(
            max_workers=self.capacity,
            context=Context(),
            initializer=partial(prepare, onednn=bool(torch.backends.mkldnn.enabled)),
            initargs=(Path(self._claims.name), self.work.device),
        )
        with ready_to_start([*_PRELOAD, *[name for name in _PRELOAD_TOO if name in sys.modules]]):
            pool.schedule(os.getpid)
        return pool

    def _stop(self) -> None:
        self._pool.stop()
        self._pool.join()

    def _restart(self) -> None:
        """A fresh pool in the place of one that lost workers."""
        self._stop()
        self._pool = self._start()


def _ended(batch: Batch, future: "Future[Outcome]") -> Ended:
    (job,) = batch.jobs
    try:
        return Ended(batch, (future.result(),))
    except TimeoutError:
        return Ended(batch, (), LostAttempt(LossCause.LATE))
    except (ProcessExpired, BrokenProcessPool, CancelledError):
        return Ended(batch, (), LostAttempt(LossCause.WORKER))
    except torch.OutOfMemoryError:
        # Not even one copy fits: other processes on the device may have taken the memory.
        return Ended(batch, (), LostAttempt(LossCause.MEMORY))
    except Exception as failure:  # noqa: BLE001 - whatever a graph does to torch costs itself alone
        error = f"training failed: {type(failure).__name__}: {failure}"
        return Ended(batch, (job.failed(error),))
