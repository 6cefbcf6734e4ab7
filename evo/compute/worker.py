"""A worker process: its settings, its device, and how it trains one job.

It sees checked graphs and trusted code alone, never the source of a candidate.
"""

import ctypes
import gc
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import torch

from evo.components.kinds import kinds
from evo.compute.devices import GpuClaim, is_device_failure
from evo.compute.memory import Peak, peak
from evo.compute.work import Work
from evo.core.diagnosis import Diagnosis
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Job
from evo.evaluation.training.kernels import kernels_for
from evo.evaluation.training.loops import LoopLimits
from evo.evaluation.training.trials import run_trials
from evo.validation.graph.graphs import component_of

if sys.platform != "win32":
    import resource

_MOST_WORDS = 2
"""Lost trainings that are told in words."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # names of malloc.h


class Worker:
    """Trains jobs on one device.

    Args:
        device: the torch device, such as "cuda:0".
        run: trains, see `run_trials`.
        end: ends the process with an exit code.

    Attributes:
        device: the torch device.
    """

    def __init__(
        self,
        device: str,
        *,
        run: Callable[..., Sequence[Trial]] = run_trials,
        end: Callable[[int], NoReturn] = os._exit,
    ) -> None:
        self.device = device
        self._run = run
        self._end = end

    def train(self, job: Job, work: Work) -> Outcome:
        """The outcome of a job; ends the process where the device fails."""
        start = _processor_seconds()
        kind = kinds.get(work.kind)()
        diagnoses: list[Diagnosis] = []
        lost: list[str] = []
        instead = [{} if member.is_mapped else kernels_for(self.device) for member in kind.members]
        try:
            trials = self._run(
                kind.parts(component_of(job.graphs, instead=instead)),
                work.tasks,
                work.protocol,
                rung=job.rung,
                heat=job.heat,
                known=job.known,
                device=self.device,
                diagnosed=diagnoses.append,
                limits=LoopLimits(work.timeout_s),
                lost=lost.append,
            )
        except RuntimeError as error:
            if not is_device_failure(error):
                raise
            # After a failure on its side a device answers this process no more. A new worker is
            # given the job once more; if the candidate is to blame, it fails alone.
            self._end(1)
        return Outcome(
            *(job.id, job.rung, tuple(trials)),
            _processor_seconds() - start,
            error=_lost_words(lost),
            heat=job.heat,
            diagnoses=tuple(diagnoses),
        )


def _processor_seconds() -> float:
    """Processor time of this process and of the forks that it has waited for."""
    if sys.platform == "win32":  # which has no forks
        return time.process_time()
    forks = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + forks.ru_utime + forks.ru_stime


def _lost_words(lost: Sequence[str]) -> str:
    """The trainings that gave no result, the first few in words.

    >>> _lost_words(["seed 0: killed", "seed 1: late", "seed 2: late"])
    '3 trainings gave no result: seed 0: killed; seed 1: late; …'
    """
    if not lost:
        return ""
    first = "; ".join([*lost[:_MOST_WORDS], *["…"] * (len(lost) > _MOST_WORDS)])
    return f"{len(lost)} training{'s' * (len(lost) > 1)} gave no result: {first}"


def prepare(claims: Path, device: str, *, onednn: bool) -> None:
    """Make this process a worker: one thread, a device of its own, and an end with the engine's.

    Args:
        claims: folder that the workers of one pool share.
        device: "cpu" or "cuda".
        onednn: whether it computes with oneDNN.
    """
    global _worker  # noqa: PLW0603 - a process is one worker
    torch.set_num_threads(1)
    torch.backends.mkldnn.enabled = onednn
    gc.freeze()  # memory that the workers of a server share: the collector would copy it
    gc.enable()
    keep_memory()
    threading.Thread(target=_die_with_engine, daemon=True).start()
    _worker = Worker(GpuClaim(claims, device).device)


_worker: Worker


def measure_peak(graphs: tuple[str, ...], work: Work) -> Peak:
    """The memory that this process, which `prepare` has made a worker, needs to train."""
    return peak(graphs, work, _worker.device)


def train_job(job: Job, work: Work) -> Outcome:
    """The outcome of a job in this process, which `prepare` has made a worker."""
    return _worker.train(job, work)


def keep_memory() -> None:
    """Keep freed memory for the next step (glibc): allocating it again takes a tenth of a step."""
    if sys.platform == "win32":
        return
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)


def _die_with_engine() -> None:
    """End this worker when the engine ends, even if it was killed and could not stop workers."""
    engine = multiprocessing.parent_process()
    assert engine is not None
    engine.join()
    os._exit(1)
