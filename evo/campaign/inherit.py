"""Generation 0 of a campaign that begins with others: their components beside the baselines.

Everything follows from the campaign's own folder (`archive.history.origins`), so that a resume
needs nothing else. Where the trainings of another campaign count, scores are computed from its
trials against the baselines of this one, and nothing trains twice. Where they do not, its survivors
train again, and its other components are known without a score: what computes the same as one of
them is a duplicate, and N-scores are relative to them too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from archive.novelty.descriptors import TextDescriptor
from archive.novelty.novelty_archive import NoveltyArchive
from evo.campaign import steps
from evo.campaign.ablation import Ablate, AblationState
from evo.campaign.baselines import behaviour_scale
from evo.campaign.bequests import Bequest, trials_of
from evo.campaign.config import Config
from evo.campaign.member_graphs import standard_graphs
from evo.campaign.progress import Tracker
from evo.components.base import Kind
from evo.components.combination import Combination
from evo.core.records import GIVEN_OPERATOR, Generation, Record, Status
from evo.core.stages import Stage
from evo.core.trials import Trial
from evo.evaluation.rungs import Evaluator, Runner
from evo.evaluation.statistics.win_rates import score
from evo.selection.islands import Islands
from evo.selection.population import Population
from evo.validation.validator import Validator

_AT_ONCE = 256
"""Components described at once, which bounds the memory and the comparisons among them."""


class Inherit:
    """Makes records of generation 0 of what a campaign took of others.

    Args:
        kind: of the campaign.
        config: of the campaign.
        islands: of the campaign.
        validator: checks components that another version of evo had checked.
        text: embeds sources.
        train: trains survivors again.
        tracker: reports progress.
    """

    def __init__(
        self,
        kind: Kind,
        config: Config,
        islands: Islands,
        *,
        validator: Validator,
        text: TextDescriptor,
        train: Runner,
        tracker: Tracker,
    ) -> None:
        self._kind = kind
        self._config = config
        self._islands = islands
        self._validate = steps.Validate(validator)
        self._text = text
        self._train = train
        self._tracker = tracker

    def __call__(self, known: Sequence[Bequest], baselines: Sequence[Record]) -> list[Record]:
        """The records, in the order of the other campaigns; those whose trainings count first."""
        self._tracker.step(0, "inherit", [])
        past = _past(known, baselines)
        records = self._validate([one.record for one in past.values()])
        records = self._described(records, baselines)
        rivals = {one.id: one.scored.trials for one in baselines}
        records = [_judged(record, past[record.id], rivals) for record in records]
        records = self._trained_again(records, rivals)
        survivors = [record for record in records if past[record.id].survives]
        measured = {record.id: record for record in self._remeasured(survivors, rivals)}
        records = [measured.get(record.id, record) for record in records]
        self._tracker.step(0, "archive", records)
        records = self._archived(records, baselines)
        if isinstance(self._kind, Combination):
            records = self._with_ablations(self._kind, records, baselines)
        return records

    def _described(self, records: Sequence[Record], baselines: Sequence[Record]) -> list[Record]:
        """The records with both vectors; those that compute the same as an earlier one end here."""
        archive = self._archive_of(baselines)
        recognise = steps.Recognise(self._kind, behaviour_scale(self._kind, baselines), archive)
        described: list[Record] = []
        for start in range(0, len(records), _AT_ONCE):
            for record in recognise(list(records[start : start + _AT_ONCE])):
                described.append(self._embedded(record))
            new = [one for one in described[start:] if one.status is Status.PROPOSED]
            if new:
                archive.add(
                    [record.id for record in new],
                    np.stack([record.text_vector for record in new]),
                    np.stack([record.behaviour_vector for record in new]),
                )
        return described

    def _embedded(self, record: Record) -> Record:
        if record.status is not Status.PROPOSED or record.text_vector.size:
            return record
        (vector,) = self._text([record.candidate.source])
        return replace(record, text_vector=vector)

    def _trained_again(
        self, records: Sequence[Record], rivals: Mapping[str, Sequence[Trial]]
    ) -> list[Record]:
        """The records; open ones are survivors, which train every trial but the fresh ones."""
        due = [record for record in records if record.status is Status.PROPOSED]
        self._tracker.step(0, "again", due)
        everyone = self._config.protocol.for_everyone
        evaluated = Evaluator(self._train, everyone, lambda _: rivals).evaluate(due)
        trained = {record.id: record for record in evaluated}
        return [trained.get(record.id, record) for record in records]

    def _remeasured(
        self, survivors: list[Record], rivals: Mapping[str, Sequence[Trial]]
    ) -> list[Record]:
        protocol = self._config.protocol
        remeasure = steps.Remeasure(
            Evaluator(self._train, protocol, lambda _: rivals),
            Population(self._islands),
            leaders=protocol.leaders,
            last_rung=len(protocol.rungs) - 1,
        )
        return remeasure(survivors)

    def _archived(self, records: Sequence[Record], baselines: Sequence[Record]) -> list[Record]:
        """The records, evaluated ones with N-scores relative to all that is known before them."""
        archive = self._archive_of(baselines)
        archived: list[Record] = []
        for start in range(0, len(records), _AT_ONCE):
            part = list(records[start : start + _AT_ONCE])
            known = [
                record
                for record in part
                if record.status in (Status.EVALUATED, Status.SCREENED_OUT)
            ]
            scores = dict(zip((one.id for one in known), archive.n_scores(known), strict=True))
            part = [
                replace(record, novelty=scores[record.id])
                if record.status is Status.EVALUATED
                else record
                for record in part
            ]
            archive.add_records(part)
            archived += part
        return archived

    def _with_ablations(
        self, kind: Combination, records: list[Record], baselines: Sequence[Record]
    ) -> list[Record]:
        """The records, then the ablations of their front, most of which the others trained."""
        self._tracker.step(0, "ablate", records)
        protocol, rivals = self._config.protocol, {b.id: b.scored.trials for b in baselines}
        past = AblationState(len(protocol.rungs) - 1)
        past.take(Generation(0, baselines, ()))
        evaluator = Evaluator(self._train, protocol.for_everyone, lambda _: rivals)
        standards = standard_graphs(kind.name, baselines)
        return Ablate(kind, evaluator, standards=standards, past=past)(records)

    def _archive_of(self, baselines: Sequence[Record]) -> NoveltyArchive:
        archive = NoveltyArchive.of(self._config.novelty)
        archive.add_records(baselines)
        return archive


class _Past(NamedTuple):
    """A component of another campaign: its record here so far, and that of the other campaign."""

    record: Record
    earlier: Record
    counts: bool
    survives: bool


def _past(known: Sequence[Bequest], baselines: Sequence[Record]) -> dict[str, _Past]:
    """The components of other campaigns by id, each once, in order."""
    survivors = {id_ for bequest in known for id_ in bequest.kept.survivors}
    ids = {record.id for record in baselines}
    past: dict[str, _Past] = {}
    for bequest in known:
        has_text = bequest.origin.same_text_model
        for earlier in _taken(bequest):
            before = past.get(earlier.id)
            if earlier.id in ids or (before and _worth(before.earlier) >= _worth(earlier)):
                continue
            if before and before.counts > bequest.counts:
                continue
            record = _begun(earlier, bequest)
            if has_text:
                record = replace(record, text_vector=earlier.text_vector)
            survives = earlier.id in survivors
            past[earlier.id] = _Past(record, earlier, bequest.counts, survives)
    return past


def _taken(bequest: Bequest) -> Iterator[Record]:
    """The components up to the generation that was taken; a failure is known where it counts."""
    for record in bequest.kept.records:
        is_known = record.score is not None or bequest.counts
        if record.generation <= bequest.origin.generation and is_known and not record.is_ablation:
            yield record


def _worth(record: Record) -> int:
    """Number of trials that a record has."""
    return len(trials_of(record))


def _begun(earlier: Record, bequest: Bequest) -> Record:
    """The record as it begins here: nothing that was paid for elsewhere counts as spent."""
    candidate = replace(earlier.candidate, request="")
    if earlier.is_baseline:
        candidate = replace(candidate, operator=GIVEN_OPERATOR)
    origin = bequest.origin
    return Record(
        candidate,
        generation=0,
        graphs=earlier.graphs if origin.same_versions else (),
        reason=f"from {origin.run}, generation {earlier.generation}",
    )


def _judged(record: Record, past: _Past, rivals: Mapping[str, Sequence[Trial]]) -> Record:
    """The record with its score where its trainings count; else open where it is to train."""
    if record.status is not Status.PROPOSED:
        return record
    earlier = past.earlier
    if past.counts and earlier.score is not None:
        fresh = replace(score(earlier.score.trials, rivals), end=earlier.score.end)
        return replace(record, status=Status.EVALUATED, stage=Stage.EVALUATE, score=fresh)
    if past.counts:
        reason = f"{record.reason}: {earlier.reason}"
        return replace(record, status=Status.FAILED, stage=Stage.EVALUATE, reason=reason)
    if past.survives:
        return record
    reason = f"{record.reason}: known, and not trained here"
    return replace(record, status=Status.SCREENED_OUT, stage=Stage.SCREEN, reason=reason)
