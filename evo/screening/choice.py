"""Choose which candidates train: some at random, the rest by prediction, not all alike.

The most promising by upper confidence bound (Srinivas et al. 2010, arXiv 0912.3995), where of two
that compute nearly the same the less promising one waits: a model wrong about one of them is wrong
about both, and selection needs variety.
"""

import math

import numpy as np

from archive.novelty.novelty_archive import rms_distance
from evo.core.arrays import Floats, Indices
from evo.core.records import Vector

_SHORTLIST = 2
"""Length of the shortlist for variety, in multiples of the candidates to choose."""


def random_count(trainings: int, share: float) -> int:
    """The number of trainings that go to random candidates, at least one.

    >>> random_count(32, 0.2)
    7
    """
    return min(trainings, max(1, math.ceil(trainings * share)))


def most_promising(promise: Floats, behaviours: Vector, count: int) -> Indices:
    """Indices of the most promising candidates that differ from each other, the best first.

    From a shortlist of twice as many, a candidate closer to a better one than the median distance
    to the nearest is chosen only after all others.

    Args:
        promise: (n,) upper confidence bounds; ties go to the earlier.
        behaviours: (n, p), standardised.
        count: number to choose, at most n.
    """
    ranked = np.argsort(-promise, kind="stable")
    shortlist = ranked[: _SHORTLIST * count]
    if len(shortlist) <= count:
        return shortlist
    distances = np.stack([rms_distance(behaviours[i], behaviours[shortlist]) for i in shortlist])
    nearest = np.where(np.eye(len(shortlist), dtype=bool), np.inf, distances).min(axis=1)
    apart = float(np.median(nearest))
    chosen: list[int] = []
    waiting: list[int] = []
    for index in range(len(shortlist)):
        is_alike = bool(chosen) and distances[index, chosen].min() < apart
        (waiting if is_alike else chosen).append(index)
    # The waiting follow in the order of promise, once no different one is left.
    return shortlist[(chosen + waiting)[:count]]
