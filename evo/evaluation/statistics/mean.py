"""Means of a few independent values, with Student's distribution around them."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from evo.core.arrays import Floats
from evo.core.estimate import Estimate


class Student(NamedTuple):
    """Student's distribution around a mean."""

    mean: float
    error: float
    freedom: float

    def at(self, levels: Floats) -> Floats:
        """The quantiles at these levels in (0, 1)."""
        return self.mean + self.error * _quantile(self.freedom, levels)


def stratified_mean(strata: Sequence[Sequence[Floats]]) -> Student:
    """The mean over tasks of the mean over trials; every stratum has a variance of its own.

    Args:
        strata: per task and network, the values of the trials: (n,), at least two.
    """
    shares = [1 / len(strata) / len(task) for task in strata for _ in task]
    cells = [cell for task in strata for cell in task]
    errors = [s**2 * cell.var(ddof=1) / len(cell) for s, cell in zip(shares, cells, strict=True)]
    return Student(
        mean=float(sum(s * cell.mean() for s, cell in zip(shares, cells, strict=True))),
        error=float(np.sqrt(sum(errors))),
        freedom=sum(len(cell) - 1 for cell in cells),
    )


def student_mean(values: Floats) -> Estimate:
    """The mean of (n,) values, at least two, with Student's 95 % interval.

    >>> import numpy as np
    >>> student_mean(np.array([1.0, 1.0]))
    Estimate(value=1.0, low=1.0, high=1.0)
    """
    mean, count = float(values.mean()), len(values)
    half_width = float(_quantile(count - 1, 0.975)) * float(values.std(ddof=1)) / math.sqrt(count)
    return Estimate(mean, mean - half_width, mean + half_width)


def _quantile(freedom: float, levels: Any) -> Any:
    """Quantiles of Student's distribution."""
    from scipy.special import stdtrit  # noqa: PLC0415 - its import takes long, and few need it

    return stdtrit(freedom, levels)
