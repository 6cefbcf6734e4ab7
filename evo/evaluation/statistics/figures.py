"""Mean loss and metric of a candidate, and of the baseline that is best on each task.

Win rates say which wins; these say by which figures. Each is a mean over the trials of a task, with
Student's 95 % interval over seeds. Lost trials are counted apart, as no mean holds them.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.core.trials import Trial
from evo.evaluation.statistics.mean import stratified_mean
from evo.evaluation.statistics.trial_values import at_highest_rung, by_task


class Figures(NamedTuple):
    """Figures of one component on one task.

    Attributes:
        id: of the component.
        loss: mean test loss of the trials that were not lost; NaN without any.
        metric: mean accuracy, R² or metric of a loop, likewise.
        lost: number of lost trials.
    """

    id: str
    loss: Estimate
    metric: Estimate
    lost: int


class TaskFigures(NamedTuple):
    """Figures of a candidate beside the baseline with the lowest mean loss on the same trials."""

    task: str
    trials: int
    candidate: Figures
    baseline: Figures | None


def figures(
    id_: str, trials: Sequence[Trial], baselines: Mapping[str, Sequence[Trial]]
) -> list[TaskFigures]:
    """The figures of a candidate by task, at its highest rung.

    Args:
        id_: the candidate's.
        trials: the candidate's, at every rung.
        baselines: trials by baseline; the candidate itself is left out.
    """
    last = at_highest_rung(trials) if trials else []
    tables: list[TaskFigures] = []
    for task in dict.fromkeys(trial.task for trial in last):
        mine = [trial for trial in last if trial.task == task]
        keys = {trial[:4] for trial in mine}
        theirs = {
            other: [trial for trial in of_one if trial[:4] in keys]
            for other, of_one in baselines.items()
            if other != id_
        }
        whole = {other: of_one for other, of_one in theirs.items() if len(of_one) == len(mine)}
        best = min(whole, key=lambda other: _mean_loss(whole[other]), default=None)
        tables.append(
            TaskFigures(
                *(task, len(mine), _figures(id_, mine)),
                None if best is None else _figures(best, whole[best]),
            )
        )
    return tables


def _mean_loss(trials: Sequence[Trial]) -> float:
    return float(np.mean([trial.loss for trial in trials]))


def _figures(id_: str, trials: Sequence[Trial]) -> Figures:
    ended = [trial for trial in trials if math.isfinite(trial.loss)]
    losses = np.array([trial.loss for trial in ended])
    metrics = np.array([trial.accuracy for trial in ended])
    return Figures(id_, _mean(ended, losses), _mean(ended, metrics), len(trials) - len(ended))


def _mean(trials: Sequence[Trial], values: Floats) -> Estimate:
    """Mean over networks of their mean over seeds; an interval needs two seeds of each."""
    if not trials:
        return Estimate(math.nan, math.nan, math.nan)
    strata = by_task(trials, values)
    if any(len(cell) < 2 for task in strata for cell in task):
        mean = float(np.mean([cell.mean() for task in strata for cell in task]))
        return Estimate(mean, math.nan, math.nan)
    return stratified_mean(strata).estimate()
