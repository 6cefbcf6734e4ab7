"""The reward model, as a campaign screens with it: a random share, the rest by promise."""

from collections.abc import Sequence

import numpy as np

from evo.screening.choice import most_promising, random_places
from evo.screening.model import BLOCKS, RewardModel
from evo.screening.settings import RewardSettings
from evo.tabular.strategy import SearchState, strategies


@strategies.register("reward-model")
class RewardModelStrategy:
    """The ensemble, fitted anew on all that was evaluated, with a campaign's default settings.

    Unlike a campaign's screen it never stands aside, and chooses among all that are left.
    """

    def choose(self, state: SearchState, count: int, rng: np.random.Generator) -> Sequence[int]:
        """See `Strategy`."""
        settings = RewardSettings()
        candidates, left = state.candidates, rng.permutation(state.left)
        by_chance = left[: random_places(count, settings.random_share)]
        rest = np.sort(left[len(by_chance) :])
        model = RewardModel.fit(
            candidates.features(BLOCKS, state.evaluated),
            state.examples,
            seed=int(rng.integers(2**62)),
        )
        told = model.predict(candidates.features(BLOCKS, rest))
        expected, spread = (
            (told.b_wr, told.b_wr_spread)
            if state.goal == "b_wr"
            else (told.bsota_wr, told.bsota_wr_spread)
        )
        best = most_promising(
            expected + settings.optimism * spread,
            candidates.block("behaviour")[rest],
            count - len(by_chance),
        )
        return [*by_chance.tolist(), *rest[best].tolist()]
