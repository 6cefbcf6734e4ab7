"""Which device trains, and which worker has which GPU."""

import fcntl
import os
from pathlib import Path

import torch

from evo.core.errors import UsageError


def resolve(device: str) -> str:
    """The device that "auto", "cpu" or "cuda" means on this machine: "cpu" or "cuda".

    Raises:
        UsageError: "cuda" where there is none.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("device = 'cuda', but torch sees no CUDA device; use 'auto' or 'cpu'.")
    return device


def worker_count(device: str) -> int:
    """How many workers a device keeps busy: one a GPU, or one a processor."""
    return torch.cuda.device_count() if device == "cuda" else len(os.sched_getaffinity(0))


class GpuClaim:
    """A worker's own GPU, for as long as its process lives.

    The kernel gives a file lock back when a process ends, however it ends: the worker that
    replaces a dead one finds the dead one's GPU free.

    Args:
        folder: shared by the workers of one pool, and by nobody else.
        device: "cpu" or "cuda".
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
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                number += 1
            else:
                return number
