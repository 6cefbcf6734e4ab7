"""Which of many candidates train: some at random, the rest by promise, and not all alike.

The most promising by upper confidence bound (Srinivas et al. 2010, arXiv 0912.3995), where of two
that compute nearly the same the less promising one waits: a model that errs about one of them errs
about both, and selection wants variety.
"""

import math

import numpy as np
from numpy.typing import NDArray

from archive.novelty.novelty_archive import rms_distance
from evo.core.records import Vector

_SHORTLIST = 2
"""Of so many times the places the most promising are looked at for variety."""


def random_places(trainings: int, share: float) -> int:
    """How many of the trainings chance picks, at least one.

    >>> random_places(32, 0.2)
    7
    """
    return min(trainings, max(1, math.ceil(trainings * share)))


def most_promising(
    promise: NDArray[np.float64], behaviours: Vector, count: int
) -> NDArray[np.int64]:
    """Places of the most promising candidates that differ from each other, the best first.

    Of a shortlist of twice as many, one that is nearer to a better one than half of the shortlist
    are to their nearest waits until all others are in.

    Args:
        promise: (n,), the higher the better; ties go to the earlier.
        behaviours: (n, p), standardised.
        count: how many to choose, at most n.
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
    for place in range(len(shortlist)):
        is_alike = bool(chosen) and distances[place, chosen].min() < apart
        (waiting if is_alike else chosen).append(place)
    # Who waits comes in by promise, once nobody different is left.
    return shortlist[(chosen + waiting)[:count]]
