"""A Gaussian process on the reward model's features, with an upper confidence bound.

Srinivas et al. 2010 (arXiv 0912.3995), with a Matérn 5/2 kernel whose scale, length and noise are
fitted by marginal likelihood, and with the variances of the win rates themselves as noise. Where we
differ: β is one, and of two that compute nearly the same the less promising waits, as in the
screening of a campaign.
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
from evo.tabular.strategy import PoolState, strategies


class GaussianPrediction(NamedTuple):
    """Expected win rates of n candidates and their standard deviations, (n,) each."""

    expected: Floats
    spread: Floats


@strategies.register("gaussian-process")
class GaussianProcess:
    """Chooses the most promising by a Gaussian process, fitted to all evaluated candidates."""

    def choose(self, state: PoolState, count: int, rng: np.random.Generator) -> Sequence[int]:  # noqa: ARG002 - no chance in it
        """See `Strategy`."""
        left = state.left
        prediction = gaussian_prediction(
            state.candidates.features(BLOCKS, state.evaluated),
            state.win_rates,
            state.variances,
            state.candidates.features(BLOCKS, left),
        )
        behaviours = state.candidates.block("behaviour")[left]
        return left[
            most_promising(prediction.expected + prediction.spread, behaviours, count)
        ].tolist()


def gaussian_prediction(
    train: Features,
    win_rates: Floats,
    variances: Floats,
    test: Features,
    *,
    blocks: Sequence[str] = BLOCKS,
) -> GaussianPrediction:
    """Predictions for some candidates by a process fitted to others.

    Args:
        train: features of n evaluated candidates.
        win_rates: (n,) of these.
        variances: (n,) of the win rates.
        test: features of the candidates to predict.
        blocks: names of the features to use.
    """
    scaler = Scaler.of(train, blocks)
    inputs, others = scaler(train).double().numpy(), scaler(test).double().numpy()
    kernel = ConstantKernel(1.0) * Matern(3.0, (0.3, 300), nu=2.5) + WhiteKernel(0.1)
    # The type stubs expect a single number; an array of one per candidate is allowed too.
    noise: Any = variances / (win_rates.std() ** 2 or 1.0) + 1e-6
    process: Any = GaussianProcessRegressor(kernel, alpha=noise, normalize_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a bound of the kernel was reached
        expected, spread = process.fit(inputs, win_rates).predict(others, return_std=True)
    return GaussianPrediction(np.asarray(expected), np.asarray(spread))
