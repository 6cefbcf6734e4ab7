"""Evaluate the reward model on campaigns, finished or running, by their evaluated candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import torch

from archive.history.reader import Reader
from evo.campaign.config import parse
from evo.campaign.fresh_state import learner_of
from evo.components.kinds import kinds
from evo.core.arrays import Floats
from evo.core.errors import UsageError
from evo.core.performance import performance
from evo.core.records import Generation, Record
from evo.screening.appraisal import (
    FEWEST_CANDIDATES,
    Evaluated,
    Forecasts,
    Judgement,
    Ranked,
    forward,
    held_out,
    matrix,
    ranked,
)
from evo.screening.features import Features, join_features
from evo.screening.learner import Learner
from evo.screening.lessons import Lessons
from evo.screening.model import BLOCKS, Example
from evo.screening.trust import Trust

SOURCES = ("operator", "model")
"""Properties that can define the sources within one campaign."""


@dataclass(frozen=True)
class Rewards:
    """Evaluated candidates of campaigns of one kind. Make one with `Rewards.of`.

    Attributes:
        histories: the campaigns.
        learners: one per campaign.
        evaluated: the candidates of all campaigns, by campaign and generation.
        by: what sources are: "operator", "model" or "campaign".
        moments: (n,) share of its campaign's generations that had passed with a candidate's own.
    """

    histories: Sequence[Reader]
    learners: Sequence[Learner]
    evaluated: Evaluated
    by: str
    moments: Floats

    @classmethod
    def of(
        cls,
        histories: Sequence[Reader],
        *,
        by: str = "operator",
        most: int | None = None,
        fewest: int = FEWEST_CANDIDATES,
    ) -> "Rewards":
        """The rewards of one campaign by its sources, or of several by campaign.

        Args:
            histories: the campaigns.
            by: what sources are.
            most: candidates of each campaign that are looked at, evenly over its course; None for
                all of them.
            fewest: evaluated candidates that each campaign must have.

        Raises:
            UsageError: campaigns differ in kind, or too few candidates were evaluated.
        """
        if len({history.config["kind"] for history in histories}) > 1:
            raise UsageError(
                "Expected campaigns of one kind: rewards do not carry over between kinds."
            )
        if len(histories) > 1:
            by = "campaign"
        # Quicker for small tensors, and bit-identical to a campaign.
        torch.set_num_threads(1)
        learners = [_learner(history) for history in histories]
        chosen = [_chosen(history, most, fewest) for history in histories]
        parts = [
            _evaluated(records, history, learner, by)
            for records, history, learner in zip(chosen, histories, learners, strict=True)
        ]
        moments = [
            record.generation / history.generation
            for records, history in zip(chosen, histories, strict=True)
            for record in records
        ]
        evaluated = Evaluated(
            join_features([part.features for part in parts]),
            Example(*map(np.concatenate, zip(*(part.examples for part in parts), strict=True))),
            np.concatenate([part.performance for part in parts]),
            [source for part in parts for source in part.sources],
        )
        return cls(histories, learners, evaluated, by, np.array(moments))

    def judgement(self) -> Judgement:
        """Appraise a model's predictions for them."""
        first = self.histories[0]
        config = parse(first.config, where="config.json")
        forecasts = self.forecasts()
        return Judgement(
            names=[history.folder.name for history in self.histories],
            evaluated=len(self.evaluated.performance),
            screening=config.is_screened,
            trust=_trust(self.learners[0], first),
            overall=self.ranked(forecasts),
            by=self.by,
            pairs=matrix(self.evaluated, seed=self._seed),
            forecasts=forecasts,
        )

    def forecasts(self) -> Forecasts:
        """Forecasts for all of them, each by a model that did not see it."""
        everything = np.arange(len(self.evaluated.performance))
        return held_out(self.evaluated, everything, seed=self._seed)

    def ranked(self, forecasts: Forecasts) -> Ranked:
        """The quality of the ranking by these forecasts."""
        return ranked(forecasts.expected, self.evaluated.performance, seed=self._seed)

    def pairs(self, names: Mapping[str, str]) -> dict[tuple[str, str], Ranked]:
        """The quality of each ranking with sources under other names, such as a level of an axis.

        Args:
            names: by source; those with one name are one source.
        """
        sources = [names[source] for source in self.evaluated.sources]
        return matrix(replace(self.evaluated, sources=sources), seed=self._seed)

    @property
    def _seed(self) -> int:
        return int(self.histories[0].config["seed"])

    def ahead(self, parts: int) -> dict[int, Forecasts]:
        """Forecasts for each later part of the campaigns by a model of what came before it.

        Args:
            parts: number of parts of equal numbers of generations.

        Returns:
            By the number of the part, counted from 1; without those that lack candidates.
        """
        return forward(self.evaluated, np.ceil(self.moments * parts - 1e-9).astype(np.intp))

    def lessons(self) -> Lessons:
        """The same as examples that another campaign can start with.

        Raises:
            UsageError: campaigns differ in their first task, which features depend on, or one was
                made with other baselines.
        """
        first = self.histories[0]
        kind, task = first.config["kind"], first.config["tasks"][0]
        if any(history.config["tasks"][0] != task for history in self.histories):
            raise UsageError("Expected campaigns with the same first task: features depend on it.")
        references = [
            _reference(history, learner)
            for history, learner in zip(self.histories, self.learners, strict=True)
        ]
        lessons = Lessons(
            kind=kind,
            task=task,
            campaigns=[history.folder.name for history in self.histories],
            features={name: self.evaluated.features[name] for name in BLOCKS},
            examples=self.evaluated.examples,
            reference=references[0],
        )
        for history, reference in zip(self.histories[1:], references[1:], strict=True):
            where = f"{first.folder.name} beside {history.folder.name}"
            lessons.expect(kind=kind, task=task, reference=reference, where=where)
        return lessons


def _reference(history: Reader, learner: Learner) -> Features:
    """Features of the kind's first baseline, as a campaign's models see it.

    Raises:
        UsageError: the campaign was made with another baseline.
    """
    known = next(iter(kinds.get(history.config["kind"])().baselines().values()))
    baseline = [record for record in history.records if record.id == known.id][:1]
    if not baseline or not baseline[0].is_baseline:
        raise UsageError(f"{history.folder.name} was made with other baselines than evo has now.")
    return learner.features(baseline)


def _chosen(history: Reader, most: int | None, fewest: int) -> list[Record]:
    """The evaluated candidates of a campaign, or some of them evenly over its course.

    Raises:
        UsageError: they are too few to learn from.
    """
    records = [r for r in history.records if r.novelty is not None and not r.is_baseline]
    if len(records) < fewest:
        raise UsageError(
            f"Expected at least {fewest} evaluated candidates, {history.folder.name} has "
            f"{len(records)}: too few to learn from."
        )
    if most is None or len(records) <= most:
        return records
    return [records[place] for place in np.linspace(0, len(records) - 1, most).astype(int)]


def _evaluated(records: Sequence[Record], history: Reader, learner: Learner, by: str) -> Evaluated:
    return Evaluated(
        learner.features(records),
        Example.of(record.scored.margin for record in records),
        np.array([performance(record) for record in records]),
        [_source(record, history, by) for record in records],
    )


def _source(record: Record, history: Reader, by: str) -> str:
    if by == "campaign":
        return history.folder.name
    if by == "model":
        return record.candidate.model or "none"
    return record.candidate.operator


def _learner(history: Reader) -> Learner:
    """The learner of a campaign; without screening all trained candidates count as random."""
    config = parse(history.config, where=str(history.folder / "config.json"))
    settings = config.reward
    if not config.is_screened:
        settings = settings.model_copy(update={"first_generation": config.generations + 1})
    config = config.model_copy(update={"reward": settings})
    return learner_of(config, kinds.get(config.kind)(), history.folder)


def _trust(learner: Learner, history: Reader) -> Trust:
    for generation, records in groupby(history.records, key=lambda record: record.generation):
        learner.take(Generation(generation, list(records), ()))
    return learner.trust(history.generation + 1)
