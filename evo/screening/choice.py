"""Choose which candidates train: some at random, the rest by prediction, not all alike.

The most promising by upper confidence bound, one after the other, each as if the ones chosen before
had trained and come out as predicted (GP-BUCB; Desautels, Krause & Burdick 2014, "Parallelizing
exploration-exploitation tradeoffs in Gaussian process bandit optimization"): of two that compute
nearly the same, the second has little left to show, and gives way to another.
"""

import math

import numpy as np

from evo.core.arrays import Floats, Indices

_NOISE = 0.1
"""Variance of a training's result beside what is predicted, in the units of the covariance."""


def random_count(trainings: int, share: float) -> int:
    """The number of trainings that go to random candidates, at least one.

    >>> random_count(32, 0.2)
    7
    """
    return min(trainings, max(1, math.ceil(trainings * share)))


def most_promising(expected: Floats, covariance: Floats, optimism: float, count: int) -> Indices:
    """Indices of the candidates to train, the most promising first.

    Args:
        expected: (n,) predictions, the higher the better.
        covariance: (n, n) of what is not known of them, see `evo.screening.model`.
        optimism: standard deviations above the expectation that a candidate is ranked by.
        count: number to choose; at most n are.
    """
    unknown = covariance.copy()
    is_open = np.ones(len(expected), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(count, len(expected)):
        bounds = expected + optimism * np.sqrt(np.maximum(np.diag(unknown), 0.0))
        best = int(np.argmax(np.where(is_open, bounds, -np.inf)))
        chosen.append(best)
        is_open[best] = False
        shared = unknown[best].copy()
        unknown -= np.outer(shared, shared) / (shared[best] + _NOISE)
    return np.array(chosen, dtype=np.int64)
