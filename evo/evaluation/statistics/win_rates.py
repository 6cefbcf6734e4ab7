"""Win rates against baselines on the same trials, with intervals that take the trial as the unit.

The measures of S. Ardeshir, "Towards Automated Machine Learning Research" (arXiv 2409.05258); the
formulas are our reading of it:

    B-WR(h)     = mean over trials t and baselines b of [m_t(h) > m_t(b)], a tie counts one half
    BSOTA-WR(h) = mean over trials t of [m_t(h) > max over b of m_t(b)], a tie counts one half

with m_t the negative test loss. Tasks weigh equally however many trials they have. Beside them

    margin(h)   = mean over trials t of log(min over b of loss_t(b) / loss_t(h)), each within ±3

which does not saturate. It is a mean, since a median would not notice trials that are lost.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.core.records import Score, TaskScore, Trial
from evo.evaluation.statistics.intervals import win_rate_interval
from evo.evaluation.strata import by_stratum


def score(trials: Sequence[Trial], baselines: Mapping[str, Sequence[Trial]]) -> Score:
    """Win rates, margin and intervals of one candidate against baselines on the same trials.

    Args:
        trials: the candidate's results at every rung it was trained at.
        baselines: the same by baseline, each with at least these trials. A candidate that is
            itself a baseline must not be among them.

    The rates are read at the highest rung among `trials`.
    """
    last = at_highest_rung(trials)
    own = np.array([trial.loss for trial in last])
    wins, top_wins, ahead = trial_values(last, baselines)
    task_of = np.array([trial.task for trial in last])
    names = list(dict.fromkeys(task_of.tolist()))
    rows = [task_of == name for name in names]
    return Score(
        rung=last[0].rung,
        trials=tuple(trials),
        b_wr=_win_rate(last, wins, rivals=len(baselines)),
        bsota_wr=_win_rate(last, top_wins, rivals=1),
        margin=float(np.mean([ahead[row].mean() for row in rows])),
        tasks={
            name: TaskScore(
                float(wins[row].mean()), float(top_wins[row].mean()), float(own[row].mean())
            )
            for name, row in zip(names, rows, strict=True)
        },
    )


class TrialValues(NamedTuple):
    """What each trial says, of which the measures are means: (trials,) each.

    Attributes:
        b_wr: share of the baselines beaten, in [0, 1].
        bsota_wr: whether the best one was beaten: 0, 1/2 or 1.
        margin: log(best baseline's loss / own loss), in [-3, 3].
    """

    b_wr: Floats
    bsota_wr: Floats
    margin: Floats


def trial_values(trials: Sequence[Trial], baselines: Mapping[str, Sequence[Trial]]) -> TrialValues:
    """What each trial of a candidate says; the arguments are those of `score`."""
    own = np.array([trial.loss for trial in trials])
    theirs = np.stack([_losses(other, on=trials) for other in baselines.values()])
    best = theirs.min(axis=0)
    return TrialValues(_wins(own, theirs).mean(axis=0), _wins(own, best), _log_ratio(own, best))


def at_highest_rung(trials: Sequence[Trial]) -> list[Trial]:
    """The trials that count: those at the highest rung among them."""
    rung = max(trial.rung for trial in trials)
    return [trial for trial in trials if trial.rung == rung]


def by_task(trials: Sequence[Trial], values: Floats) -> list[list[Floats]]:
    """The strata of `win_rate_interval`: for each task and network the values (seeds,)."""
    strata: dict[str, list[Floats]] = {}
    for cell, own in by_stratum(trials, values).items():
        strata.setdefault(cell.task, []).append(own)
    return list(strata.values())


def margins(trials: Sequence[Trial], baselines: Mapping[str, Sequence[Trial]]) -> Floats:
    """log(best baseline's loss / own loss) of each trial, in [-3, 3]."""
    return trial_values(trials, baselines).margin


def score_baselines(baselines: Mapping[str, Sequence[Trial]]) -> dict[str, Score]:
    """Each baseline's score against the others."""
    return {
        name: score(
            trials,
            {other: theirs for other, theirs in baselines.items() if other != name},
        )
        for name, trials in baselines.items()
    }


def _losses(trials: Sequence[Trial], *, on: Sequence[Trial]) -> Floats:
    """Losses of a baseline on the same task × network × seed at the same rung, in that order."""
    loss_of = {trial[:4]: trial.loss for trial in trials}
    return np.array([loss_of[trial[:4]] for trial in on])


def _wins(own: Floats, theirs: Floats) -> Floats:
    """1 for a win, 1/2 for a tie, 0 for a loss; a lost trial (loss inf) wins nothing."""
    wins = (own < theirs) + 0.5 * (own == theirs)
    return np.where(np.isfinite(own), wins, 0.0)


def _log_ratio(own: Floats, best: Floats) -> Floats:
    """log(best / own) of each trial, within ±3: beyond a factor of 20 a loss is simply lost."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(best) - np.log(own)
    # Both lost, or both zero: neither is ahead of the other. A lost trial never counts as a win.
    ratio = np.where(np.isnan(ratio), 0.0, ratio)
    return np.where(np.isfinite(own), np.clip(ratio, -3, 3), -3.0)


def _win_rate(trials: Sequence[Trial], wins: Floats, *, rivals: int) -> Estimate:
    """Mean over tasks of their mean, with a 95 % interval over trials."""
    tasks = by_task(trials, wins)
    value = float(np.mean([np.concatenate(cells).mean() for cells in tasks]))
    low, high = win_rate_interval(tasks, rivals=rivals)
    return Estimate(value, min(value, low), max(value, high))
