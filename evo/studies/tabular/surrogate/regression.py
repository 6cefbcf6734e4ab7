"""A Gaussian process that predicts margins from features of the function.

Margins are stretched near the top, where small differences matter, by s = −log(0.4 − margin). On s
lies a process with a Matérn 3/2 kernel of one length scale per group of features, averaged over the
images of a function (`evo.studies.tabular.surrogate.features`):

    k(f, g) = a · mean over images h of g of (1 + √3 r) exp(−√3 r),   r = |φ(f) − φ(h)|

Its prior mean lies two deviations below the middle of the examples. Predictions therefore fall
where examples are far, so that a search cannot live on what no example supports.
"""

import json
from dataclasses import dataclass
from importlib import resources

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from evo.core.arrays import Floats
from evo.screening.matern import matern, squared_distances
from evo.studies.tabular.surrogate.features import GROUPS, mirror_images

_FAR = 6.0
"""Features are clipped at this many deviations."""
_CEILING = 0.4
_CLOSEST = 0.03
"""Margins nearer to the ceiling are taken for this far below it."""
_LOWEST = -3.0
_BLOCK = 256
"""Examples whose covariances are computed at a time: all at once take a gigabyte."""


@dataclass(frozen=True)
class Kernel:
    """Parameters, which were found by marginal likelihood and stand in `kernel.json`.

    Attributes:
        scales: (groups,) inverse length scales.
        amplitude: variance of the process, in units of the stretched margins' variance.
        noise: variance that no feature explains, likewise.
        mean: prior mean, in deviations from the mean of the stretched margins.
    """

    scales: Floats
    amplitude: float
    noise: float
    mean: float

    @classmethod
    def load(cls) -> "Kernel":
        """The parameters that come with evo."""
        text = (resources.files("evo.data.surrogate") / "kernel.json").read_text()
        values = json.loads(text)
        return cls(np.array(values.pop("scales")), **values)

    def __call__(self, left: Floats, right: Floats) -> Floats:
        """Covariances (n, m) of functions, from scaled features (n, d) and (4, m, d) of images."""
        flat = right.reshape(-1, right.shape[-1])
        squares = squared_distances(left, flat)
        np.maximum(squares, 1e-10, out=squares)
        covariances = matern(squares)
        return self.amplitude * covariances.reshape(len(left), *right.shape[:2]).mean(1)


@dataclass(frozen=True)
class ProcessRegression:
    """A fitted process; make one with `ProcessRegression.fit`.

    Attributes:
        kernel: its covariance.
        centre: (d,) mean of the features over examples and their images.
        deviation: (d,) of the features.
        inputs: (4, n, d) scaled features of the examples' images.
        weights: (n, k) of the examples.
        level: (k,) prior mean of the outputs.
    """

    kernel: Kernel
    centre: Floats
    deviation: Floats
    inputs: Floats
    weights: Floats
    level: Floats

    @classmethod
    def fit(
        cls, kernel: Kernel, features: Floats, targets: Floats, *, variances: Floats, level: Floats
    ) -> "ProcessRegression":
        """Fit the process to examples.

        Args:
            kernel: with amplitude and noise in the units of the targets' variance.
            features: (n, d).
            targets: (n, k) of k outputs.
            variances: (n,) of the targets by measurement.
            level: (k,) prior mean.
        """
        pictured = mirror_images(features)
        centre, deviation = pictured.mean((0, 1)), pictured.std((0, 1))
        deviation[deviation < 1e-9] = np.inf
        standard = np.clip((pictured - centre) / deviation, -_FAR, _FAR)
        inputs = np.ascontiguousarray((standard * kernel.scales[GROUPS]).swapaxes(0, 1))
        covariance = np.zeros((len(features), len(features)))
        for start in range(0, len(features), _BLOCK):  # the factors are found from one triangle
            block = slice(start, start + _BLOCK)
            covariance[block, start:] = kernel(inputs[0, block], inputs[:, start:])
        covariance[np.diag_indices_from(covariance)] += kernel.noise + variances
        weights = cho_solve(cho_factor(covariance), targets - level)
        return cls(kernel, centre, deviation, inputs, weights, level)

    def predict(self, features: Floats) -> Floats:
        """Outputs (m, k) for features (m, d)."""
        return self.kernel(self.scaled(features), self.inputs) @ self.weights + self.level

    def scaled(self, features: Floats) -> Floats:
        """Features (…, d) in units of the kernel's length scales."""
        standard = np.clip((features - self.centre) / self.deviation, -_FAR, _FAR)
        return standard * self.kernel.scales[GROUPS]


def stretch(margins: Floats) -> Floats:
    """Margins, of any shape, on the scale that the process works on."""
    return -np.log(_CEILING - np.minimum(margins, _CEILING - _CLOSEST))


def unstretch(stretched: Floats) -> Floats:
    """The inverse of `stretch`, not below the lowest margin of a trial."""
    return np.maximum(_CEILING - np.exp(-stretched), _LOWEST)


def measurement_variance(margins: Floats) -> Floats:
    """Variances of stretched mean margins over ten seeds and four networks, as measured.

    The standard error is 0.03 for good functions and grows for those that train badly.
    """
    errors = 0.03 + 0.1 * np.maximum(0.0, -0.6 - margins)
    return np.square(errors / (_CEILING - np.minimum(margins, _CEILING - _CLOSEST)))
