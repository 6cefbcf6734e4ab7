"""Devices: which one trains, and which GPU each worker uses.

What needs a GPU has not been tried on one: tests take its answers from a fake.
"""

import os
import sys
from pathlib import Path

import torch

from evo.core import flock
from evo.core.errors import UsageError

_FAILURES = ("CUDA error", "cuDNN error", "HIP error")


def resolve(device: str) -> str:
    """Resolve "auto", "cpu" or "cuda" on this machine to "cpu" or "cuda".

    Raises:
        UsageError: "cuda" on a machine without one.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("device = 'cuda', but torch sees no CUDA device; use 'auto' or 'cpu'.")
    return device


def worker_count(device: str, *, cpus: float = 1.0, gpus: float = 1.0) -> int:
    """Number of workers that keep the GPUs, or the processors, of this machine busy.

    Args:
        device: "cpu" or "cuda".
        cpus: processors per worker.
        gpus: GPUs per worker, or the share of one; 0 means one.
    """
    if device == "cuda":
        return max(1, int(torch.cuda.device_count() / (gpus or 1.0) + 1e-9))
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, int(allowed / cpus + 1e-9))


def is_device_failure(error: RuntimeError) -> bool:
    """True if a device has failed and answers its process no more.

    Libraries of CUDA report it without torch's own class.

    >>> is_device_failure(RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"))
    True
    >>> is_device_failure(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    False
    """
    if isinstance(error, torch.OutOfMemoryError):
        return False
    return isinstance(error, torch.AcceleratorError) or str(error).startswith(_FAILURES)


class GpuClaim:
    """A claim of one GPU for the lifetime of a worker process.

    The claim is a file lock, which the kernel releases when the process ends, however it ends: the
    worker that replaces a dead one finds its GPU free.

    Args:
        folder: shared by the workers of one pool, and by no other process.
        device: "cpu", which claims nothing, or "cuda".

    Attributes:
        device: the torch device to train on, such as "cuda:0".
    """

    def __init__(self, folder: Path, device: str) -> None:
        self.device = device
        if device == "cuda":
            gpu = self._take(folder) % torch.cuda.device_count()
            self.device = f"cuda:{gpu}"

    def _take(self, folder: Path) -> int:
        number = 0
        while True:
            # Never closed: the lock lives as long as the descriptor.
            descriptor = os.open(folder / f"gpu-{number}", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                flock.flock(descriptor, flock.LOCK_EX | flock.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                number += 1
            else:
                return number
