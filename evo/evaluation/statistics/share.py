"""The share of some in all, with an interval that holds for few and at the ends of the scale."""

import math

from evo.core.estimate import Estimate

_Z = 1.959964
"""Normal quantile of a two-sided 95 % interval."""


def share_of(count: int, total: int) -> Estimate:
    """A share with Wilson's 95 % interval.

    See https://doi.org/10.1080/01621459.1927.10502953.

    Args:
        count: those that count.
        total: all of them, at least one.

    >>> [round(number, 3) for number in share_of(8, 10)], round(share_of(12, 12).low, 3)
    ([0.8, 0.49, 0.943], 0.758)
    """
    share, weight = count / total, _Z**2 / total
    centre = (share + weight / 2) / (1 + weight)
    half = _Z * math.sqrt(share * (1 - share) / total + weight / (4 * total)) / (1 + weight)
    return Estimate(share, max(centre - half, 0.0), min(centre + half, 1.0))
