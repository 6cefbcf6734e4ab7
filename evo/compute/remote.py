"""A worker on another machine: how it is made of a process that a cluster has started.

It sees checked graphs and trusted code alone, as any worker. A job that takes too long ends its
process: the kernel does it, however busy the process is.
"""

import gc
import os
import platform
import signal
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import NamedTuple

import torch

from evo.compute.data_transport import PackedData, unpacked
from evo.compute.products import switch_wrong_onednn_off
from evo.compute.work import Work
from evo.compute.worker import Worker, keep_memory
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job
from evo.evaluation.training.trials import give_data
from evo.tasks.base import tasks


class Greeting(NamedTuple):
    """The machine and devices of a worker.

    Attributes:
        host: the machine's name.
        node: the cluster's name of it.
        evo: version of evo.
        torch: version of torch.
        processor: of which results' last digits depend.
    """

    host: str
    node: str
    evo: str
    torch: str
    processor: str


def greeting(node: str) -> Greeting:
    """The greeting of this process."""
    capability = torch.backends.cpu.get_cpu_capability()
    return Greeting(
        *(platform.node(), node, version("evo-search"), torch.__version__),
        f"{platform.machine()} {capability}",
    )


class RemoteWorker:
    """Trains jobs in this process, one thread, within the limit of time.

    Args:
        work: settings that all jobs share.
        data: of tasks, by name; the other tasks load theirs themselves.
        secrets: names of variables that are removed from the environment.

    Raises:
        EvoError: products of matrices are wrong on this machine.
    """

    def __init__(
        self, work: Work, *, data: Mapping[str, PackedData], secrets: Iterable[str]
    ) -> None:
        for name in secrets:
            os.environ.pop(name, None)
        torch.set_num_threads(1)
        switch_wrong_onednn_off()
        keep_memory()
        for name in work.tasks:
            tasks.get(name)  # a file of the user's defines the classes of its data
            if name in data:
                give_data(name, unpacked(data[name]))
        gc.freeze()  # what is imported stays: the collector would look through it again and again
        self.work = work
        self._worker = Worker("cuda:0" if work.device == "cuda" else work.device)

    def train(self, job: Job) -> Outcome:
        """The outcome of a job; ends the process where it takes too long or the device fails."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, self.work.job_timeout_s)
        try:
            return self._worker.train(job, self.work)
        except torch.OutOfMemoryError:
            raise  # other processes on the device may have taken the memory
        except Exception as failure:  # noqa: BLE001 - a graph does anything, and costs itself alone
            return job.failed(f"training failed: {type(failure).__name__}: {failure}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
