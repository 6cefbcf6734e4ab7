"""The reward model: a Gaussian process that predicts margins of candidates from evaluated ones.

Win rates saturate: among candidates that beat nearly every baseline they tell little apart. So the
model learns margins m, stretched where they are highest, and knows how noisy each of them is:

    s = −log(c − m)                               c: 4 standard errors above the best margin
    s ~ N(μ, k + diag(ν + (σ / (c − m))²))        σ: standard error of the margin
    k(f, g) = a (1 + √3 r) exp(−√3 r)
    r² = Σ_blocks |φ(f) − φ(g)|² / ℓ_block²       φ: standardised features, of mean length 1

a, ν and one length ℓ per block maximise marginal likelihood (Rasmussen & Williams 2006, "Gaussian
processes for machine learning", chapter 5) times a wide prior, so that few examples will do.

The same examples give the same model, bit for bit, on one machine.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from evo.core.arrays import Floats, Indices
from evo.core.estimate import Estimate
from evo.screening.features import Features, rows_of
from evo.screening.matern import matern, squared_distances

BLOCKS = ("behaviour", "propagation")
"""Features of the model; more made it no better (docs/measurements/screening.md)."""

_FAR = 6.0
"""Features are clipped at this many standard deviations."""
_HEADROOM = 4.0
"""Standard errors from the best margin to the ceiling c."""
_PRECISE = 0.25
"""Quantile of the standard errors that counts in it: those of candidates that trained in full."""
_LEAST_ERROR = 1e-3
"""Smaller standard errors are taken for this one: no margin is known better."""
_LOWEST = -3.0
"""Margins below say no more than this one."""
_FITTED_TO = 300
"""Latest examples that the kernel's parameters are fitted to; predictions use all."""
_STEPS = 150
"""Evaluations of the likelihood at most."""
_START = (0.0, 0.0, 0.0, -2.0)
"""Logarithms of both lengths, of a and of ν, in the variance of s: where the fit begins."""
_PRIOR = 0.05
"""Weight of the squared logarithms in the fit: half the precision of their normal prior."""


class Example(NamedTuple):
    """Measured performance of n candidates: margins, or win rates in the tabular benchmark.

    Attributes:
        value: (n,), the higher the better.
        error: (n,) standard errors.
    """

    value: Floats
    error: Floats

    @classmethod
    def of(cls, estimates: Iterable[Estimate]) -> "Example":
        """The examples of estimates with 95 % intervals."""
        pairs = [(estimate.value, (estimate.high - estimate.low) / 3.92) for estimate in estimates]
        return cls(*np.array(pairs, dtype=np.float64).reshape(-1, 2).T)


@dataclass(frozen=True)
class Prediction:
    """Predictions for n candidates, with what the model does not know of them.

    Attributes:
        mean: (n,) of the stretched values, in their standard deviations.
        covariance: (n, n) of the same.
        stretching: turns them into values.
    """

    mean: Floats
    covariance: Floats
    stretching: "Stretching"

    @property
    def deviation(self) -> Floats:
        """(n,) standard deviations of the stretched values."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    @cached_property
    def value(self) -> Floats:
        """(n,) the medians expected."""
        return self.stretching.values(self.mean)

    @property
    def spread(self) -> Floats:
        """(n,) standard deviations of the values, to first order."""
        return self.stretching.slope(self.value) * self.deviation

    def of(self, indices: Indices) -> "Prediction":
        """The prediction for some of the candidates."""
        return replace(
            self, mean=self.mean[indices], covariance=self.covariance[np.ix_(indices, indices)]
        )


@dataclass(frozen=True)
class Stretching:
    """The scale that the process works on: standardised s.

    Attributes:
        ceiling: c.
        centre: mean of s over the examples.
        unit: its standard deviation.
    """

    ceiling: float
    centre: float
    unit: float

    @classmethod
    def of(cls, examples: Example) -> "Stretching":
        """The scale for some examples."""
        error = max(float(np.quantile(examples.error, _PRECISE)), _LEAST_ERROR)
        ceiling = max(_LOWEST, float(examples.value.max())) + _HEADROOM * error
        stretched = -np.log(ceiling - np.maximum(examples.value, _LOWEST))
        return cls(ceiling, float(stretched.mean()), float(stretched.std()) or 1.0)

    def stretched(self, values: Floats) -> Floats:
        """Values below the ceiling, on this scale."""
        return (-np.log(self.ceiling - np.maximum(values, _LOWEST)) - self.centre) / self.unit

    def values(self, stretched: Floats) -> Floats:
        """The inverse of `stretched`."""
        return self.ceiling - np.exp(-(stretched * self.unit + self.centre))

    def slope(self, values: Floats) -> Floats:
        """Change of the value per unit of this scale."""
        return (self.ceiling - np.maximum(values, _LOWEST)) * self.unit


@dataclass(frozen=True)
class Scaler:
    """Standardises blocks by the examples, each to a mean squared length of 1.

    Attributes:
        blocks: by name, mean and deviation, (d,) each, and the length of a typical row.
    """

    blocks: Mapping[str, tuple[Floats, Floats, float]]

    @classmethod
    def of(cls, features: Features, names: Sequence[str] = BLOCKS) -> "Scaler":
        """The scaler fitted to the features of examples."""
        scales: dict[str, tuple[Floats, Floats, float]] = {}
        for name in names:
            block = features[name].astype(np.float64)
            deviation = block.std(axis=0)
            deviation[deviation < 1e-6 * max(1.0, deviation.max())] = (
                np.inf
            )  # constant: no information
            rows = _standardised(block, block.mean(axis=0), deviation)
            length = float(np.sqrt(np.square(rows).sum(axis=1).mean())) or 1.0
            scales[name] = (block.mean(axis=0), deviation, length)
        return cls(scales)

    def __call__(self, features: Features) -> list[Floats]:
        """The blocks of n candidates, (n, d) each."""
        return [
            _standardised(features[name].astype(np.float64), mean, deviation) / length
            for name, (mean, deviation, length) in self.blocks.items()
        ]


@dataclass(frozen=True)
class MarginKernel:
    """Covariance of stretched margins; fit one with `MarginKernel.fit`.

    Attributes:
        lengths: ℓ of each block.
        amplitude: a.
        noise: ν.
    """

    lengths: Sequence[float]
    amplitude: float
    noise: float

    @classmethod
    def fit(cls, squares: Sequence[Floats], targets: Floats, variances: Floats) -> "MarginKernel":
        """The most likely kernel of some examples.

        Args:
            squares: squared distances (n, n) between examples, per block.
            targets: (n,) their stretched margins.
            variances: (n,) of these by measurement.
        """
        # Imported late: it costs a third of a second, and only screening needs it.
        from scipy.optimize import minimize  # noqa: PLC0415

        def loss(logarithms: Floats) -> float:
            kernel = cls.of(logarithms)
            try:
                factor = cho_factor(kernel.between_examples(squares, variances), lower=True)
            except LinAlgError:
                return np.inf
            fit = 0.5 * targets @ cho_solve(factor, targets)
            prior = _PRIOR * np.square(logarithms).sum()
            return float(fit + np.log(np.diag(factor[0])).sum() + prior)

        start = (*(_START[0] for _ in squares), *_START[-2:])
        optimum = minimize(
            loss,
            start,
            method="Nelder-Mead",
            options={"maxfev": _STEPS, "xatol": 0.05, "fatol": 0.05},
        )
        return cls.of(optimum.x)

    @classmethod
    def of(cls, logarithms: Floats) -> "MarginKernel":
        """The kernel with these logarithms of lengths, amplitude and noise."""
        *lengths, amplitude, noise = np.exp(logarithms).tolist()
        return cls(lengths, amplitude, noise)

    def __call__(self, squares: Sequence[Floats]) -> Floats:
        """Covariances (n, m) from squared distances (n, m) per block."""
        total = sum(
            square / length**2 for square, length in zip(squares, self.lengths, strict=True)
        )
        return matern(np.asarray(total), amplitude=self.amplitude)

    def between_examples(self, squares: Sequence[Floats], variances: Floats) -> Floats:
        """Covariances (n, n) of measured examples, with their noise."""
        covariance = self(squares)
        covariance[np.diag_indices_from(covariance)] += self.noise + variances
        return covariance


@dataclass(frozen=True)
class RewardModel:
    """A fitted process. Make one with `RewardModel.fit`.

    Attributes:
        scaler: of its features.
        stretching: of their values.
        kernel: of the process.
        examples: their scaled blocks, (n, d) each.
        factor: Cholesky factor of their covariance, for `cho_solve`.
        weights: (n,) of the examples.
    """

    scaler: Scaler
    stretching: Stretching
    kernel: MarginKernel
    examples: Sequence[Floats]
    factor: tuple[Floats, bool]
    weights: Floats

    @classmethod
    def fit(
        cls, features: Features, examples: Example, *, blocks: Sequence[str] = BLOCKS
    ) -> "RewardModel":
        """Fit a model to at least two examples.

        Args:
            features: one row per example, the latest last.
            examples: their performance.
            blocks: names of the features to use.
        """
        scaler = Scaler.of(features, blocks)
        stretching = Stretching.of(examples)
        targets = stretching.stretched(examples.value)
        errors = np.maximum(examples.error, _LEAST_ERROR)
        variances = np.square(errors / stretching.slope(examples.value))
        latest = np.arange(max(0, len(targets) - _FITTED_TO), len(targets))
        near = scaler(rows_of(features, latest))
        kernel = MarginKernel.fit(
            [squared_distances(x, x) for x in near], targets[latest], variances[latest]
        )
        inputs = scaler(features)
        covariance = kernel.between_examples([squared_distances(x, x) for x in inputs], variances)
        factor = cho_factor(covariance, lower=True)
        return cls(scaler, stretching, kernel, inputs, factor, cho_solve(factor, targets))

    def predict(self, features: Features) -> Prediction:
        """Predict the candidates of these features."""
        inputs = self.scaler(features)
        known = self.kernel(
            [squared_distances(x, y) for x, y in zip(inputs, self.examples, strict=True)]
        )
        among = self.kernel([squared_distances(x, x) for x in inputs])
        covariance = among - known @ cho_solve(self.factor, known.T)
        return Prediction(known @ self.weights, covariance, self.stretching)


def _standardised(block: Floats, mean: Floats, deviation: Floats) -> Floats:
    return np.clip((block - mean) / deviation, -_FAR, _FAR)
