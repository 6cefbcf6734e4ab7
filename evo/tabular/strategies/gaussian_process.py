"""A Gaussian process on the reward model's features, with an upper confidence bound.

Srinivas et al. 2010 (arXiv 0912.3995), with a Matérn 5/2 kernel whose scale, length and noise are
fitted by marginal likelihood, and with the variances of the win rates themselves as noise. Where we
differ: β is one, and of two that compute nearly the same the less promising waits, as in a
campaign's screen.
"""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from evo.core.arrays import Floats
from evo.screening.choice import most_promising
from evo.screening.features import Features
from evo.screening.model import BLOCKS, Scaler
from evo.tabular.strategy import SearchState, strategies


class GaussianPrediction(NamedTuple):
    """What is expected of many candidates, (n,) each, with standard deviations."""

    expected: Floats
    spread: Floats


@strategies.register("gaussian-process")
class GaussianProcess:
    """The most promising by a Gaussian process, fitted anew on all that was evaluated."""

    def choose(self, state: SearchState, count: int, rng: np.random.Generator) -> Sequence[int]:  # noqa: ARG002 - no chance in it
        """See `Strategy`."""
        left = state.left
        told = foretold(
            state.candidates.features(BLOCKS, state.evaluated),
            state.came,
            state.variances,
            state.candidates.features(BLOCKS, left),
        )
        behaviours = state.candidates.block("behaviour")[left]
        return left[most_promising(told.expected + told.spread, behaviours, count)].tolist()


def foretold(
    taught: Features,
    came: Floats,
    variances: Floats,
    asked: Features,
    *,
    blocks: Sequence[str] = BLOCKS,
) -> GaussianPrediction:
    """What a process that learned from some candidates expects of others.

    Args:
        taught: features of n candidates.
        came: (n,) their win rates.
        variances: (n,) of these.
        asked: features of the others.
        blocks: those to look at.
    """
    scaler = Scaler.of(taught, blocks)
    inputs, others = scaler(taught).double().numpy(), scaler(asked).double().numpy()
    kernel = ConstantKernel(1.0) * Matern(3.0, (0.3, 300), nu=2.5) + WhiteKernel(0.1)
    noise: Any = variances / (came.std() ** 2 or 1.0) + 1e-6  # one for each, whatever stubs say
    process: Any = GaussianProcessRegressor(kernel, alpha=noise, normalize_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a bound of the kernel was reached
        expected, spread = process.fit(inputs, came).predict(others, return_std=True)
    return GaussianPrediction(np.asarray(expected), np.asarray(spread))
