"""A mean of few independent values, and how sure it is."""

import math
from typing import NamedTuple

from scipy.special import stdtrit

from evo.evaluation.cells import Floats


class Mean(NamedTuple):
    """A mean with Student's 95 % interval, from `low` to `high`."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Floats) -> "Mean":
        """The mean of (n,) values, at least two.

        >>> import numpy as np
        >>> Mean.of(np.array([1.0, 1.0]))
        Mean(value=1.0, low=1.0, high=1.0)
        """
        mean, count = float(values.mean()), len(values)
        reach = float(stdtrit(count - 1, 0.975)) * float(values.std(ddof=1)) / math.sqrt(count)
        return cls(mean, mean - reach, mean + reach)
