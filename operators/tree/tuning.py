"""Search for better numbers of one form: Bayesian optimisation by ask and tell.

A Gaussian process over the logarithms of the numbers is fitted to all that was evaluated, and the
best of candidates around the incumbent is next: half of the time under its mean, half of the time
under one draw from it (Thompson sampling, Thompson 1933). Steps move a few coordinates at a time
(Eriksson et al. 2019, "Scalable Global Optimization via Local Bayesian Optimization",
https://arxiv.org/abs/1910.01739). So several requests at once differ, and need no waiting.

Margins at a lower rung are noisier and of another training: the rung is one more coordinate of the
process, and the noise is the margin's standard error. What stopped at a lower rung was behind
others, so it counts for no better than those that went on. Margins far behind the best say "bad",
not how bad, and are cut.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from evo.core.arrays import Floats
from operators.tree.terms import pick

_FEWEST = 3
"""Points from which a process is fitted; with fewer, numbers are drawn around the best."""

_MOST = 40
"""Points that a process is fitted to, the best first."""
_SPREADS = (0.1, 0.3, 0.6, 1.2)
"""Standard deviations of steps, in units of log number: by 10 % up to threefold."""
_CANDIDATES = 128
_MOVED = 2
"""Coordinates that a step moves, on average."""
_SHARE_OF_DRAWS = 0.5
"""Draws alone find the best numbers no sooner, and fewer of their offspring are ahead."""
_LENGTHS = (0.3, 1.0, 3.0)
_RUNGS_APART = 0.8
"""Distance between neighbouring rungs: what they measure correlates by exp(−0.8² / 2) = 0.73."""
_LEAST_NOISE = 0.01
"""Standard error that every margin has at least, however well its few trials agree."""
_SIGNAL = 0.1
"""Standard deviation of margins in a form before any is known; it counts as two points."""
_FAR_BEHIND = 0.5


class EvaluatedPoint(NamedTuple):
    """Numbers that were evaluated.

    Attributes:
        position: their logarithms.
        margin: at the highest rung reached.
        rung: index of that rung.
        error: the margin's standard error.
    """

    position: tuple[float, ...]
    margin: float
    rung: int
    error: float


def next_positions(points: Sequence[EvaluatedPoint], rng: np.random.Generator) -> Iterator[Floats]:
    """Positions to evaluate next, the most promising first.

    Args:
        points: what is known of the form, at least one.
        rng: draws candidates, and the function that ranks them.
    """
    ranked = sorted(points, key=lambda point: (-point.rung, -point.margin, point.position))
    if len(ranked) < _FEWEST:
        while True:
            yield _step(np.array(ranked[0].position), pick(_SPREADS, rng), rng)
    process = _Process.fitted(tuple(ranked[:_MOST]))
    centre = process.incumbent
    spreads = np.repeat(_SPREADS, _CANDIDATES // len(_SPREADS))
    candidates = np.stack([_step(centre, spread, rng) for spread in spreads])
    if rng.random() < _SHARE_OF_DRAWS:
        margins = process.draw(candidates, rng)
    else:
        margins = process.mean(candidates)
    order = np.argsort(-margins, kind="stable")
    yield from candidates[order]


class _Process(NamedTuple):
    """A fitted process and the position that it takes for the best so far."""

    regressor: Any  # scikit-learn ships no types for its kernels
    incumbent: Floats

    @classmethod
    @lru_cache(maxsize=64)  # the offspring of one generation share it
    def fitted(cls, points: tuple[EvaluatedPoint, ...]) -> "_Process":
        """The process of the length scale under which the points are most likely."""
        top = points[0].rung
        inputs = np.array([(*p.position, _RUNGS_APART * (top - p.rung)) for p in points])
        margins = np.array([point.margin for point in points])
        at_top = np.array([point.rung == top for point in points])
        margins = np.where(at_top, margins, np.minimum(margins, margins[at_top].mean()))
        margins = np.maximum(margins, margins.max() - _FAR_BEHIND)
        centred = margins - margins.mean()
        signal = (2 * _SIGNAL**2 + np.sum(centred**2)) / (2 + len(points))
        noise = np.array([max(point.error, _LEAST_NOISE) ** 2 for point in points])
        fits = [_fit(inputs, centred, length, signal, noise) for length in _LENGTHS]
        regressor = max(fits, key=lambda fit: fit.log_marginal_likelihood_value_)
        at_the_top = _at_the_top(inputs[:, :-1])
        best = int(np.argmax(regressor.predict(at_the_top)))
        return cls(regressor, inputs[best, :-1])

    def mean(self, positions: Floats) -> Floats:
        """Expected margins at (n, d) positions at the highest rung."""
        return self.regressor.predict(_at_the_top(positions))

    def draw(self, positions: Floats, rng: np.random.Generator) -> Floats:
        """Margins at (n, d) positions at the highest rung, by one function of the posterior."""
        mean, covariance = self.regressor.predict(_at_the_top(positions), return_cov=True)
        jitter = 1e-8 * np.eye(len(positions))
        return mean + np.linalg.cholesky(covariance + jitter) @ rng.standard_normal(len(positions))


def _fit(inputs: Floats, margins: Floats, length: float, signal: float, noise: Floats) -> Any:
    # Imported late: it costs a second, and the first generations have no form to tune.
    from sklearn.gaussian_process import GaussianProcessRegressor  # noqa: PLC0415
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel  # noqa: PLC0415

    # The type stubs know neither several numbers here, nor the None by which nothing is optimised.
    scales: Any = [*[length] * (inputs.shape[1] - 1), 1.0]
    settings: Any = {"alpha": noise, "optimizer": None}
    kernel = ConstantKernel(signal, "fixed") * RBF(scales, "fixed")
    return GaussianProcessRegressor(kernel, **settings).fit(inputs, margins)


def _at_the_top(positions: Floats) -> Floats:
    return np.column_stack([positions, np.zeros(len(positions))])


def _step(centre: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """A position near the centre that differs in at least one coordinate."""
    moved = rng.random(len(centre)) < _MOVED / len(centre)
    moved[int(rng.integers(len(centre)))] = True
    return centre + np.where(moved, rng.normal(0.0, spread, len(centre)), 0.0)
