"""The number of trainings that share a GPU: its memory divided by what one of them takes.

Each is a process of its own, so that results do not depend on how many there are. Not tried on a
card.
"""

from evo.compute.memory import Peak

CONTEXT_BYTES = 600_000_000
"""Memory of a GPU that a process takes for CUDA's context and libraries, without any tensor."""
_USED = 0.9
"""Share of the free memory that is given away: other components take more than the first."""


def per_gpu(peak: Peak, *, most: int) -> int:
    """Number of trainings that share a GPU, at least 1.

    Args:
        peak: of one training, with the memory that it left free.
        most: more are of no use.

    >>> peak = Peak("digits", "mlp", 80, bytes=1_400_000_000, free=20_000_000_000)
    >>> per_gpu(peak, most=32), per_gpu(peak, most=4), per_gpu(peak._replace(free=0), most=32)
    (10, 4, 1)
    """
    if peak.free is None or peak.is_split:
        return 1
    further = int(_USED * peak.free / (peak.bytes + CONTEXT_BYTES))
    return max(1, min(1 + further, most))
