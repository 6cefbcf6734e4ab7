"""Features of a scalar function: what it does to signals, without any network or data.

The function and its derivative are read on a fixed grid once. For normal inputs of several
deviations, the statistics that decide how signals and gradients pass through layers follow by
quadrature: gain, offset, slope, kurtosis and the shares of the Hermite polynomials. The values on
an even grid are added, compressed, so that two functions with equal statistics can still differ.

Weights start symmetric around zero, so a network with f(−x), −f(x) or −f(−x) trains like one with
f(x). The features of all four, the images, are known from those of one.
"""

import numpy as np
import torch
from numpy.polynomial.hermite_e import hermegauss, hermeval

from evo.components.elementwise import probe
from evo.core.arrays import Floats, Indices
from evo.core.learnables import Component

_DEVIATIONS = (0.5, 1.0, 2.0, 4.0)
"""Standard deviations of the normal inputs."""
_NODES = 40
_DEGREES = 6
_LARGEST = 1e6
_TINY = 1e-12
_FAR = 30.0
_POINTS, _MASSES = hermegauss(_NODES)
_WEIGHTS = _MASSES / _MASSES.sum()
_POLYNOMIALS = np.stack(
    [
        hermeval(_POINTS, np.eye(_DEGREES)[degree]) / np.sqrt(float(np.prod(range(1, degree + 1))))
        for degree in range(_DEGREES)
    ]
)
_EVEN = probe().numpy()
_GRID = torch.from_numpy(
    np.concatenate([_EVEN, *(_POINTS * deviation for deviation in _DEVIATIONS)]).astype(np.float32)
)

_MIRRORED = np.array([1, 1, 1, 1, -1, 1, -1, 1, -1, 1, 1, 1.0])
"""Signs that the statistics of a signal take on where x is replaced by −x."""
_NEGATED = np.array([1, -1, 1, 1, -1, -1, -1, -1, -1, 1, 1, 1.0])
"""Signs that they take on where f is replaced by −f."""
_SIGNALS = len(_DEVIATIONS) * len(_MIRRORED)
_BANDS = np.digitize(np.abs(_EVEN), [1.0, 2.0, 4.0])
_BAND_COUNT = 4

GROUPS: Indices = np.concatenate(
    [np.arange(_SIGNALS), _SIGNALS + _BANDS, _SIGNALS + _BAND_COUNT + _BANDS]
).astype(np.int64)
"""(d,) group of each feature, of one length scale: each statistic, and the grid by |x|."""


def function_features(component: Component) -> Floats:
    """The features of a scalar function of one argument: (d,)."""
    values, slopes = _values_and_slopes(component)
    count = len(_EVEN)
    signals = [
        _signal_statistics(
            values[count + _NODES * place :][:_NODES],
            slopes[count + _NODES * place :][:_NODES],
            deviation,
        )
        for place, deviation in enumerate(_DEVIATIONS)
    ]
    return np.concatenate([*signals, _compressed(values[:count]), _compressed(slopes[:count])])


def mirror_images(features: Floats) -> Floats:
    """Features (n, 4, d) of f(x), −f(x), f(−x) and −f(−x), from those of f(x), (n, d)."""
    count = len(_EVEN)
    statistics = features[:, :_SIGNALS]
    values, slopes = features[:, _SIGNALS : _SIGNALS + count], features[:, _SIGNALS + count :]
    repeat = len(_DEVIATIONS)
    negated, mirrored = np.tile(_NEGATED, repeat), np.tile(_MIRRORED, repeat)
    back = slice(None, None, -1)
    return np.stack(
        [
            features,
            np.hstack([statistics * negated, -values, -slopes]),
            np.hstack([statistics * mirrored, values[:, back], -slopes[:, back]]),
            np.hstack([statistics * mirrored * negated, -values[:, back], slopes[:, back]]),
        ],
        axis=1,
    )


def _values_and_slopes(component: Component) -> tuple[Floats, Floats]:
    points = _GRID.clone().requires_grad_()
    values = component(points)
    slopes = torch.zeros_like(points)
    if values.requires_grad:
        (slopes,) = torch.autograd.grad(values.sum(), points, materialize_grads=True)
    return _bounded(values.detach()), _bounded(slopes)


def _bounded(values: torch.Tensor) -> Floats:
    return np.clip(
        np.nan_to_num(values.double().numpy(), posinf=_LARGEST, neginf=-_LARGEST),
        -_LARGEST,
        _LARGEST,
    )


def _signal_statistics(values: Floats, slopes: Floats, deviation: float) -> Floats:
    shares = (_POLYNOMIALS * _WEIGHTS) @ values
    mean = shares[0]
    variance = max(float(_WEIGHTS @ np.square(values - mean)), _TINY)
    spread = np.sqrt(variance)
    steepness = float(_WEIGHTS @ np.square(slopes))
    statistics = [
        np.log(variance),
        mean / spread,
        np.log(steepness + _TINY),
        np.log(steepness * deviation**2 / variance + 1e-9),
        *(shares[1:] / spread),
        np.log(_WEIGHTS @ ((values - mean) / spread) ** 4 + _TINY),
        np.log(_WEIGHTS @ slopes**4 / (steepness**2 + _TINY**2) + 1e-9),
        np.log(abs(float(_WEIGHTS @ slopes)) + 1e-9),
    ]
    return np.clip(statistics, -_FAR, _FAR)


def _compressed(values: Floats) -> Floats:
    return np.sign(values) * np.log1p(np.abs(values))
