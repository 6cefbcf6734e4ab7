"""The steps of a generation: each takes records and returns them, advanced or dropped.

A record still under way has status PROPOSED. One that is dropped keeps its place in the list, with
a status and a reason, so that history shows what happened to every proposal.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from archive.novelty.descriptors import BehaviourScale, TextDescriptor
from archive.novelty.novelty_archive import NoveltyArchive
from evo.campaign.baselines import described_behaviour
from evo.components.base import Kind
from evo.core.records import Record, Status
from evo.core.stages import Stage, TrainingEnd
from evo.core.step import apply_to_live
from evo.core.worth import shrunken_margins
from evo.evaluation.rungs import Evaluator
from evo.selection.population import Population
from evo.validation.refusal import Refused
from evo.validation.validator import Validation, Validator


class Validate:
    """Policy, trace and contract; a record that has a graph has passed and is not checked again."""

    def __init__(self, validator: Validator) -> None:
        self._validator = validator

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records with a graph, or INVALID."""
        return apply_to_live(records, self._validate)

    def _validate(self, records: list[Record]) -> list[Record]:
        unknown = [record for record in records if not record.graphs]
        verdicts = iter(self._validator.validate([record.candidate for record in unknown]))
        return [record if record.graphs else _judged(record, next(verdicts)) for record in records]


def _judged(record: Record, verdict: Validation) -> Record:
    if isinstance(verdict, Refused):
        return replace(
            record,
            status=Status.INVALID,
            stage=verdict.stage,
            reason=verdict.reason,
            member=verdict.member,
        )
    return replace(record, graphs=verdict.texts)


class Recognise:
    """Computes behaviour vectors; a component with the behaviour of a known one is a DUPLICATE."""

    def __init__(self, kind: Kind, scale: BehaviourScale, archive: NoveltyArchive) -> None:
        self._kind = kind
        self._scale = scale
        self._archive = archive
        self._also: Sequence[Record] = ()

    @contextmanager
    def also_known(self, records: Sequence[Record]) -> Generator[None]:
        """Know these records too while the context lasts; each has a behaviour vector."""
        self._also = records
        try:
            yield
        finally:
            self._also = ()

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records with a behaviour vector, or DUPLICATE."""
        return apply_to_live(records, self._recognise)

    def _recognise(self, records: list[Record]) -> list[Record]:
        if not records:
            return []
        vectors = np.stack(
            [described_behaviour(self._kind, record, self._scale) for record in records]
        )
        known = [record.behaviour_vector for record in self._also]
        ids = [record.id for record in (*self._also, *records)]
        twins = self._archive.duplicates(ids, np.stack([*known, *vectors]))[len(known) :]
        return [
            replace(record, behaviour_vector=vector)
            if twin is None
            else replace(
                record,
                behaviour_vector=vector,
                status=Status.DUPLICATE,
                stage=Stage.NOVELTY,
                reason=f"computes the same as {twin}",
            )
            for record, vector, twin in zip(records, vectors, twins, strict=True)
        ]


class Evaluate:
    """Trains the remaining records and scores them."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records EVALUATED, or FAILED."""
        return apply_to_live(records, self._evaluator.evaluate)


class Remeasure:
    """Measures candidates again on fresh seeds before they lead, as a challenge in irace.

    The best of many noisy measurements is mostly the luckiest (López-Ibáñez et al. 2016, "The irace
    package"). Leaders are the first of population and newborn by worth, see `evo.core.worth`.
    As results come in others may rise among them: it repeats until all leaders are measured twice.

    Args:
        evaluator: trains on the fresh seeds.
        population: survivors so far.
        leaders: number of leaders; 0 for no second measurement.
        last_rung: index of the rung that leaders have reached.
    """

    def __init__(
        self, evaluator: Evaluator, population: Population, *, leaders: int, last_rung: int
    ) -> None:
        self._evaluator = evaluator
        self._population = population
        self._leaders = leaders
        self._last_rung = last_rung

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records; those that would lead with a score of all trials."""
        results = records
        while due := self._due(results):
            measured = {record.id: record for record in self._evaluator.remeasure(due)}
            results = [
                measured.get(record.id, record) if record.score is not None else record
                for record in results
            ]
        return results

    def _due(self, records: list[Record]) -> list[Record]:
        """Leaders among the records that have not trained on the fresh seeds."""
        known = [individual.record for individual in self._population.individuals]
        contenders = [
            record
            for record in [*known, *records]
            if record.score is not None
            and record.score.rung == self._last_rung
            and record.score.end.is_whole
        ]
        worths = shrunken_margins(contenders)
        ranked = sorted(
            zip(-worths, contenders, strict=True), key=lambda pair: (pair[0], pair[1].id)
        )
        leaders = [record for _, record in ranked[: self._leaders]]
        old = {record.id for record in known}
        return [
            record
            for record in leaders
            if record.id not in old and record.scored.end is TrainingEnd.COMPLETE
        ]


class Archive:
    """Takes the N-scores of evaluated records in order; each counts as known for the next."""

    def __init__(self, text: TextDescriptor, archive: NoveltyArchive) -> None:
        self._text = text
        self._archive = archive

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records, evaluated ones with their text vector and N-scores."""
        evaluated = [record for record in records if record.status is Status.EVALUATED]
        texts = self._text([record.candidate.source for record in evaluated])
        described = [
            replace(record, text_vector=vector)
            for record, vector in zip(evaluated, texts, strict=True)
        ]
        arrived = (
            replace(record, novelty=novelty)
            for record, novelty in zip(described, self._archive.n_scores(described), strict=True)
        )
        return [next(arrived) if r.status is Status.EVALUATED else r for r in records]
