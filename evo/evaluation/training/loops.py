"""Train by a task's own loop: one call per seed and setting, each in a process of its own.

A call that gives no result loses its trial, as a training that diverges does, and is told in words.
"""

import math
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from evo.core.seeds import child_seed
from evo.evaluation.training.isolated import CallLostError, isolated
from evo.evaluation.training.probe import NO_PROBE
from evo.evaluation.training.results import Course, Trained
from evo.networks.parts import Parts
from evo.networks.torch_parts import CALLS, TorchParts
from evo.tasks.base import LoopTask
from evo.tasks.measurements import (
    Budget,
    MeasurementError,
    Measurements,
    Settings,
    checked_measurements,
)

_ENDS = 10
"""One part in this of a curve is its beginning, and one its end."""


class LoopLimits(NamedTuple):
    """Limits of one call.

    Attributes:
        timeout_s: wall time, where the task has no limit of its own.
    """

    timeout_s: float = 600.0


def train_by_loop(
    task: LoopTask,
    parts: Parts,
    budget: Budget,
    *,
    seeds: Sequence[int],
    learning_rates: Sequence[float],
    strengths: Sequence[float],
    observe: bool = False,
    limits: LoopLimits,
    lost: Callable[[str], None],
) -> Trained:
    """Train once per seed and setting; the counterpart of `trainer.train`.

    Args:
        task: brings the loop.
        parts: the component, in its place among the defaults.
        budget: of each training.
        seeds: of the trials.
        learning_rates: one per setting.
        strengths: factors of a penalty, one per setting.
        observe: whether to note the course of the trainings too.
        limits: of each call.
        lost: called with what each lost call was, in words.
    """
    settings = [Settings(*pair) for pair in zip(learning_rates, strengths, strict=True)]
    limit = limits.timeout_s if task.timeout_s is None else task.timeout_s

    def measured(seed: int, setting: Settings) -> Measurements:
        call = partial(_call, task, parts, seed, setting, budget)
        try:
            result = isolated(call, timeout_s=limit, memory_gb=task.memory_gb)
        except CallLostError as error:
            result = str(error)
        if isinstance(result, Measurements):
            return result
        lost(f"seed {seed}, learning rate {setting.learning_rate:g}: {result}")
        return Measurements(math.inf, math.inf, math.nan)

    rows = [[measured(seed, setting) for setting in settings] for seed in seeds]
    validation, test, metric = (
        torch.tensor([[getattr(one, name) for one in row] for row in rows], dtype=torch.float64)
        for name in ("validation_loss", "test_loss", "metric")
    )
    course = None
    if observe:
        early, late = (
            torch.tensor([[mean(one.curve) for one in row] for row in rows])
            for mean in (_early, _late)
        )
        course = Course(early, late, NO_PROBE, NO_PROBE)
    return Trained(validation, test, metric, course)


def _call(
    task: LoopTask, parts: Parts, seed: int, settings: Settings, budget: Budget
) -> Measurements | str:
    """Call the loop, in a fork: what it measured, or why that is no result."""
    start = child_seed(seed, "trial", "loop")
    random.seed(start)
    np.random.seed(start % 2**32)  # noqa: NPY002 - a loop may draw from numpy's global generator
    torch.manual_seed(start)
    torch_parts = TorchParts(parts, strength=settings.strength)
    result = task.train(torch_parts, seed, settings, budget)
    try:
        measurements = checked_measurements(result)
        if missing := torch_parts.evolved - torch_parts.used:
            names = " and ".join(sorted(missing))
            calls = " and ".join(f"parts.{CALLS[name]}" for name in sorted(missing))
            return f"the loop did not take the evolved {names} from `parts`: call {calls}"
        return _deciding(task, measurements)
    except MeasurementError as error:
        return str(error)


def _deciding(task: LoopTask, result: Measurements) -> Measurements:
    """Measurements whose losses are those that decide.

    Raises:
        MeasurementError: a number that decides is missing, NaN, infinite or negative.
    """
    decides = {"validation_loss": result.validation_loss, "test_loss": result.test_loss}
    if task.decided_by == "metric":
        decides = {"validation_metric": result.validation_metric, "metric": result.metric}
    for name, value in decides.items():
        if not math.isfinite(value):
            raise MeasurementError(f"{name} is {value}: training diverged, or it was not measured")
    if task.decided_by == "metric":
        decides = {name: task.metric.as_loss(value) for name, value in decides.items()}
    for name, value in decides.items():
        if value < 0:
            raise MeasurementError(
                f"expected {name} of at least 0, as only ratios of losses count, got {value:g}; "
                "let a metric decide (Metric with perfect=None)"
            )
    return Measurements(*decides.values(), metric=result.metric, curve=result.curve)


def _early(curve: Sequence[float]) -> float:
    """Mean of the first tenth of a curve; NaN without one."""
    return float(np.mean(curve[: max(1, len(curve) // _ENDS)])) if curve else math.nan


def _late(curve: Sequence[float]) -> float:
    """Mean of its last tenth."""
    return float(np.mean(curve[-max(1, len(curve) // _ENDS) :])) if curve else math.nan
