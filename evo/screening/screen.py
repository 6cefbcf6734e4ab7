"""The step that decides which candidates train: at random, and by a reward model that is trusted.

A share of the trainings always goes to random candidates. The others go to the most promising, as
long as the model predicts the random ones better than chance; otherwise it is not used, all
trainings go to random candidates, and the records say so.
"""

from collections.abc import Sequence

import numpy as np

from evo.core.records import Record
from evo.core.stages import Screening, ScreeningState
from evo.core.step import apply_to_live
from evo.screening.chance import first_drawn, given_first, screened_out
from evo.screening.choice import most_promising
from evo.screening.learner import Learner
from evo.screening.model import RewardModel
from evo.screening.settings import RewardSettings

_EARLY = "too early for the reward model"


class RewardScreen:
    """Keeps a generation within its trainings, and gives them to the most promising candidates.

    Args:
        learner: fits the models.
        settings: of the campaign.
        trainings: most candidates that may pass.
    """

    def __init__(self, learner: Learner, settings: RewardSettings, *, trainings: int) -> None:
        self._learner = learner
        self._settings = settings
        self._trainings = trainings

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records, those over the budget SCREENED_OUT with the prediction as reason."""
        return apply_to_live(records, self._screen)

    def _screen(self, records: list[Record]) -> list[Record]:
        if len(records) <= self._trainings:
            return records
        generation = records[0].generation
        draw = self._learner.draw(generation, len(records), self._trainings)
        model, screening, why = None, Screening(ScreeningState.EARLY), _EARLY
        if generation >= self._settings.first_generation:
            trust = self._learner.trust(generation)
            model = self._learner.model(generation) if trust.is_earned else None
            screening = Screening(ScreeningState.ASIDE, str(trust))
            why = f"the reward model is not used: {trust}"
        if model is None:
            passing = given_first(draw.order, records)[: self._trainings]
            return first_drawn(records, passing, f"; {why}", screening)
        by_chance = set(draw.order[: draw.random])
        by_chance |= {place for place, record in enumerate(records) if record.is_given}
        return self._chosen(records, model, sorted(by_chance)[: self._trainings])

    def _chosen(
        self, records: Sequence[Record], model: RewardModel, by_chance: Sequence[int]
    ) -> list[Record]:
        """The records, all but the random and the most promising ones SCREENED_OUT."""
        expected = model.predict(self._learner.features(records))
        margins, spreads = expected.value, expected.spread
        others = np.array(sorted(set(range(len(records))) - set(by_chance)))
        open_ones = expected.of(others)
        best = most_promising(
            open_ones.mean,
            open_ones.covariance,
            self._settings.optimism,
            self._trainings - len(by_chance),
        )
        passing = {*by_chance, *others[best].tolist()}
        return [
            record
            if place in passing
            else screened_out(
                record,
                f"the reward model expects a margin of {margins[place]:+.2f} ± "
                f"{spreads[place]:.2f}: others promise more",
                Screening(ScreeningState.SCREENS),
            )
            for place, record in enumerate(records)
        ]
