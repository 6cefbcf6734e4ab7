"""Actors of Ray that train, and why one was lost.

Ray is imported where it is used: it is an extra.
"""

import os
import time
from collections.abc import Sequence
from typing import Any

import torch

from evo.compute.batch import Batch
from evo.compute.data_transport import PackedData
from evo.compute.lost_attempts import LossCause, LostAttempt
from evo.compute.memory import Peak, peak
from evo.compute.remote import Greeting, RemoteWorker, greeting
from evo.compute.work import Work
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job


class RayWorker:
    """An actor that trains; it is a worker as soon as it is made."""

    def __init__(self, work: Work, packs: dict[str, list[Any]], secrets: Sequence[str]) -> None:
        import ray  # noqa: PLC0415 - the extra may be missing

        for name in secrets:
            os.environ.pop(name, None)
        data = {name: PackedData(*ray.get(refs[0])) for name, refs in packs.items()}
        self._worker = RemoteWorker(work, data=data, secrets=secrets)
        self._node = ray.get_runtime_context().get_node_id()

    def greet(self) -> Greeting:
        """The machine of this worker."""
        return greeting(self._node)

    def adapt(self, work: Work) -> None:
        """Take other limits."""
        self._worker.work = work

    def train(self, jobs: Sequence[Job]) -> tuple[Outcome, ...]:
        """The outcomes of jobs, in order."""
        return tuple(self._worker.train(job) for job in jobs)

    def measure(self, graphs: tuple[str, ...]) -> Peak:
        """The memory that this process needs for the largest network."""
        work = self._worker.work
        return peak(graphs, work, "cuda:0" if work.device == "cuda" else work.device)


class Actor:
    """An actor, and what was handed to it.

    Attributes:
        handle: Ray's.
        ready: becomes its greeting.
        greeting: None until it is ready.
        queue: batches with their results to come, in order; None in the place of a forgotten batch.
        head_since: when it began with the first of them.
    """

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.ready = handle.greet.remote()
        self.greeting: Greeting | None = None
        self.queue: list[tuple[Any, Batch | None]] = []
        self.head_since = 0.0


def loss_of(error: Exception, actor: Actor, jobs: int, *, limit_s: float) -> LostAttempt:
    """The reason why an actor lost its batch.

    Args:
        error: Ray's.
        actor: the lost one.
        jobs: of the batch.
        limit_s: wall time that a job may take.
    """
    import ray  # noqa: PLC0415 - the extra may be missing
    from ray.exceptions import (  # noqa: PLC0415
        ActorUnavailableError,
        NodeDiedError,
        OutOfMemoryError,
        RayActorError,
    )

    assert actor.greeting is not None
    living = {node["NodeID"] for node in ray.nodes() if node["Alive"]}
    host, node = actor.greeting.host, actor.greeting.node
    seconds = time.monotonic() - actor.head_since
    if isinstance(error, OutOfMemoryError | torch.OutOfMemoryError):
        cause = LossCause.MEMORY
    elif isinstance(error, RayActorError) and error.preempted:
        cause = LossCause.PREEMPTED
    elif node not in living or isinstance(error, NodeDiedError | ActorUnavailableError):
        cause = LossCause.NODE
    elif seconds >= limit_s:
        cause = LossCause.LATE
    else:
        cause = LossCause.WORKER
    where = f"{host} ({node[:8]})"
    return LostAttempt(cause, where, jobs, _words(cause, where, jobs))


def _words(cause: LossCause, where: str, jobs: int) -> str:
    what = {
        LossCause.NODE: f"{where} left the cluster",
        LossCause.PREEMPTED: f"{where} was taken back",
        LossCause.WORKER: f"a worker on {where} died",
        LossCause.MEMORY: f"a worker on {where} was ended because memory ran out",
        LossCause.LATE: f"a worker on {where} reached the time limit",
    }[cause]
    return f"{what}, with {jobs} training{'s' * (jobs != 1)}"


def error_line(error: BaseException) -> str:
    """The first line of an error that says something."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
