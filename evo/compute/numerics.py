"""Numerical libraries while an engine works: one thread, and no products that are wrong."""

from collections.abc import Generator
from contextlib import contextmanager

import scipy.linalg  # noqa: F401  # pyright: ignore[reportUnusedImport]  # loads its BLAS first
import torch
from threadpoolctl import threadpool_limits

from evo.compute.products import switch_wrong_onednn_off


@contextmanager
def sound_numerics() -> Generator[None]:
    """Compute in one thread while the context lasts, and from now on without oneDNN if it is wrong.

    The other processors train. On two busy cores, threads of BLAS that waited for each other took
    more than twenty times as long as one, and their number may change the last bits of a sum.
    Workers of this machine compute with or without oneDNN as the process that starts them.

    Raises:
        EvoError: products of matrices are wrong on this machine, with and without oneDNN.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        switch_wrong_onednn_off()  # for good: another thread may train when this one ends
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(threads)
