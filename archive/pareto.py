"""Pareto fronts, hypervolumes and knees of points, every objective maximised.

Exact, by moocore: pure functions over arrays (n, m). Callers negate objectives that are minimised.
"""

from collections.abc import Iterable, Sequence

import moocore
import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]


def front(points: ArrayLike) -> NDArray[np.intp]:
    """Indices of the non-dominated points, the best in the first objective first.

    A point dominates another when it is at least as good in every objective and better in one.
    Of equal points the first one counts.

    Args:
        points: (n, m), without NaN.

    >>> front([[1.0, 2.0], [0.0, 1.0], [3.0, 0.0], [1.0, 2.0]]).tolist()
    [2, 0]
    """
    array = _checked(points)
    keep: NDArray[np.bool_] = moocore.is_nondominated(array, maximise=True, keep_weakly=False)
    indices = np.flatnonzero(keep)
    return indices[np.lexsort(-array[indices].T[::-1])]


def hypervolume(points: ArrayLike, reference: ArrayLike) -> float:
    """Volume that the points dominate above a reference point.

    Args:
        points: (n, m), finite; one that is not above the reference in every objective adds nothing.
        reference: (m,), the worst value of each objective.

    >>> hypervolume([[1.0, 2.0], [2.0, 1.0]], reference=[0.0, 0.0])
    3.0
    """
    return float(moocore.hypervolume(_checked(points), ref=np.asarray(reference), maximise=True))


def volumes(groups: Iterable[ArrayLike], reference: ArrayLike) -> list[float]:
    """Hypervolume after each group of points has joined all before it; it never falls.

    Args:
        groups: arrays (n, m), such as one per generation.
        reference: (m,).

    >>> volumes([[[1.0, 1.0]], [[0.5, 0.5]], [[2.0, 1.0]]], reference=[0.0, 0.0])
    [1.0, 1.0, 2.0]
    """
    best = np.zeros((0, len(np.asarray(reference))))
    hypervolumes: list[float] = []
    for group in groups:
        array = np.vstack([best, _checked(group)])
        best = array[front(array)]  # a front of fronts: nothing else can be on the next one
        # The sum over another set of points may be smaller in its last bits.
        hypervolumes.append(max(hypervolume(best, reference), *hypervolumes[-1:], 0.0))
    return hypervolumes


def knee(points: ArrayLike) -> int | None:
    """Index of the member of the front that bulges most; None where there are no points.

    The front is stretched to [0, 1] in each objective; the knee has the largest sum. With two
    objectives it is the member farthest out from the line between the two ends, as in I. Das
    (Structural Optimization 18, 1999, https://doi.org/10.1007/BF01195985); with more, the farthest
    from the plane through the unit vectors, where his goes through the ends themselves. An
    objective in which the whole front is equal does not count. Of equals the first on the front.

    >>> knee([[1.0, 0.0], [0.0, 1.0], [0.8, 0.8], [0.2, 0.9]])
    2
    """
    array = _checked(points)
    members = front(array)
    if not len(members):
        return None
    low, high = array[members].min(axis=0), array[members].max(axis=0)
    reach = np.where(high > low, high - low, 1.0)
    sums = ((array[members] - low) / reach).sum(axis=1)
    # Rounding must not choose between equals, as the two ends of a front are.
    return int(members[np.flatnonzero(sums >= sums.max() - 1e-9)[0]])


def may_be_on_front(lows: ArrayLike, highs: ArrayLike) -> NDArray[np.bool_]:
    """Mask (n,) of the points that can be on the front when each lies anywhere within its bounds.

    A point cannot be on it where the lower bounds of another are at least as good as its upper
    bounds, and better in one objective.

    Args:
        lows: (n, m), lower bounds.
        highs: (n, m), upper bounds, nowhere below `lows`.

    >>> may_be_on_front([[1.0, 1.0], [0.0, 0.0]], [[2.0, 1.0], [1.5, 0.5]]).tolist()
    [True, True]
    >>> may_be_on_front([[1.0, 1.0], [0.0, 0.0]], [[2.0, 1.0], [0.9, 0.5]]).tolist()
    [True, False]
    """
    worst, best = _checked(lows), _checked(highs)
    sure = worst[front(worst)]
    possible = [
        not ((sure >= point).all(axis=1) & (sure > point).any(axis=1)).any() for point in best
    ]
    return np.array(possible, dtype=np.bool_)


def front_shares(draws: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Share of draws in which each point is on the front, in [0, 1]: (n,).

    Args:
        draws: arrays (n, m), each one possible set of values of the same points. Points that are
            equal in a draw are all on its front or all off it.
    """
    arrays = [_checked(draw) for draw in draws]
    assert arrays, "a share of no draws is nothing"
    counts = np.zeros(len(arrays[0]))
    for array in arrays:
        counts += moocore.is_nondominated(array, maximise=True, keep_weakly=True)
    return counts / len(arrays)


def _checked(points: ArrayLike) -> Points:
    array = np.asarray(points, dtype=np.float64)
    assert array.ndim == 2, f"expected points (n, m), got shape {array.shape}"
    assert not np.isnan(array).any(), "a point with NaN has no place in an order"
    return array
