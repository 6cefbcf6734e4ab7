"""Numerical libraries while an engine works: one thread, and no products that are wrong."""

from collections.abc import Generator
from contextlib import contextmanager

import scipy.linalg  # noqa: F401  # pyright: ignore[reportUnusedImport]  # loads its BLAS first
import torch
from threadpoolctl import threadpool_limits

from evo.compute.products import switch_wrong_onednn_off


@contextmanager
def sound_numerics() -> Generator[None]:
    """Compute in one thread, without oneDNN if it is wrong; afterwards all is as it was before.

    The other processors train. On two busy cores, threads of BLAS that waited for each other took
    more than twenty times as long as one, and their number may change the last bits of a sum.
    Workers of this machine that start within compute with or without oneDNN as this process does.

    Raises:
        EvoError: products of matrices are wrong on this machine, with and without oneDNN.
    """
    threads, onednn = torch.get_num_threads(), torch.backends.mkldnn.enabled
    torch.set_num_threads(1)
    try:
        switch_wrong_onednn_off()
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.backends.mkldnn.enabled = onednn
