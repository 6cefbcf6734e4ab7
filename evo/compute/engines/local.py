"""Worker processes on this machine, one thread each.

A worker that dies or runs out of time is replaced.

Workers are forked off one server process that has imported torch and evo, and done nothing else: a
worker starts in milliseconds, and none inherits CUDA or a thread of the engine.
"""

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from importlib.machinery import ModuleSpec
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import torch
from pebble import ProcessExpired, ProcessPool

from evo.compute.devices import worker_count
from evo.compute.engines.base import Batch, Ended, Engine, engines
from evo.compute.losses import Loss, LossCause
from evo.compute.memory import Peak
from evo.compute.settings import Needs
from evo.compute.sharing import Share, meeting_folder
from evo.compute.work import Work
from evo.compute.worker import measure_peak, prepare, train
from evo.core.errors import EvoError
from evo.core.records import Outcome

_PRELOAD = (
    "evo.compute.preload",  # first: it speeds the others up
    train.__module__,
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

    def measure(self, graphs: tuple[str, ...]) -> Peak:
        """The memory that one worker needs for the largest network, measured by a few steps.

        Raises:
            EvoError: the network does not fit, or takes too long.
        """
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
        return self._pool.schedule(train, args=(job, self.work), timeout=self.work.job_timeout_s)

    def _start(self) -> ProcessPool:
        pool = ProcessPool(
            max_workers=self.capacity,
            context=_Context(),
            initializer=prepare,
            initargs=(Path(self._claims.name), self.work.device),
        )
        # The pool's threads, and the processes they spawn, inherit the blocked signal: Ctrl-C is
        # for the engine alone, which then stops them in order.
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            _start_server()
            pool.schedule(os.getpid)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        return pool

    def _stop(self) -> None:
        self._pool.stop()
        self._pool.join()

    def _restart(self) -> None:
        """A fresh pool in the place of one that lost workers."""
        self._stop()
        self._pool = self._start()


class _Worker(ForkServerProcess):
    """A process that does not run the user's program again.

    The standard library has every process that it starts import the program that starts it, which
    would call evo once more where the program has no `if __name__ == "__main__"`.
    """

    def start(self) -> None:
        """Start the process."""
        with _program_withheld():
            super().start()


class _Context(ForkServerContext):
    Process = _Worker  # type: ignore[assignment] # what a pool starts


_starting = threading.Lock()


@contextmanager
def _program_withheld() -> Generator[None]:
    """Start processes without importing the user's program, while the context lasts."""
    program = sys.modules["__main__"]
    with _starting:
        spec = program.__spec__
        # A spec of this name is how the standard library marks a program that is not imported.
        program.__spec__ = ModuleSpec("__main__", None)
        try:
            yield
        finally:
            program.__spec__ = spec


def _start_server() -> None:
    """Start the process that workers are forked off, unless it runs already.

    It looks for modules where packages are installed and not in the current folder, whose files
    may have the names of ours.
    """
    needed = [name for name in _PRELOAD_TOO if name in sys.modules]
    _Context().set_forkserver_preload([*_PRELOAD, *needed])
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    # Its program unblocks the signal before it ignores it, and imports for seconds in between.
    hears = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if hears else None
    try:
        forkserver.ensure_running()
    finally:
        if hears:
            signal.signal(signal.SIGINT, handler)
        del os.environ["PYTHONSAFEPATH"]
        if before is not None:
            os.environ["PYTHONSAFEPATH"] = before


def _ended(batch: Batch, future: "Future[Outcome]") -> Ended:
    (job,) = batch.jobs
    try:
        return Ended(batch, (future.result(),))
    except TimeoutError:
        return Ended(batch, (), Loss(LossCause.LATE))
    except (ProcessExpired, BrokenProcessPool, CancelledError):
        return Ended(batch, (), Loss(LossCause.WORKER))
    except torch.OutOfMemoryError:
        # Not even one copy fits: other processes on the device may have taken the memory.
        return Ended(batch, (), Loss(LossCause.MEMORY))
    except Exception as failure:  # noqa: BLE001 - whatever a graph does to torch costs itself alone
        error = f"training failed: {type(failure).__name__}: {failure}"
        return Ended(batch, (job.failed(error),))
