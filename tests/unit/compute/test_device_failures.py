"""Failures of a GPU cost one candidate, shown on the processor by a device that fails as one does.

The real worker trains in this process; only its end and its start stand for those of a process.
None of this has met a card.
"""

from collections.abc import Callable, Sequence

import pytest
import torch
from support.scripted_engine import WORK, trained

from evo.campaign.config import load
from evo.campaign.needs import needs_of
from evo.campaign.process import configured_workers, measured_share
from evo.compute.batch import Batch, Ended
from evo.compute.engines.base import Engine
from evo.compute.lost_attempts import LossCause, LostAttempt
from evo.compute.memory import Peak
from evo.compute.settings import Needs
from evo.compute.worker import Worker
from evo.compute.workers import Workers
from evo.core.trials import Trial
from evo.evaluation.protocol import Job
from evo.validation.graph.graph import Graph

GRAPHS = Graph.parse('{"inputs":1,"nodes":[],"output":{"ref":0}}').texts
TRIAL = Trial(0, "digits", "mlp", 0, 0.01, 0.5, 0.9)
CANDIDATES = "abcdefghijklmnop"
"""The first four go to the device together."""
ASSERT = torch.AcceleratorError("CUDA error: device-side assert triggered")


class Exited(BaseException):
    """Stands for the end of a process."""


class FakeGpu(Engine):
    """One worker on a device that does what it is told to when a candidate trains on it.

    Args:
        does: called with the candidate's id.
        peak: that a worker measures.
    """

    batch_s = 60.0

    def __init__(self, does: Callable[[str], None], *, peak: Peak | None = None) -> None:
        super().__init__(WORK, Needs(1))
        self.started = 0
        self.began: list[str] = []
        self._does = does
        self._peak = peak
        self._batches: list[Batch] = []

    capacity = 1  # type: ignore[assignment] # of each

    def start(self) -> None:
        self.started += 1
        self._worker = Worker("cpu", run=self._run, end=self._exit)

    def stop(self) -> None: ...

    def submit(self, batch: Batch) -> None:
        self._batches.append(batch)

    def cancel(self, batches: Sequence[Batch]) -> None: ...

    def measure(self, graphs: tuple[str, ...]) -> Peak | None:
        return self._peak

    def ended(self, timeout_s: float) -> Sequence[Ended]:
        if not self._batches:
            return []
        batch = self._batches.pop(0)
        outcomes = []
        for self._job in batch.jobs:
            try:
                outcomes.append(self._worker.train(self._job, self.work))
            except Exited:
                self.start()
                return [Ended(batch, (), LostAttempt(LossCause.WORKER))]
            except torch.OutOfMemoryError:
                return [Ended(batch, (), LostAttempt(LossCause.MEMORY))]
        return [Ended(batch, tuple(outcomes))]

    def _run(self, *_: object, **__: object) -> Sequence[Trial]:
        self.began.append(self._job.id)
        self._does(self._job.id)
        return (TRIAL,)

    def _exit(self, code: int) -> None:
        raise Exited(code)


def outcomes_on(device: FakeGpu, ids: str) -> dict[str, str]:
    """Errors of candidates that were trained on a device, by id; empty for those with trials."""
    warm = [Job(f"warm-{number}", GRAPHS, 0) for number in range(3)]
    with Workers(device) as pool:
        list(pool.run(warm))  # durations are known: from now on jobs go together
        outcomes = list(pool.run([Job(id_, GRAPHS, 0) for id_ in ids]))
    assert all(outcome.trials == (TRIAL,) for outcome in outcomes if not outcome.error)
    return {outcome.id: outcome.error for outcome in outcomes}


def test_a_candidate_that_breaks_the_device_is_charged_alone_and_its_mates_train_again() -> None:
    def does(id_: str) -> None:
        if id_ == "c":
            raise ASSERT

    device = FakeGpu(does)
    errors = outcomes_on(device, CANDIDATES)

    assert "its worker died" in errors.pop("c")
    assert list(errors.values()) == [""] * (len(CANDIDATES) - 1)
    assert device.began.count("a") == 2  # once in a batch with c, once without
    assert device.started == 1 + device.began.count("c")  # each failure has a new process


def test_memory_that_neighbours_took_for_a_while_costs_no_candidate() -> None:
    refusals = iter([True, True, True])

    def does(id_: str) -> None:
        if id_ == "c" and next(refusals, False):
            raise torch.OutOfMemoryError("CUDA out of memory")

    assert set(outcomes_on(FakeGpu(does), CANDIDATES).values()) == {""}


def test_a_candidate_that_never_fits_fails_alone_and_says_so() -> None:
    def does(id_: str) -> None:
        if id_ == "c":
            raise torch.OutOfMemoryError("CUDA out of memory")

    errors = outcomes_on(FakeGpu(does), CANDIDATES)

    assert errors.pop("c") == "memory ran out 5 times while it trained"
    assert set(errors.values()) == {""}


@pytest.fixture
def gpus(monkeypatch) -> None:
    """A machine of two GPUs and 16 processors, as far as torch and the system say."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(16)))


@pytest.mark.parametrize(("gigabytes", "share"), [(1.4, 1 / 8), (5.4, 1 / 4), (30.0, 1.0)])
def test_as_many_trainings_share_a_gpu_as_its_memory_and_the_processors_have_room_for(
    gpus, gigabytes, share
) -> None:
    config = load("default", ["gpus_per_training=fit", "device=cuda"])
    peak = Peak("digits", "mlp", 80, bytes=int(gigabytes * 1e9), free=20_000_000_000)
    pool = Workers(FakeGpu(trained, peak=peak))  # type: ignore[arg-type] # nothing is trained

    assert needs_of(config).gpus == 1.0
    assert measured_share(config, pool) == share
    packed = config.model_copy(update={"gpus_per_training": share})
    assert configured_workers(packed) == min(round(2 / share), config.trainings)


def test_a_share_that_is_set_is_not_measured(gpus) -> None:
    pool = Workers(FakeGpu(trained))  # type: ignore[arg-type] # nothing is trained

    assert measured_share(load("default", ["device=cuda", "gpus_per_training=0.5"]), pool) is None
    assert measured_share(load("default", ["device=cpu", "gpus_per_training=fit"]), pool) is None
