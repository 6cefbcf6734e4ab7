"""The Matérn 3/2 kernel of both Gaussian processes: the reward model and the surrogate.

Matrices are large, so that their memory costs more than arithmetic: each is changed in place.
"""

import numpy as np

from evo.core.arrays import Floats


def squared_distances(left: Floats, right: Floats) -> Floats:
    """Squared distances (n, m) between rows (n, d) and (m, d)."""
    squares = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1)
    squares -= 2.0 * left @ right.T
    return np.maximum(squares, 0.0, out=squares)


def matern(squares: Floats, *, amplitude: float = 1.0) -> Floats:
    """Covariances a (1 + √3 r) exp(−√3 r) at squared distances r².

    Rasmussen & Williams 2006, "Gaussian processes for machine learning", equation 4.17.
    """
    distances = 3.0 * squares
    np.sqrt(distances, out=distances)
    decay = np.negative(distances)
    np.exp(decay, out=decay)
    distances += 1.0
    distances *= amplitude
    distances *= decay
    return distances
