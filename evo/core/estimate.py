"""A measured value with its confidence interval."""

from typing import NamedTuple


class Estimate(NamedTuple):
    """A value with its 95 % interval from `low` to `high`, which need not be symmetric."""

    value: float
    low: float
    high: float
