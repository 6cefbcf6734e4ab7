"""Judges single files outside of any campaign, with the same walls, trials and measures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

import numpy as np
import torch

from archive.novelty import rms_distance
from archive.reader import Reader
from evo import build
from evo.ablation import ablated_graphs, standard_graphs
from evo.baselines import behaviour_of, behaviour_scale, validated_baselines
from evo.components.base import Kind, kinds
from evo.config import Config, presets
from evo.evaluation.rungs import Evaluator, evaluate_baselines
from evo.registry import Registry, plugins
from evo.report.analysis import analyse, on_one_scale
from evo.report.credits import Credits, measured
from evo.report.lineage import lineage
from evo.report.objectives import DEFAULT, Objective, objectives_of
from evo.report.pictures.scene import Scene, sample
from evo.report.summary import best_record, score_facts
from evo.selection.base import parent_draws, survivals
from evo.steps import Evaluate, Validate
from evo.tabular.strategy import strategies
from evo.tasks.base import tasks
from evo.types import Candidate, Record, Status, Trial, Vector
from evo.validation.graphs import component_of
from evo.validation.sandbox import Sandbox
from evo.validation.validator import Validator
from operators.base import operators

Source = tuple[str, str]
"""A file's path and its text."""


def validate_sources(
    sources: Sequence[Source], kind_name: str, *, unsafe_sandbox: bool = False
) -> list[dict[str, Any]]:
    """What `evo validate --json` prints."""
    kind = kinds.get(kind_name)()
    records = _records(sources, kind)
    torch.set_num_threads(1)
    with Sandbox(unsafe=unsafe_sandbox) as sandbox:
        records = Validate(Validator(kind, sandbox))(records)
    return [
        {
            "path": path,
            "status": "invalid" if record.status is Status.INVALID else "valid",
            "stage": record.stage,
            "reason": record.reason,
            "graph_nodes": len(component_of(record.graph)) if record.graph else None,
        }
        for (path, _), record in zip(sources, records, strict=True)
    ]


def evaluate_sources(
    sources: Sequence[Source], config: Config, *, unsafe_sandbox: bool = False
) -> list[dict[str, Any]]:
    """What `evo evaluate --json` prints: each trains at every rung."""
    records = evaluate_records(sources, config, unsafe_sandbox=unsafe_sandbox)
    return [
        {
            "path": path,
            "status": record.status.value,
            "reason": record.reason,
            **score_facts(record),
            "seconds": record.seconds,
        }
        for (path, _), record in zip(sources, records, strict=True)
    ]


def evaluate_records(
    sources: Sequence[Source], config: Config, *, unsafe_sandbox: bool = False
) -> list[Record]:
    """A record for each source: every one trains at every rung, for all its trials."""
    kind = kinds.get(config.kind)()
    records = _records(sources, kind)
    torch.set_num_threads(1)
    with build.workers(config) as pool, Sandbox(unsafe=unsafe_sandbox) as sandbox:
        validator = Validator(kind, sandbox)
        records = Validate(validator)(records)
        if all(record.status is Status.INVALID for record in records):
            return records
        baselines = evaluate_baselines(
            pool.run, config.protocol, validated_baselines(kind, validator)
        )
        rivals = _Rivals(kind, baselines, within=config.novelty.duplicate_within)
        evaluate = Evaluate(Evaluator(pool.run, config.protocol.for_everyone, rivals))
        # Files with the same source are one candidate: it trains once, as a baseline if it is one.
        trained = {record.id: record for record in baselines}
        new = [record for record in _unique(records) if record.id not in trained]
        trained |= {record.id: record for record in evaluate(new)}
        return [rivals.named(trained[record.id]) for record in records]


def baseline_names(kind_name: str) -> dict[str, str]:
    """Names of a kind's baselines by id."""
    return {candidate.id: name for name, candidate in kinds.get(kind_name)().baselines().items()}


def scene_of(history: Reader, objectives: Sequence[Objective] = objectives_of(DEFAULT)) -> Scene:
    """What the pictures of a campaign are drawn from."""
    config, records = history.config, history.records
    kind = kinds.get(config["kind"])()
    best = best_record(records)
    samples, totals = sample(records)
    found = analyse(records, objectives)
    shown = [found.records[index] for index in (*found.members, *found.near)]
    return Scene(
        name=history.folder.name,
        title=f"{history.folder.name}: {config['kind']} on {', '.join(config['tasks'])}",
        analysis=found,
        names=baseline_names(kind.name),
        abscissae=kind.abscissae(),
        outputs=lambda record: behaviour_of(kind, record),
        samples=samples,
        totals=totals,
        lineage=[] if best is None else lineage(records, best),
        credits=credits_of(history, shown),
    )


def credits_of(history: Reader, chosen: Sequence[Record]) -> dict[str, Credits]:
    """The credits of a campaign's evaluated records by id; none where no kinds are combined."""
    kind = kinds.get(history.config["kind"])()
    last = len(history.config["protocol"]["rungs"]) - 1
    chosen = [record for record in chosen if record.score is not None and record.score.rung == last]
    if len(kind.members) == 1 or not chosen:
        return {}
    baselines = takewhile(lambda record: record.is_baseline, history.records)
    standards = standard_graphs(kind, baselines)
    return measured(chosen, lambda r: ablated_graphs(r.graph, standards), history.records)


def overlaid(scene: Scene, over: Scene) -> tuple[Scene, Scene]:
    """Two campaigns with hypervolumes counted from one reference."""
    one, other = on_one_scale([scene.analysis, over.analysis])
    return replace(scene, analysis=one), replace(over, analysis=other)


def catalogue() -> dict[str, dict[str, str]]:
    """What `evo list` shows: a line of description by name, for each sort of thing."""
    return {
        "kinds": _described(kinds),
        "tasks": _described(tasks),
        "operators": _described(operators),
        "survival": _described(survivals),
        "parents": _described(parent_draws),
        "tabular": _described(strategies),
        "presets": presets(),
        "plug-ins": {name: str(plugin) for name, plugin in plugins().items()},
    }


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
        self._trials = {r.id: r.score.trials for r in baselines if r.score is not None}

    def __call__(self, record: Record) -> Mapping[str, Sequence[Trial]]:
        distances = rms_distance(self._described(record), self._behaviours)
        return {
            id_: trials
            for (id_, trials), distance in zip(self._trials.items(), distances, strict=True)
            if distance > self._within
        }

    def named(self, record: Record) -> Record:
        """The record with a word on the baseline that it is, if it is one."""
        if record.score is None or len(found := self(record)) == len(self._trials):
            return record
        names = baseline_names(self._kind.name)
        same = ", ".join(names[id_] for id_ in self._trials if id_ not in found)
        return replace(record, reason=f"computes the same as {same}: compared with the others")

    def _described(self, record: Record) -> Vector:
        return self._scale(behaviour_of(self._kind, record))


def _unique(records: Sequence[Record]) -> list[Record]:
    return list({record.id: record for record in records}.values())


def _described(registry: Registry[Any]) -> dict[str, str]:
    """The first line of each class's docstring, by name."""
    found = {name: registry.get(name) for name in registry.names()}
    return {name: (cls.__doc__ or "").partition("\n")[0] for name, cls in found.items()}
