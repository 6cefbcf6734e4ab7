"""The objectives a front can have: measures of a record with a direction and a worst value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evo.core.errors import UsageError, unknown_name
from evo.core.records import Record
from evo.core.source import normalise
from evo.evaluation.statistics.trial_values import at_highest_rung, mean_over_tasks

if TYPE_CHECKING:
    from evo.report.facts.cost import Cost


@dataclass(frozen=True)
class Objective:
    """One measure of a fully evaluated record.

    Attributes:
        key: its name in `--objectives` and `--json`.
        label: the label of an axis.
        read: takes the measure of a record.
        worst: the reference for hypervolume; None where no value is the worst possible, and the
            worst of any candidate is taken.
        is_minimised: whether less is better.
        is_noisy: whether trials measured it, so that it has an interval.
    """

    key: str
    label: str
    read: Callable[[Record], float]
    worst: float | None = 0.0
    is_minimised: bool = False
    is_noisy: bool = False

    @property
    def sign(self) -> float:
        """The factor that turns the measure into one to be maximised: 1 or -1."""
        return -1.0 if self.is_minimised else 1.0


class TaskMeans(NamedTuple):
    """Means over tasks, which weigh alike, of the trials at the highest rung."""

    loss: float
    metric: float


_WORST_LOSS = 1e9
"""Stands for the loss of a lost trial: a front takes no infinity."""


def mean_of_tasks(record: Record) -> TaskMeans:
    """Mean loss and metric of a scored record; a lost trial counts as the worst."""
    trials = at_highest_rung(record.scored.trials)
    losses = np.minimum([trial.loss for trial in trials], _WORST_LOSS)
    metrics = np.nan_to_num([trial.accuracy for trial in trials], nan=0.0)
    return TaskMeans(mean_over_tasks(trials, losses), mean_over_tasks(trials, metrics))


def _text_novelty(record: Record) -> float:
    novelty = record.archived.text
    if novelty is None:
        raise UsageError(
            "Objective 'n_text' is not known in a campaign with novelty.text_model = 'none'; "
            "choose other objectives."
        )
    return novelty


def _cost(record: Record) -> "Cost":
    from evo.report.facts.cost import cost_of  # noqa: PLC0415 - imports torch

    return cost_of(record)


def _nodes(record: Record) -> int:
    from evo.validation.graph.graphs import component_of  # noqa: PLC0415 - imports torch

    return len(component_of(record.graphs))


OBJECTIVES = {
    objective.key: objective
    for objective in (
        Objective(
            "b_wr",
            "B-WR (chance to beat a baseline)",
            lambda record: record.scored.b_wr.value,
            is_noisy=True,
        ),
        Objective(
            "bsota_wr",
            "BSOTA-WR (chance to beat the best baseline)",
            lambda record: record.scored.bsota_wr.value,
            is_noisy=True,
        ),
        Objective(
            "margin",
            "margin (mean log-ratio of losses to the best baseline's)",
            lambda record: record.scored.margin.value,
            worst=-3.0,
            is_noisy=True,
        ),
        Objective(
            "n_text",
            "text N-score (1 − cosine to the nearest known source)",
            _text_novelty,
        ),
        Objective(
            "n_behaviour",
            "behaviour N-score (distance to the nearest known component)",
            lambda record: record.archived.behaviour,
        ),
        Objective(
            "loss",
            "mean test loss",
            lambda record: mean_of_tasks(record).loss,
            worst=None,
            is_minimised=True,
        ),
        Objective(
            "metric",
            "mean accuracy, R² or metric of a loop",
            lambda record: mean_of_tasks(record).metric,
            worst=None,
        ),
        Objective(
            "least_metric",
            "mean metric of a loop, where lower is better",
            lambda record: mean_of_tasks(record).metric,
            worst=None,
            is_minimised=True,
        ),
        Objective(
            "latency",
            "microseconds of a forward and backward pass, on this machine",
            lambda record: _cost(record).microseconds,
            worst=None,
            is_minimised=True,
        ),
        Objective(
            "memory",
            "bytes kept for the backward pass",
            lambda record: float(_cost(record).bytes),
            worst=None,
            is_minimised=True,
        ),
        Objective(
            "parameters",
            "learned numbers of the component",
            lambda record: float(_cost(record).parameters),
            worst=None,
            is_minimised=True,
        ),
        Objective(
            "seconds",
            "processor seconds of its training",
            lambda record: record.seconds,
            worst=None,
            is_minimised=True,
        ),
        Objective(
            "nodes",
            "operators in its graph",
            lambda record: float(_nodes(record)),
            worst=None,
            is_minimised=True,
        ),
        Objective(
            "length",
            "characters of its source",
            lambda record: float(len(normalise(record.candidate.source))),
            worst=None,
            is_minimised=True,
        ),
    )
}
"""All objectives by key. A training that a race stopped cost fewer seconds than a whole one."""


def objectives_of(keys: Sequence[str]) -> tuple[Objective, ...]:
    """The objectives of these keys, in this order.

    Raises:
        UsageError: one is unknown or named twice, or there are fewer than two.
    """
    for key in keys:
        if key not in OBJECTIVES:
            raise unknown_name("objective", key, list(OBJECTIVES))
    if len(keys) < 2 or len(set(keys)) < len(keys):
        raise UsageError(
            f"Expected two or more different objectives, got {', '.join(keys) or 'none'}. "
            f"Name some of {', '.join(OBJECTIVES)}, separated by commas."
        )
    return tuple(OBJECTIVES[key] for key in keys)
