"""Means of a few independent values, with Student's distribution around them."""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from evo.core.arrays import Floats
from evo.core.estimate import Estimate


class Student(NamedTuple):
    """Student's distribution around a mean.

    Attributes:
        mean: its centre.
        error: standard error of the mean.
        freedom: degrees of freedom.
    """

    mean: float
    error: float
    freedom: int

    def estimate(self) -> Estimate:
        """The mean with its 95 % interval."""
        half_width = critical_value(self.freedom) * self.error
        return Estimate(self.mean, self.mean - half_width, self.mean + half_width)

    def at(self, levels: Floats) -> Floats:
        """The quantiles at these levels in (0, 1)."""
        from scipy.special import stdtrit  # noqa: PLC0415 - its import takes long, and few need it

        return self.mean + self.error * stdtrit(self.freedom, levels)


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
    return stratified_mean([[values]]).estimate()


def student_p(values: Floats) -> float:
    """Two-sided p-value of Student's test that the mean of (n,) values, at least two, is 0."""
    from scipy.special import stdtr  # noqa: PLC0415 - its import takes long, and few need it

    mean, error, freedom = stratified_mean([[values]])
    if not error:
        return float(not mean)
    return 2 * float(stdtr(freedom, -abs(mean) / error))


@cache
def critical_value(freedom: int) -> float:
    """Student's 0.975 quantile: half the width of a 95 % interval in standard errors.

    With t = √freedom · tan θ, the probability within ±t is a finite sum of powers of cos θ
    (Abramowitz & Stegun 1964, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4). It is
    concave in θ, so that Newton's method from 0 never oversteps. Our own, as the import of
    `scipy.special` took a quarter of what `evo status` took.

    Args:
        freedom: degrees of freedom, at least 1.

    >>> round(critical_value(1), 3), round(critical_value(10), 3)
    (12.706, 2.228)
    """
    odd = freedom % 2
    density = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2))
    density *= 2 / math.sqrt(math.pi)
    theta, step = 0.0, 1.0
    while step > 1e-15:
        cos = math.cos(theta)
        term, total = (cos if odd else 1.0), 0.0
        for power in range(odd, freedom - 1, 2):
            total += term
            term *= cos**2 * (power + 1) / (power + 2)
        within = math.sin(theta) * total
        if odd:
            within = 2 / math.pi * (theta + within)
        step = (0.95 - within) / (density * cos ** (freedom - 1))
        theta += step
    return math.sqrt(freedom) * math.tan(theta)
