"""A Gaussian process that predicts margins from features of the function.

Matérn 3/2, with a prior mean far below the best: away from all examples, predictions are
pessimistic, so that a search cannot live on what the examples do not cover. Margins are stretched
near the top, where small differences matter, by −log(0.25 − margin).
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import cdist

from evo.core.arrays import Floats
from evo.tabular.surrogate.features import SIGNAL_COUNT

_LENGTH = 1.56
_NOISE = 0.0035 / 1.22**2
_FAR = 6.0
_CEILING = 0.25


@dataclass(frozen=True)
class Regression:
    """A fitted process; make one with `Regression.fit`.

    Attributes:
        mean: (d,) of the features.
        deviation: (d,) of the features.
        inputs: (n, d) scaled features of the examples.
        weights: (n,) of the examples.
        level: mean of the stretched margins.
        scale: their deviation.
    """

    mean: Floats
    deviation: Floats
    inputs: Floats
    weights: Floats
    level: float
    scale: float

    @classmethod
    def fit(cls, features: Floats, margins: Floats) -> "Regression":
        """Fit the process to features (n, d) and margins (n,)."""
        mean, deviation = features.mean(0), features.std(0)
        deviation[deviation < 1e-9] = np.inf
        inputs = _scaled(features, mean, deviation)
        stretched = -np.log(_CEILING - np.minimum(margins, _CEILING - 0.05))
        level, scale = float(stretched.mean()), float(stretched.std())
        covariance = _kernel(inputs, inputs)
        covariance[np.diag_indices_from(covariance)] += _NOISE
        weights = cho_solve(cho_factor(covariance), (stretched - level) / scale)
        return cls(mean, deviation, inputs, weights, level, scale)

    def predict(self, features: Floats) -> Floats:
        """Margins (m,) predicted for features (m, d)."""
        inputs = _scaled(features, self.mean, self.deviation)
        stretched = _kernel(inputs, self.inputs) @ self.weights * self.scale + self.level
        return np.maximum(_CEILING - np.exp(-stretched), -3.0)


def _scaled(features: Floats, mean: Floats, deviation: Floats) -> Floats:
    """Standardised features; both groups of them have the same total variance."""
    scaled = np.clip((features - mean) / deviation, -_FAR, _FAR)
    scaled[:, :SIGNAL_COUNT] /= np.sqrt(SIGNAL_COUNT)
    scaled[:, SIGNAL_COUNT:] /= np.sqrt(scaled.shape[1] - SIGNAL_COUNT)
    return scaled


def _kernel(left: Floats, right: Floats) -> Floats:
    distance = np.sqrt(3.0) * cdist(left, right) / _LENGTH
    return (1.0 + distance) * np.exp(-distance)
