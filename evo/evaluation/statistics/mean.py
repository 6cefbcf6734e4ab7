"""Mean of a few independent values, with Student's interval."""

import math

from scipy.special import stdtrit

from evo.core.arrays import Floats
from evo.core.estimate import Estimate


def student_mean(values: Floats) -> Estimate:
    """The mean of (n,) values, at least two, with Student's 95 % interval.

    >>> import numpy as np
    >>> student_mean(np.array([1.0, 1.0]))
    Estimate(value=1.0, low=1.0, high=1.0)
    """
    mean, count = float(values.mean()), len(values)
    half_width = float(stdtrit(count - 1, 0.975)) * float(values.std(ddof=1)) / math.sqrt(count)
    return Estimate(mean, mean - half_width, mean + half_width)
