"""The setting of a campaign as prompts describe it: tasks, networks, training and judging."""

import inspect
from collections.abc import Sequence

import numpy as np

from archive.novelty.novelty_archive import rms_distance
from archive.novelty.settings import NoveltySettings
from evo.components.base import Kind
from evo.core.records import Record
from evo.core.search_setting import JudgedBy, RungSetting, SearchSetting, TaskSetting
from evo.evaluation.protocol import Protocol, steps_per_epoch
from evo.selection.base import survivals
from evo.selection.settings import SelectionSettings
from evo.validation.graph.graph import Graph


def setting_of(
    kind: Kind,
    tasks: Sequence[TaskSetting],
    protocol: Protocol,
    *,
    selection: SelectionSettings,
    novelty: NoveltySettings,
    baselines: Sequence[tuple[str, Record]],
) -> SearchSetting:
    """The setting of a campaign.

    Args:
        kind: what is evolved.
        tasks: that each candidate trains on.
        protocol: rungs, learning rates and batches.
        selection: names the survival strategy.
        novelty: says what counts as the same.
        baselines: known components with their names, for the scale of distances.
    """
    survival = selection.strategies[0][0]
    closest, typical = _distances(baselines)
    return SearchSetting(
        role=" ".join(_first_line(member) for member in kind.members),
        tasks=tasks,
        rungs=[RungSetting(r.epochs, r.seeds, r.networks or 0) for r in protocol.rungs],
        keep=protocol.keep,
        learning_rates=protocol.learning_rates,
        strengths=protocol.strengths,
        batch_size=protocol.batch_size,
        steps=0
        if tasks[0].loop
        else steps_per_epoch(tasks[0].samples[0], protocol.batch_size, protocol.epoch_steps),
        judged_by=_judged_by(kind, protocol),
        survival=survival,
        survival_words=_first_line(survivals.get(survival)),
        compared="; ".join(f"{member.name}: {member.compared}" for member in kind.members)
        if len(kind.members) > 1
        else kind.compared,
        same_within=novelty.duplicate_within,
        closest=closest,
        typical=typical,
        inputs=_inputs([record for _, record in baselines]),
        operations=_operations([record for _, record in baselines]),
        remeasures=protocol.leaders > 0,
    )


def _first_line(of: object) -> str:
    return (inspect.getdoc(of) or "").partition("\n")[0]


def _judged_by(kind: Kind, protocol: Protocol) -> JudgedBy:
    if protocol.decided_by == "refined":
        return "refined"
    # What trains by a loss of its own cannot be judged by one.
    return "accuracy" if any(member.needs_classes for member in kind.members) else "loss"


def _distances(
    baselines: Sequence[tuple[str, Record]],
) -> tuple[tuple[str, str, float] | None, float]:
    """The nearest two known components with their distance, and the median of all distances."""
    if len(baselines) < 2:
        return None, 0.0
    vectors = np.stack([record.behaviour_vector for _, record in baselines])
    pairs = [
        (float(rms_distance(vectors[i], vectors[j : j + 1])[0]), baselines[i][0], baselines[j][0])
        for i in range(len(baselines))
        for j in range(i + 1, len(baselines))
    ]
    distance, one, other = min(pairs)
    return (one, other, distance), float(np.median([pair[0] for pair in pairs]))


def _operations(baselines: Sequence[Record]) -> tuple[int, int]:
    """Fewest and most tensor operations of a known component, all members together.

    Counted rather than timed: seconds differ between two processes, and prompts with them would
    make a resumed campaign another one.
    """
    counts = [sum(len(Graph.parse(text)) for text in record.graphs) for record in baselines]
    known = [count for count in counts if count]
    return (min(known), max(known)) if known else (0, 0)


def _inputs(
    baselines: Sequence[Record],
) -> dict[tuple[str, str], tuple[float, float, float, float]]:
    """Inputs of the first and the last activation, before and after training: medians."""
    sizes: dict[tuple[str, str], list[tuple[float, float, float, float]]] = {}
    for record in baselines:
        for one in record.diagnoses:
            inputs = (
                *(one.first_input_start, one.last_input_start),
                *(one.first_input_end, one.last_input_end),
            )
            if min(inputs) >= 0:
                sizes.setdefault((one.task, one.network), []).append(inputs)
    medians: dict[tuple[str, str], tuple[float, float, float, float]] = {}
    for stratum, rows in sizes.items():
        first, last, first_end, last_end = np.median(rows, axis=0).tolist()
        medians[stratum] = (first, last, first_end, last_end)
    return medians
