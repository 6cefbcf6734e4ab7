"""Noise of results between seeds, and whether components can be told apart in it."""

import itertools
import math
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from evo.core.arrays import Floats

_FEWEST, _MOST = 3, 20
"""Bounds of the seeds that are proposed."""
_RELIABLE = 0.8
"""Share of the variance of mean results that is to come from the components themselves."""
_LEVEL = 0.05


class NoiseLevels(NamedTuple):
    """Differences between seeds and between components in log loss, on one stratum.

    Attributes:
        seeds: deviation of a component's trials, once what all share in a seed is taken off.
        components: deviation between components, beyond what such noise brings.
        apart: pairs that a paired t test tells apart (5 %, corrected for the number of pairs).
        pairs: of components.
    """

    seeds: float
    components: float
    apart: int
    pairs: int

    @property
    def seeds_needed(self) -> int:
        """Seeds at which components make up most of the variance of means, within bounds."""
        if self.components <= 0:
            return _MOST
        needed = _RELIABLE / (1 - _RELIABLE) * (self.seeds / self.components) ** 2
        return min(_MOST, max(_FEWEST, math.ceil(needed - 1e-9)))


def noise_of(logs: Floats) -> NoiseLevels:
    """The noise of log losses (components, seeds).

    >>> shared = np.array([0.0, 1.0, 2.0])
    >>> noise_of(np.stack([shared, shared + 1.0])).seeds
    0.0
    """
    count, seeds = logs.shape
    rest = logs - logs.mean(0) - logs.mean(1, keepdims=True) + logs.mean()
    within = float(np.square(rest).sum()) / max(1, (count - 1) * (seeds - 1))
    between = float(logs.mean(1).var(ddof=1)) if count > 1 else 0.0
    pairs = list(itertools.combinations(range(count), 2))
    level = _LEVEL / max(1, len(pairs))
    apart = sum(_differs(logs[one] - logs[other], level) for one, other in pairs)
    spread = math.sqrt(max(0.0, between - within / seeds))
    return NoiseLevels(math.sqrt(within), spread, apart, len(pairs))


def _differs(differences: Floats, level: float) -> bool:
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    bound = float(stdtrit(len(differences) - 1, 1 - level / 2))
    return bool(abs(differences.mean()) > bound * error)
