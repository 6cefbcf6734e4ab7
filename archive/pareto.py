"""Which points are worth keeping when more of every objective is better.

Exact, by moocore; pure functions over arrays (n, m), every objective maximised.
"""

import moocore
import numpy as np
from numpy.typing import ArrayLike, NDArray


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
    """The volume that the points dominate above a reference point.

    Args:
        points: (n, m), finite; one that is not above the reference in every objective adds nothing.
        reference: (m,), the worst value of each objective.

    >>> hypervolume([[1.0, 2.0], [2.0, 1.0]], reference=[0.0, 0.0])
    3.0
    """
    return float(moocore.hypervolume(_checked(points), ref=np.asarray(reference), maximise=True))


def _checked(points: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64)
    assert array.ndim == 2, f"expected points (n, m), got shape {array.shape}"
    assert not np.isnan(array).any(), "a point with NaN has no place in an order"
    return array
