"""The facts of `evo compare`: two campaigns side by side.

One run each tells which run is ahead, not which settings are better: that takes several seeds per
setting. What can be compared within one pair is their best candidates on trials that both have,
seed by seed; both were picked by these very trials, so both look better than they are.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from archive.history.machines import read_stays
from archive.history.reader import Reader
from archive.pareto import hypervolume
from evo.core.records import Record
from evo.evaluation.protocol import Protocol
from evo.evaluation.statistics.mean import student_mean, student_p
from evo.report.facts.front import Front, front_point, pareto_front
from evo.report.facts.status import status_facts

REFERENCE = (0.0, 0.0)
"""The reference point of both hypervolumes."""

MEASURED_BY = ("kind", "tasks", "protocol", "device")
"""Settings that must agree for win rates to mean the same."""
_DEFAULTS: Mapping[str, Any] = Protocol().model_dump(mode="json")
_WHO_TRAINS = ("keep", "racing", "heat_seeds", "leaders")
"""Settings of the protocol that decide which trains on how many seeds, not what a trial is."""
_FEWEST_SEEDS = 3
"""With fewer common seeds an interval would say nothing."""


def comparison_facts(one: Reader, other: Reader) -> dict[str, Any]:
    """The JSON document of `evo compare --json`."""
    fronts = [pareto_front(reader.records) for reader in (one, other)]
    differing = [key for key in MEASURED_BY if one.config.get(key) != other.config.get(key)]
    is_alike = not differing_trials(one.config, other.config)
    is_level = _rung(fronts[0]) == _rung(fronts[1])
    if not is_level:
        differing.append("highest rung reached")
    union = [*_points(fronts[0]), *_points(fronts[1])]
    machines = sorted({name for reader in (one, other) for name in machine_names(reader)})
    return {
        **({"machines": machines} if len(machines) > 1 else {}),
        "comparable": not differing,
        "differing": differing,
        "reference": list(REFERENCE),
        "runs": [_run_facts(r, front) for r, front in zip((one, other), fronts, strict=True)],
        "hypervolume_of_both": float(hypervolume(union, REFERENCE)) if union else 0.0,
        "front_members_beaten": [
            _beaten(fronts[0], fronts[1]),
            _beaten(fronts[1], fronts[0]),
        ],
        "best": _best_facts(*fronts) if is_level and is_alike else None,
    }


def paired_facts(one: Record, other: Record) -> dict[str, Any]:
    """Two candidates on the trials that both have: log(loss of the second / loss of the first).

    The trials of a seed share its data, so seeds are the unit: Student's t over their means gives
    the interval and the two-sided p. Nulls below three seeds.

    Args:
        one: a candidate with a score.
        other: another, of the same or of another campaign with the same protocol.
    """
    first, second = _losses(one), _losses(other)
    seeds: dict[int, list[float]] = {}
    for key in sorted(first.keys() & second.keys()):
        if (
            math.isfinite(first[key])
            and math.isfinite(second[key])
            and first[key] * second[key] > 0
        ):
            seeds.setdefault(key[-1], []).append(math.log(second[key] / first[key]))
    means = np.array([sum(ratios) / len(ratios) for ratios in seeds.values()])
    facts = {"ids": [one.id, other.id], "seeds": len(means)}
    if len(means) < _FEWEST_SEEDS:
        return {**facts, **dict.fromkeys(("log_loss_ratio", "log_loss_ratio_ci", "p"))}
    mean = student_mean(means)
    return {
        **facts,
        "log_loss_ratio": mean.value,
        "log_loss_ratio_ci": [mean.low, mean.high],
        "p": student_p(means),
    }


def differing_trials(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Settings by which a trial of the same task, network and seed is another training.

    Args:
        one: configuration of a campaign.
        other: that of another one.
    """
    settings, others = _trial_settings(one), _trial_settings(other)
    keys = dict.fromkeys((*settings, *others))
    return [key for key in keys if settings.get(key) != others.get(key)]


def _trial_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    settings = {key: config.get(key) for key in MEASURED_BY if key != "protocol"}
    # A campaign that began before there was a setting has trained by its default.
    protocol: Mapping[str, Any] = _DEFAULTS | config.get("protocol", {})
    kept = {f"protocol.{key}": protocol[key] for key in protocol if key not in _WHO_TRAINS}
    return settings | kept


def machine_names(reader: Reader) -> list[str]:
    """The machines that a campaign ran on, in order; empty where nobody wrote them down."""
    stays = read_stays(reader.folder)
    return list(dict.fromkeys(stay.name for stay in stays))


def _run_facts(reader: Reader, front: Front) -> dict[str, Any]:
    points = _points(front)
    return {
        **{key: value for key, value in status_facts(reader).items() if key != "llm"},
        "fully_evaluated": len(front.members) + len(front.others),
        "front": len(front.members),
        "hypervolume": float(hypervolume(points, REFERENCE)) if points else 0.0,
    }


def _beaten(front: Front, by: Front) -> int:
    """The number of members of a front that a member of the other dominates."""
    rivals = _points(by)
    return sum(
        any(
            all(r >= p for r, p in zip(rival, point, strict=True)) and rival != point
            for rival in rivals
        )
        for point in _points(front)
    )


def _best_facts(one: Front, other: Front) -> Mapping[str, Any] | None:
    """The first members of two fronts compared; None where one has none."""
    if not one.members or not other.members:
        return None
    return paired_facts(one.members[0], other.members[0])


def _losses(record: Record) -> dict[tuple[str, str, int], float]:
    """Losses at the highest rung by task, network and seed."""
    score = record.scored
    return {(t.task, t.network, t.seed): t.loss for t in score.trials if t.rung == score.rung}


def _points(front: Front) -> list[tuple[float, float]]:
    return [front_point(record) for record in front.members]


def _rung(front: Front) -> int:
    best = front.members[0].score if front.members else None
    return -1 if best is None else best.rung
