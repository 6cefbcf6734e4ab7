"""Win rates against baselines on the same trials, with intervals that take the trial as the unit.

The measures of S. Ardeshir, "Towards Automated Machine Learning Research" (arXiv 2409.05258); the
formulas are our reading of it:

    B-WR(h)     = mean over trials t and baselines b of [m_t(h) > m_t(b)], a tie counts one half
    BSOTA-WR(h) = mean over trials t of [m_t(h) > max over b of m_t(b)], a tie counts one half

with m_t the negative test loss. Tasks weigh equally, for any number of trials. In addition,

    margin(h)   = mean over trials t of log(min over b of loss_t(b) / loss_t(h)), each within ±3

does not saturate. It is a mean, since a median would ignore lost trials.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.core.records import Score, TaskScore
from evo.core.trials import Trial
from evo.evaluation.statistics.intervals import win_rate_interval
from evo.evaluation.statistics.mean import stratified_mean
from evo.evaluation.statistics.trial_values import (
    at_highest_rung,
    by_task,
    mean_over_tasks,
    trial_values,
)


def score(trials: Sequence[Trial], baselines: Mapping[str, Sequence[Trial]]) -> Score:
    """Score one candidate against baselines: win rates, margin and intervals.

    The rates are those at the highest rung among `trials`.

    Args:
        trials: the candidate's trials at every rung.
        baselines: trials by baseline, which include these tasks, networks, seeds and rungs. A
            candidate that is itself a baseline must not be among them.
    """
    last = at_highest_rung(trials)
    losses = np.array([trial.loss for trial in last])
    wins, top_wins, ahead = trial_values(last, baselines)
    task_of = np.array([trial.task for trial in last])
    names = list(dict.fromkeys(task_of.tolist()))
    rows = [task_of == name for name in names]
    return Score(
        rung=last[0].rung,
        trials=tuple(trials),
        b_wr=_win_rate(last, wins, rivals=len(baselines)),
        bsota_wr=_win_rate(last, top_wins, rivals=1),
        margin=_margin(last, ahead),
        tasks={
            name: TaskScore(
                float(wins[row].mean()), float(top_wins[row].mean()), float(losses[row].mean())
            )
            for name, row in zip(names, rows, strict=True)
        },
    )


def score_baselines(baselines: Mapping[str, Sequence[Trial]]) -> dict[str, Score]:
    """Score each baseline against the others."""
    return {
        name: score(
            trials,
            {other: theirs for other, theirs in baselines.items() if other != name},
        )
        for name, trials in baselines.items()
    }


def _margin(trials: Sequence[Trial], ahead: Floats) -> Estimate:
    """Mean over tasks of their mean, with Student's 95 % interval, within ±3."""
    value = mean_over_tasks(trials, ahead)
    _, low, high = stratified_mean(by_task(trials, ahead)).estimate()
    return Estimate(value, min(value, max(low, -3.0)), max(value, min(high, 3.0)))


def _win_rate(trials: Sequence[Trial], wins: Floats, *, rivals: int) -> Estimate:
    """Mean over tasks of their mean, with a 95 % interval over trials."""
    tasks = by_task(trials, wins)
    value = float(np.mean([np.concatenate(strata).mean() for strata in tasks]))
    low, high = win_rate_interval(tasks, rivals=rivals)
    return Estimate(value, min(value, low), max(value, high))
