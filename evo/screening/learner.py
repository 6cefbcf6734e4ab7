"""The reward models of a campaign, and how far they can be trusted.

All of it follows from sealed records and named seeds. The model of a generation is fitted to those
before it; which candidates passed at random follows from the seed. So nothing but records is
stored, and a resumed campaign has the models of the uninterrupted one.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evo.core.performance import performance
from evo.core.records import Generation, Record, Score, Status
from evo.core.stages import Stage
from evo.screening.chance import chance_order
from evo.screening.choice import random_count
from evo.screening.features import FeatureExtractor, Features, join_features
from evo.screening.lessons import Lessons
from evo.screening.model import Example, RewardModel
from evo.screening.settings import RewardSettings
from evo.screening.trust import PredictionCheck, Trust, trust

_FEWEST = 24
"""Fewest examples that a model is fitted to."""


class Draw(NamedTuple):
    """The random order of the valid and new candidates of a generation.

    Attributes:
        order: their indices.
        random: number of the first of these that pass regardless of the model.
    """

    order: Sequence[int]
    random: int


@dataclass(frozen=True)
class _Trained:
    """An evaluated record with its score, and whether it passed at random."""

    record: Record
    score: Score
    is_random: bool


class Learner:
    """Fits a reward model per generation; takes sealed generations in order.

    Args:
        extract_features: computes the features of records.
        settings: of the campaign.
        seed: of the campaign.
        lessons: examples of other campaigns; the latest of them fill up the window.
        fit: fits a model, see `RewardModel.fit`.
    """

    def __init__(
        self,
        extract_features: FeatureExtractor,
        settings: RewardSettings,
        *,
        seed: int,
        lessons: Lessons | None = None,
        fit: Callable[[Features, Example], RewardModel] = RewardModel.fit,
    ) -> None:
        self._extract_features = extract_features
        self._settings = settings
        self._seed = seed
        self._lessons = lessons
        self._fit = fit
        self._generations: deque[tuple[int, list[_Trained]]] = deque()
        self._features: dict[str, Features] = {}
        self._models: dict[int, RewardModel | None] = {}

    def draw(self, generation: int, count: int, trainings: int) -> Draw:
        """The random order of `count` candidates of a generation, of which `trainings` train."""
        order = chance_order(self._seed, generation, count)
        if generation < self._settings.first_generation or count <= trainings:
            return Draw(order, min(count, trainings))
        return Draw(order, random_count(trainings, self._settings.random_share))

    def take(self, sealed: Generation) -> None:
        """Add a sealed generation, and drop what no model needs any more."""
        screened = [
            record
            for record in sealed.records
            if record.stage in (Stage.SCREEN, Stage.EVALUATE) and not record.is_ablation
        ]
        # As many passed as the generation had trainings, whatever the setting is today.
        passed = sum(record.status is not Status.SCREENED_OUT for record in screened)
        draw = self.draw(sealed.number, len(screened), passed)
        by_chance = set(draw.order[: draw.random])
        trained = [
            _Trained(record, record.score, is_random=index in by_chance and record.generation > 0)
            for index, record in enumerate(screened)
            if record.status is Status.EVALUATED and record.score is not None
        ]
        self._generations.append((sealed.number, trained))
        while len(self._generations) > 1 and self._is_forgettable():
            self._generations.popleft()
        kept_ids = {example.record.id for _, part in self._generations for example in part}
        self._features = {id_: row for id_, row in self._features.items() if id_ in kept_ids}
        self._models = {g: m for g, m in self._models.items() if g > sealed.number - self._watched}

    def model(self, generation: int) -> RewardModel | None:
        """The model for a generation, fitted to those before it; None with too few examples."""
        if generation not in self._models:
            self._models[generation] = self._fitted(generation)
        return self._models[generation]

    def trust(self, generation: int) -> Trust:
        """Trust in the models of the generations before this one, by their random candidates."""
        watched = [g for g, _ in self._generations if generation - self._watched <= g < generation]
        checks = [self._checked(g) for g in watched]
        return trust([check for check in checks if check is not None])

    def features(self, records: Sequence[Record]) -> Features:
        """Features of records, one row each; cached as long as models need them."""
        for record in records:
            if record.id not in self._features:
                self._features[record.id] = self._extract_features([record])
        return join_features([self._features[record.id] for record in records])

    @property
    def _watched(self) -> int:
        return self._settings.watched

    def _is_forgettable(self) -> bool:
        """True if even the oldest watched model has a full window without the first generation."""
        later = list(self._generations)[1:]
        oldest = self._generations[-1][0] - self._watched
        return sum(len(part) for g, part in later if g < oldest) >= self._settings.window

    def _fitted(self, generation: int) -> RewardModel | None:
        trained = [example for g, part in self._generations if g < generation for example in part]
        trained = trained[-self._settings.window :]
        features = self.features([example.record for example in trained]) if trained else {}
        examples = Example.of(example.score.margin for example in trained)
        if self._lessons is not None:
            features, examples = self._lessons.before(
                features, examples, most=self._settings.window - len(trained)
            )
        if len(examples.value) < _FEWEST:
            return None
        return self._fit(features, examples)

    def _checked(self, generation: int) -> PredictionCheck | None:
        """Predictions and results of a generation's random candidates; None without a model."""
        trained = [example for g, part in self._generations if g == generation for example in part]
        random = [example for example in trained if example.is_random]
        model = self.model(generation) if random else None
        if model is None:
            return None
        prediction = model.predict(self.features([example.record for example in random]))
        measured = Example.of(example.score.margin for example in random)
        return PredictionCheck(
            prediction.value,
            prediction.spread,
            np.array([performance(example.record) for example in random]),
            measured.value,
            measured.error,
        )
