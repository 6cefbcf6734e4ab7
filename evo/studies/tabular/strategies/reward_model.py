"""The reward model as a campaign screens with it: a random share, the rest by prediction."""

from collections.abc import Sequence

import numpy as np

from evo.screening.choice import most_promising, random_count
from evo.screening.model import BLOCKS, RewardModel
from evo.screening.settings import RewardSettings
from evo.studies.tabular.strategy import PoolState, strategies


@strategies.register("reward-model")
class RewardModelStrategy:
    """Chooses by the process fitted to all evaluated candidates, with a campaign's defaults.

    Unlike in a campaign the model is always used, and chooses among all that are left.

    Args:
        settings: of a campaign; its defaults where none are given.
    """

    def __init__(self, settings: RewardSettings | None = None) -> None:
        self._settings = settings or RewardSettings()

    def choose(self, state: PoolState, count: int, rng: np.random.Generator) -> Sequence[int]:
        """See `Strategy`."""
        settings = self._settings
        candidates, left = state.candidates, rng.permutation(state.left)
        by_chance = left[: random_count(count, settings.random_share)]
        rest = np.sort(left[len(by_chance) :])
        model = RewardModel.fit(candidates.features(BLOCKS, state.evaluated), state.examples)
        prediction = model.predict(candidates.features(BLOCKS, rest))
        best = most_promising(
            prediction.mean, prediction.covariance, settings.optimism, count - len(by_chance)
        )
        return [*by_chance.tolist(), *rest[best].tolist()]
