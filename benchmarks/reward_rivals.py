"""Other models on the features of the reward model, for comparison."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor

from evo.screening.features import Features
from evo.screening.model import Example, RewardModel
from evo.tabular.strategies.gaussian_process import foretold

Floats = NDArray[np.float64]
Blocks = tuple[str, ...]


def ensemble(taught: Features, examples: Example, asked: Features, blocks: Blocks) -> Example:
    """The reward model."""
    told = RewardModel.fit(taught, examples, seed=0, blocks=blocks).predict(asked)
    return Example(told.b_wr, told.b_wr_spread**2, told.bsota_wr, told.bsota_wr_spread**2)


def trees(taught: Features, examples: Example, asked: Features, blocks: Blocks) -> Example:
    """Gradient-boosted trees, one forest for each win rate; they tell no variance."""
    inputs, others = (np.hstack([each[name] for name in blocks]) for each in (taught, asked))

    def fitted(rates: Floats, variances: Floats) -> Floats:
        model = GradientBoostingRegressor(
            n_estimators=300,
            learning_rate=0.05,
            max_depth=3,
            subsample=0.7,
            max_features=0.2,
            min_samples_leaf=4,
            random_state=0,
        )
        model.fit(inputs, rates, sample_weight=1 / (variances + 0.03**2))
        return model.predict(others)

    return _both(examples, fitted)


def process(taught: Features, examples: Example, asked: Features, blocks: Blocks) -> Example:
    """A Gaussian process, see `evo.tabular.strategies.gaussian_process`."""

    def fitted(rates: Floats, variances: Floats) -> Floats:
        return foretold(taught, rates, variances, asked, blocks=blocks).expected

    return _both(examples, fitted)


def _both(examples: Example, fitted: Callable[[Floats, Floats], Floats]) -> Example:
    b_wr = fitted(examples.b_wr, examples.b_wr_variance)
    bsota_wr = fitted(examples.bsota_wr, examples.bsota_wr_variance)
    nothing = np.zeros(len(b_wr))
    return Example(b_wr, nothing, bsota_wr, nothing)
