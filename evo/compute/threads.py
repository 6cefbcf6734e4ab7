"""One thread for numerical libraries while an engine works, the caller's numbers afterwards."""

from collections.abc import Generator
from contextlib import contextmanager

import scipy.linalg  # noqa: F401  # pyright: ignore[reportUnusedImport]  # loads its BLAS first
import torch
from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Generator[None]:
    """Torch, BLAS and OpenMP compute in one thread while the context lasts.

    The other processors train. On two busy cores, threads of BLAS that waited for each other took
    more than twenty times as long as one, and their number may change the last bits of a sum.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(threads)
