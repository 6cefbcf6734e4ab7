"""Judges the reward model of finished or running campaigns, from what they have evaluated."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from archive.reader import Reader
from evo import build
from evo.components.base import kinds
from evo.config import parse
from evo.errors import UsageError
from evo.reward.appraisal import FEWEST, Evaluated, Judgement, held_out, matrix, ranked
from evo.reward.features import joined
from evo.reward.guard import Trust
from evo.reward.learner import Learner
from evo.reward.model import Example
from evo.selection.individual import performance
from evo.types import Record

SOURCES = ("operator", "model")
"""What candidates of one campaign can be told apart by."""


def judge(histories: Sequence[Reader], *, by: str = "operator") -> Judgement:
    """The judgement of one campaign by its sources, or of several by campaign.

    Raises:
        UsageError: campaigns differ in kind, or too few candidates were evaluated.
    """
    if len({history.config["kind"] for history in histories}) > 1:
        raise UsageError("Expected campaigns of one kind: rewards of others say nothing of it.")
    if len(histories) > 1:
        by = "campaign"
    learners = [_learner(history) for history in histories]
    trust = _trust(learners[0], histories[0])
    parts = [_evaluated(*each, by) for each in zip(histories, learners, strict=True)]
    whole = Evaluated(
        joined([part.features for part in parts]),
        Example(*map(np.concatenate, zip(*(part.examples for part in parts), strict=True))),
        np.concatenate([part.came for part in parts]),
        [source for part in parts for source in part.sources],
    )
    seed = int(histories[0].config["seed"])
    everyone = np.arange(len(whole.came))
    return Judgement(
        names=[history.folder.name for history in histories],
        evaluated=len(everyone),
        screening=parse(histories[0].config, where="config.json").reward.screening,
        trust=trust,
        overall=ranked(held_out(whole, everyone, seed=seed), whole.came, seed=seed),
        by=by,
        pairs=matrix(whole, seed=seed),
    )


def _evaluated(history: Reader, learner: Learner, by: str) -> Evaluated:
    records = [r for r in history.records if r.novelty is not None and not r.is_baseline]
    if len(records) < FEWEST:
        raise UsageError(
            f"Expected at least {FEWEST} evaluated candidates, {history.folder.name} has "
            f"{len(records)}: too few to learn from."
        )
    return Evaluated(
        learner.features(records),
        Example.of([record.score for record in records if record.score is not None]),
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
    """One for a campaign; where no model chose, all that trained did so by chance."""
    config = parse(history.config, where=str(history.folder / "config.json"))
    settings = config.reward
    if not settings.screening:
        settings = settings.model_copy(update={"first_generation": config.generations + 1})
    config = config.model_copy(update={"reward": settings})
    return build.learner_of(config, kinds.get(config.kind)())


def _trust(learner: Learner, history: Reader) -> Trust:
    for generation, records in groupby(history.records, key=lambda record: record.generation):
        learner.remember(generation, list(records))
    return learner.trust(history.generation + 1)
