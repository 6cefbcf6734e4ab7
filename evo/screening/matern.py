"""The Matérn 3/2 kernel of both Gaussian processes: the reward model and the surrogate."""

import numpy as np

from evo.core.arrays import Floats


def squared_distances(left: Floats, right: Floats) -> Floats:
    """Squared distances (n, m) between rows (n, d) and (m, d)."""
    lengths = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1)
    return np.maximum(lengths - 2.0 * left @ right.T, 0.0)


def matern(squares: Floats, *, amplitude: float = 1.0) -> Floats:
    """Covariances a (1 + √3 r) exp(−√3 r) at squared distances r².

    Rasmussen & Williams 2006, "Gaussian processes for machine learning", equation 4.17.
    """
    distances = np.sqrt(3.0 * squares)
    return amplitude * (1.0 + distances) * np.exp(-distances)
