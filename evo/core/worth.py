"""Shrunken margins: what a candidate is likely worth, given how noisy its trials are.

The best of many noisy measurements is mostly the luckiest. So the margin of each individual is
pulled towards the middle of its pool, the more the less is known of it (empirical Bayes with a
normal prior; Efron & Morris 1975, "Data analysis using Stein's estimator and its generalizations"):

    worth = m + τ² / (τ² + σ²) · (margin − m)

m being the median margin of the pool's members at the same rung, σ the margin's standard error and
τ² = max(s² − v, v / 4) with v the median of σ² and s = 1.4826 times the median absolute deviation
from m: medians, since margins have a long lower tail that says nothing about the top.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from evo.core.arrays import Floats
from evo.core.records import Record

FloatOrFloats = TypeVar("FloatOrFloats", float, Floats)

_HALF_WIDTH = 1.96
"""Half the width of a 95 % interval in standard errors, for a normal distribution."""
_MAD = 1.4826
"""Standard deviations per median absolute deviation of a normal distribution."""
_FEWEST = 4
"""With fewer members at a rung, their spread says nothing: margins stay as they are."""


def leaders_by_worth(records: Sequence[Record]) -> list[Record]:
    """The evaluated records that trained in full at the highest rung, by worth, the best first.

    Where none did, those that reached it.
    """
    scored = [record for record in records if record.score is not None]
    top = max((record.scored.rung for record in scored), default=0)
    highest = [record for record in scored if record.scored.rung == top]
    whole = [record for record in highest if record.scored.end.is_whole] or highest
    order = np.argsort(-shrunken_margins(whole), kind="stable")
    return [whole[int(place)] for place in order]


def shrunken_margins(records: Sequence[Record]) -> Floats:
    """(n,) the worth of each record, in the units of margin."""
    rungs = np.array([record.scored.rung for record in records])
    margins = np.array([record.scored.margin.value for record in records])
    errors = np.array([standard_error(record) for record in records])
    worths = margins.copy()
    for rung in np.unique(rungs):
        at = rungs == rung
        worths[at] = shrunken(margins[at], errors[at])
    return worths


def standard_error(record: Record) -> float:
    """Standard error of a record's margin, from its interval."""
    margin = record.scored.margin
    return standard_errors(margin.low, margin.high)


def standard_errors(low: FloatOrFloats, high: FloatOrFloats) -> FloatOrFloats:
    """Standard error of a margin, or (n,) of several, from the ends of their intervals."""
    return (high - low) / 2 / _HALF_WIDTH


def shrunken(margins: Floats, errors: Floats) -> Floats:
    """(n,) the worth of members of one rung, from their margins and standard errors, (n,) each."""
    if len(margins) < _FEWEST:
        return margins
    middle = float(np.median(margins))
    spread = _MAD * float(np.median(np.abs(margins - middle)))
    return _pulled(margins, errors, middle, spread, noise=float(np.median(errors**2)))


class Pool:
    """The members of one rung so far, whose medians are known without looking at all again."""

    def __init__(self) -> None:
        self._margins: Floats = np.zeros(0)
        self._squares: Floats = np.zeros(0)  # of the errors; both sorted

    def add(self, margins: Sequence[float], errors: Sequence[float]) -> None:
        """Add members by their margins and standard errors."""
        self._margins = _merged(self._margins, np.array(margins, dtype=float))
        self._squares = _merged(self._squares, np.array(errors, dtype=float) ** 2)

    def worths(self, margins: Floats, errors: Floats) -> Floats:
        """(n,) the worth of some of the members, as `shrunken` gives it among all."""
        if len(self._margins) < _FEWEST:
            return margins
        middle = _median(self._margins)
        spread = _MAD * _median_distance(self._margins, middle)
        return _pulled(margins, errors, middle, spread, noise=_median(self._squares))


def _pulled(margins: Floats, errors: Floats, middle: float, spread: float, noise: float) -> Floats:
    """Margins pulled towards the middle of their pool."""
    variance = max(spread**2 - noise, noise / 4)
    total = variance + errors**2
    # Where neither members nor trials differ there is nothing to shrink.
    kept = np.divide(variance, total, out=np.ones_like(total), where=total > 0)
    return middle + kept * (margins - middle)


def _merged(known: Floats, new: Floats) -> Floats:
    """Sorted numbers with others among them."""
    new = np.sort(new)
    return np.insert(known, np.searchsorted(known, new), new)


def _median(sorted_: Floats) -> float:
    """The median of sorted numbers."""
    half = len(sorted_) // 2
    return float(np.mean(sorted_[half - 1 + len(sorted_) % 2 : half + 1]))


def _median_distance(sorted_: Floats, middle: float) -> float:
    """Median distance of four or more sorted numbers from their median.

    Those that are nearest to it are a stretch, whose ends are found by bisection.
    """
    near = len(sorted_) // 2 + 1
    low, high = 0, len(sorted_) - near
    while low < high:
        begin = (low + high) // 2
        if middle - sorted_[begin] > sorted_[begin + near] - middle:
            low = begin + 1
        else:
            high = begin
    ends = sorted({low, low + 1, low + near - 2, low + near - 1})
    farthest = np.sort(np.abs(sorted_[ends] - middle))[-2:]
    return float(np.mean(farthest[len(sorted_) % 2 :]))
