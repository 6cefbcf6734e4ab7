"""What a campaign has learned of rewards: its models, and how far they can be relied on.

Everything follows from sealed records and named seeds. The model of a generation is fitted anew on
those before it; what chance let through is told by the seed. So nothing is stored beside the
records, and a resumed campaign has the models of the uninterrupted one.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evo.core.records import Generation, Record, Score, Status
from evo.core.seeds import child_seed
from evo.screening.chance import chance_order
from evo.screening.choice import random_places
from evo.screening.features import Features, Portrayer, join_features
from evo.screening.lessons import Lessons
from evo.screening.model import Example, RewardModel
from evo.screening.settings import RewardSettings
from evo.screening.trust import PredictionCheck, Trust, trust
from evo.selection.individual import performance

_FEWEST = 24
"""Examples below which no model is fitted."""


class Draw(NamedTuple):
    """How chance orders the candidates of a generation that are valid and new.

    Attributes:
        order: their places, in the order in which chance picks them.
        random: how many of these pass whatever a model says.
    """

    order: Sequence[int]
    random: int


@dataclass(frozen=True)
class _Known:
    """An evaluated record with its score, and whether it passed by chance."""

    record: Record
    score: Score
    is_random: bool


class Learner:
    """Learns from sealed generations; give them in order.

    Args:
        portray: takes features.
        settings: the campaign's.
        trainings: how many train in a generation, at most.
        seed: the campaign's.
        lessons: what other campaigns have evaluated; the latest of it fills up the window.
    """

    def __init__(
        self,
        portray: Portrayer,
        settings: RewardSettings,
        *,
        trainings: int,
        seed: int,
        lessons: Lessons | None = None,
    ) -> None:
        self._portray = portray
        self._settings = settings
        self._trainings = trainings
        self._seed = seed
        self._lessons = lessons
        self._generations: deque[tuple[int, list[_Known]]] = deque()
        self._features: dict[str, Features] = {}
        self._models: dict[int, RewardModel | None] = {}

    def draw(self, generation: int, count: int) -> Draw:
        """How chance orders so many candidates of a generation."""
        order = chance_order(self._seed, generation, count)
        if generation < self._settings.first_generation or count <= self._trainings:
            return Draw(order, min(count, self._trainings))
        return Draw(order, random_places(self._trainings, self._settings.random_share))

    def take(self, sealed: Generation) -> None:
        """Take in a sealed generation; what no model needs any more is forgotten."""
        screened = [
            record
            for record in sealed.records
            if record.stage in ("screen", "evaluate") and not record.is_ablation
        ]
        draw = self.draw(sealed.number, len(screened))
        by_chance = set(draw.order[: draw.random])
        known = [
            _Known(record, record.score, is_random=place in by_chance and not record.is_baseline)
            for place, record in enumerate(screened)
            if record.status is Status.EVALUATED and record.score is not None
        ]
        self._generations.append((sealed.number, known))
        while len(self._generations) > 1 and self._is_forgettable():
            self._generations.popleft()
        kept = {each.record.id for _, part in self._generations for each in part}
        self._features = {id_: found for id_, found in self._features.items() if id_ in kept}
        self._models = {g: m for g, m in self._models.items() if g > sealed.number - self._watched}

    def model(self, generation: int) -> RewardModel | None:
        """The model for a generation, of those before it; None where they are too few."""
        if generation not in self._models:
            self._models[generation] = self._fitted(generation)
        return self._models[generation]

    def trust(self, generation: int) -> Trust:
        """How far the models of the generations before this one could be relied on."""
        watched = [g for g, _ in self._generations if generation - self._watched <= g < generation]
        foretold = [self._foretold(g) for g in watched]
        return trust([each for each in foretold if each is not None])

    def features(self, records: Sequence[Record]) -> Features:
        """Features of records, a row each; taken once, and kept as long as models need them."""
        for record in records:
            if record.id not in self._features:
                self._features[record.id] = self._portray([record])
        return join_features([self._features[record.id] for record in records])

    @property
    def _watched(self) -> int:
        return self._settings.watched

    def _is_forgettable(self) -> bool:
        """Whether even the oldest model that is watched has enough without the first generation."""
        later = list(self._generations)[1:]
        oldest = self._generations[-1][0] - self._watched
        return sum(len(known) for g, known in later if g < oldest) >= self._settings.window

    def _fitted(self, generation: int) -> RewardModel | None:
        known = [each for g, part in self._generations if g < generation for each in part]
        known = known[-self._settings.window :]
        features = self.features([each.record for each in known]) if known else {}
        examples = Example.of([each.score for each in known])
        if self._lessons is not None:
            features, examples = self._lessons.before(
                features, examples, most=self._settings.window - len(known)
            )
        if len(examples.b_wr) < _FEWEST:
            return None
        return RewardModel.fit(
            features, examples, seed=child_seed(self._seed, "reward", generation)
        )

    def _foretold(self, generation: int) -> PredictionCheck | None:
        known = [each for g, part in self._generations if g == generation for each in part]
        random = [each for each in known if each.is_random]
        model = self.model(generation) if random else None
        if model is None:
            return None
        prediction = model.predict(self.features([each.record for each in random]))
        return PredictionCheck(
            prediction.b_wr,
            prediction.b_wr_spread,
            np.array([performance(each.record) for each in random]),
            np.array([each.score.b_wr.value for each in random]),
        )
