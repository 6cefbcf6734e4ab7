"""Judge single sources outside of any campaign, with the same sandbox, trials and measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from archive.novelty.novelty_archive import rms_distance
from evo.campaign import process
from evo.campaign.baselines import behaviour_scale, described_behaviour
from evo.campaign.config import Config
from evo.campaign.steps import Evaluate, Validate
from evo.components.base import Kind
from evo.components.kinds import baseline_names, kinds
from evo.compute.numerics import sound_numerics
from evo.core.records import Candidate, Record, Score, Status, Vector
from evo.core.stages import Stage
from evo.core.trials import Trial
from evo.evaluation.rungs import Evaluator, evaluate_baselines
from evo.evaluation.statistics.trial_values import trials_of_baselines
from evo.report.facts.figures import figure_facts
from evo.report.facts.record import score_facts
from evo.validation.baselines import validated_baselines
from evo.validation.graph.graphs import component_of
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator

Source = tuple[str, str]
"""A source's path, empty where it has none, and its text."""


@dataclass(frozen=True)
class ValidationResult:
    """Result of validating a source: accepted, or refused with stage and reason.

    Attributes:
        path: of its file; empty where the source was given as text.
        is_valid: whether it passes the policy, the tracer and the contract.
        stage: the step that refused it; empty for a valid source.
        reason: why, in words; empty for a valid source.
        graph_nodes: number of operators in its graph; None for a refused source.
        finite_to: the largest size of inputs tried up to which outputs and gradients are finite;
            None for a refused source, and for kinds without such a range.
    """

    path: str
    is_valid: bool
    stage: Stage
    reason: str
    graph_nodes: int | None
    finite_to: float | None


@dataclass(frozen=True)
class EvaluationResult:
    """Result of training a source, in comparison with the baselines of its kind.

    Attributes:
        path: of its file; empty where the source was given as text.
        record: everything known of it: score, trials, graph, seconds.
        figures: loss and metric by task, beside the best baseline's, see `figure_facts`.
    """

    path: str
    record: Record
    figures: Sequence[Mapping[str, Any]] = ()

    @property
    def status(self) -> Status:
        """EVALUATED, INVALID or FAILED."""
        return self.record.status

    @property
    def reason(self) -> str:
        """The reason why it was not evaluated, or the baseline that it equals; empty otherwise."""
        return self.record.explanation

    @property
    def score(self) -> Score | None:
        """Win rates, margin and trials; None unless evaluated."""
        return self.record.score


def validate_sources(
    sources: Sequence[Source], kind_name: str, *, unsafe_sandbox: bool = False
) -> list[ValidationResult]:
    """Validate each source in a sandbox; results in order."""
    kind = kinds.get(kind_name)()
    records = _records(sources, kind)
    with sound_numerics(), Sandbox(unsafe=unsafe_sandbox) as sandbox:
        records = Validate(Validator(kind, sandbox))(records)
    return [_result(kind, path, record) for (path, _), record in zip(sources, records, strict=True)]


def _result(kind: Kind, path: str, record: Record) -> ValidationResult:
    component = component_of(record.graphs) if record.graphs else None
    return ValidationResult(
        path,
        record.status is not Status.INVALID,
        record.stage,
        record.explanation,
        None if component is None else len(component),
        None if component is None else kind.reach(component),
    )


def validation_facts(results: Sequence[ValidationResult]) -> list[dict[str, Any]]:
    """The JSON document of `evo validate --json`."""
    return [
        {
            "path": result.path,
            "status": "valid" if result.is_valid else "invalid",
            "stage": result.stage,
            "reason": result.reason,
            "graph_nodes": result.graph_nodes,
            "finite_to": result.finite_to,
        }
        for result in results
    ]


def evaluate_sources(
    sources: Sequence[Source], config: Config, *, unsafe_sandbox: bool = False
) -> list[EvaluationResult]:
    """Train each source at every rung; results in order."""
    records, baselines = _evaluated(sources, config, unsafe_sandbox=unsafe_sandbox)
    trials, names = trials_of_baselines(baselines), baseline_names(config.kind)
    return [
        EvaluationResult(path, record, figure_facts(record, trials, names))
        for (path, _), record in zip(sources, records, strict=True)
    ]


def evaluation_facts(results: Sequence[EvaluationResult]) -> list[dict[str, Any]]:
    """The JSON document of `evo evaluate --json`."""
    return [
        {
            "path": result.path,
            "status": result.status.value,
            "reason": result.reason,
            **score_facts(result.record),
            "figures": list(result.figures),
            "seconds": result.record.seconds,
        }
        for result in results
    ]


def evaluate_records(
    sources: Sequence[Source], config: Config, *, unsafe_sandbox: bool = False
) -> list[Record]:
    """Train each source at every rung, for all its trials; one record per source."""
    return _evaluated(sources, config, unsafe_sandbox=unsafe_sandbox)[0]


def _evaluated(
    sources: Sequence[Source], config: Config, *, unsafe_sandbox: bool
) -> tuple[list[Record], list[Record]]:
    """One record per source, and the baselines, which are none where no source is valid."""
    kind = kinds.get(config.kind)()
    records = _records(sources, kind)
    with (
        sound_numerics(),
        process.workers(config) as pool,
        Sandbox(unsafe=unsafe_sandbox) as sandbox,
    ):
        validator = Validator(kind, sandbox)
        records = Validate(validator)(records)
        if all(record.status is Status.INVALID for record in records):
            return records, []
        baselines = evaluate_baselines(
            pool.run,
            config.protocol.for_everyone,
            validated_baselines(kind, validator),
            names=baseline_names(config.kind),
        )
        rivals = _Rivals(kind, baselines, within=config.novelty.duplicate_within)
        evaluate = Evaluate(Evaluator(pool.run, config.protocol.for_everyone, rivals))
        # Files with the same source are one candidate: it trains once, as a baseline if it is one.
        trained = {record.id: record for record in baselines}
        new = [record for record in _unique(records) if record.id not in trained]
        trained |= {record.id: record for record in evaluate(new)}
        return [rivals.named(trained[record.id]) for record in records], baselines


def _records(sources: Sequence[Source], kind: Kind) -> list[Record]:
    return [
        Record(Candidate.of(kind.name, source, operator="file"), generation=0)
        for _, source in sources
    ]


class _Rivals:
    """Trials of the baselines that a file is compared with: all but the one that it is itself."""

    def __init__(self, kind: Kind, baselines: Sequence[Record], *, within: float) -> None:
        self._kind = kind
        self._within = within
        self._scale = behaviour_scale(kind, baselines)
        self._behaviours = np.stack([self._described(record) for record in baselines])
        self._trials = {r.id: r.scored.trials for r in baselines}

    def __call__(self, record: Record) -> Mapping[str, Sequence[Trial]]:
        distances = rms_distance(self._described(record), self._behaviours)
        return {
            id_: trials
            for (id_, trials), distance in zip(self._trials.items(), distances, strict=True)
            if distance > self._within
        }

    def named(self, record: Record) -> Record:
        """The record with a note that names the baseline it equals, if there is one."""
        if record.score is None or len(rivals := self(record)) == len(self._trials):
            return record
        names = baseline_names(self._kind.name)
        same = ", ".join(names[id_] for id_ in self._trials if id_ not in rivals)
        return replace(record, reason=f"computes the same as {same}: compared with the others")

    def _described(self, record: Record) -> Vector:
        return described_behaviour(self._kind, record, self._scale)


def _unique(records: Sequence[Record]) -> list[Record]:
    return list({record.id: record for record in records}.values())
