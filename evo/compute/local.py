"""Trusted worker processes that train checked graphs, one thread each.

A worker receives a graph as text and gives back an outcome. It parses the graph with the trusted
loader and never sees candidate source. A worker that dies or runs out of time is replaced and its
job tried once more: only what fails twice is the candidate's fault.

Workers are forked off one server process that has imported torch and evo, and done nothing else: a
worker starts in milliseconds, and none inherits CUDA or a thread of the engine.
"""

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from evo.compute.devices import worker_count
from evo.compute.feeding import feed
from evo.compute.memory import Peak
from evo.compute.sharing import Share, meeting_folder
from evo.compute.work import Work
from evo.compute.worker import measure_peak, prepare, train
from evo.core.errors import EvoError
from evo.core.records import Outcome
from evo.evaluation.protocol import Job, Protocol
from evo.tasks.base import LoopTask, tasks

_PRELOAD = (
    "evo.compute.preload",  # first: it speeds the others up
    train.__module__,
    "sklearn.datasets",  # most tasks load from there
    "torch.fx.experimental.symbolic_shapes",  # torch imports it, and SymPy, at the first gradient
)
"""Modules that each worker would import by itself, or at its first training."""


class Workers:
    """A pool of trusted processes. Use as a context manager.

    Args:
        count: number of processes.
        kind: name of the kind of every candidate.
        tasks: names of the tasks to train on.
        protocol: how to train.
        device: where the tensors live, "cpu" or "cuda"; workers share out the GPUs there are.
        timeout_s: wall time that one job may take; with a loop of a task's own, one training.
        share: of this pool in the processors or GPUs of the machine; by default equal to those of
            the user's other campaigns.

    Attributes:
        count: number of processes.
    """

    def __init__(
        self,
        count: int,
        *,
        kind: str,
        tasks: Sequence[str],
        protocol: Protocol,
        device: str,
        timeout_s: float,
        share: Share | None = None,
    ) -> None:
        self.count = count
        self._share = share or Share(meeting_folder(), device, worker_count(device))
        self._work = Work(kind, tuple(tasks), protocol, device, timeout_s)
        self._timeout_s = _job_timeout_s(self._work)

    def __enter__(self) -> "Workers":
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
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._claims.cleanup()

    def resize(self, count: int, *, timeout_s: float) -> None:
        """Change the number of processes and the wall time of a job; call it between two runs."""
        self._work = self._work._replace(timeout_s=timeout_s)
        self._timeout_s = _job_timeout_s(self._work)
        if count != self.count:
            self.count = count
            self._restart()

    def peak_memory(self, graphs: tuple[str, ...]) -> Peak:
        """The memory that one worker needs for the largest network, measured by a few steps.

        Args:
            graphs: of a known component.

        Raises:
            EvoError: the network does not fit, or takes too long.
        """
        future = self._pool.schedule(
            measure_peak, args=(graphs, self._work), timeout=self._timeout_s
        )
        try:
            return future.result()
        except (TimeoutError, ProcessExpired, BrokenProcessPool) as error:
            raise EvoError(
                "A worker was killed, or took too long, when it trained the largest network for "
                "a few steps: most likely its memory does not suffice."
            ) from error

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Outcomes as they come in, in any order; a failure is an outcome with an error.

        A job whose worker is lost or late gets a second chance, since the machine may be to blame.
        """
        lost: list[Job] = []
        for job, outcome in self._attempt(jobs):
            if outcome is None:
                lost.append(job)
            else:
                yield outcome
        if not lost:
            return
        self._restart()
        error = f"its worker died or took longer than {self._timeout_s:g} s (timeout_s), twice"
        for job, outcome in self._attempt(lost):
            yield outcome or job.failed(error)

    def _attempt(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Outcome | None]]:
        """Each job with its outcome, None where its worker was lost or late."""
        if not jobs:
            return
        with self._share.taken():
            ended = feed(jobs, self._schedule, workers=self.count, places=self._share.places)
            for job, future in ended:
                yield job, _outcome(future, job)

    def _schedule(self, job: Job) -> "Future[Outcome]":
        try:
            return self._pool.schedule(train, args=(job, self._work), timeout=self._timeout_s)
        except RuntimeError:
            # The pool gave up because its workers died while they had nothing to do.
            self._restart()
        return self._pool.schedule(train, args=(job, self._work), timeout=self._timeout_s)

    def _start(self) -> ProcessPool:
        pool = ProcessPool(
            max_workers=self.count,
            context=_Context(),
            initializer=prepare,
            initargs=(Path(self._claims.name), self._work.device),
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


def _job_timeout_s(work: Work) -> float:
    """Wall time of one job: a loop of a task's own has the limit for each of its trainings."""
    protocol = work.protocol
    most = max(
        len(heat) * (len(protocol.settings) if number == 0 else 1)
        for rung in range(len(protocol.rungs))
        for number, heat in enumerate(protocol.heats(rung))
    )
    loops = [task for task in map(tasks.get, work.tasks) if issubclass(task, LoopTask)]
    return work.timeout_s + most * sum(loop.timeout_s or work.timeout_s for loop in loops)


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
    _Context().set_forkserver_preload(list(_PRELOAD))
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


def _outcome(future: "Future[Outcome]", job: Job) -> Outcome | None:
    try:
        return future.result()
    except (TimeoutError, ProcessExpired, BrokenProcessPool, CancelledError):
        return None
    except Exception as failure:  # noqa: BLE001 - whatever a graph does to torch costs itself alone
        return job.failed(f"training failed: {type(failure).__name__}: {failure}")
