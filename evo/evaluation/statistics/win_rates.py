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
from typing import NamedTuple

import numpy as np

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.core.records import Score, TaskScore, Trial
from evo.evaluation.statistics.intervals import win_rate_interval
from evo.evaluation.statistics.mean import stratified_mean
from evo.evaluation.strata import by_stratum


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


class TrialValues(NamedTuple):
    """Values per trial, of which the measures are means: (trials,) each.

    Attributes:
        b_wr: share of baselines beaten, in [0, 1].
        bsota_wr: 1 if the best baseline was beaten, 1/2 for a tie, else 0.
        margin: log(best baseline's loss / own loss), in [-3, 3].
    """

    b_wr: Floats
    bsota_wr: Floats
    margin: Floats


def trial_values(trials: Sequence[Trial], baselines: Mapping[str, Sequence[Trial]]) -> TrialValues:
    """Values of each trial of a candidate; the arguments are those of `score`."""
    losses = np.array([trial.loss for trial in trials])
    theirs = np.stack([_losses(other, on=trials) for other in baselines.values()])
    best = theirs.min(axis=0)
    shares = _wins(losses, theirs).mean(axis=0)
    return TrialValues(shares, _wins(losses, best), _log_ratio(losses, best))


def at_highest_rung(trials: Sequence[Trial]) -> list[Trial]:
    """Trials at the highest rung among them."""
    rung = max(trial.rung for trial in trials)
    return [trial for trial in trials if trial.rung == rung]


def by_task(trials: Sequence[Trial], values: Floats) -> list[list[Floats]]:
    """Group values as `win_rate_interval` takes them: by task, one array (seeds,) per network."""
    strata: dict[str, list[Floats]] = {}
    for stratum, members in by_stratum(trials, values).items():
        strata.setdefault(stratum.task, []).append(members)
    return list(strata.values())


def margins(trials: Sequence[Trial], baselines: Mapping[str, Sequence[Trial]]) -> Floats:
    """log(best baseline's loss / own loss) of each trial, in [-3, 3]."""
    return trial_values(trials, baselines).margin


def score_baselines(baselines: Mapping[str, Sequence[Trial]]) -> dict[str, Score]:
    """Score each baseline against the others."""
    return {
        name: score(
            trials,
            {other: theirs for other, theirs in baselines.items() if other != name},
        )
        for name, trials in baselines.items()
    }


def _losses(trials: Sequence[Trial], *, on: Sequence[Trial]) -> Floats:
    """Losses of a baseline on the tasks, networks, seeds and rungs of `on`, in its order."""
    loss_of = {trial[:4]: trial.loss for trial in trials}
    return np.array([loss_of[trial[:4]] for trial in on])


def _wins(losses: Floats, theirs: Floats) -> Floats:
    """1 for a win, 1/2 for a tie, 0 for a loss; a lost trial (loss inf) wins nothing."""
    wins = (losses < theirs) + 0.5 * (losses == theirs)
    return np.where(np.isfinite(losses), wins, 0.0)


def _log_ratio(losses: Floats, best: Floats) -> Floats:
    """log(best / losses) of each trial, clipped to ±3, a factor of 20."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(best) - np.log(losses)
    # Both lost, or both zero: neither is ahead of the other. A lost trial never counts as a win.
    ratio = np.where(np.isnan(ratio), 0.0, ratio)
    return np.where(np.isfinite(losses), np.clip(ratio, -3, 3), -3.0)


def _margin(trials: Sequence[Trial], ahead: Floats) -> Estimate:
    """Mean over tasks of their mean, with Student's 95 % interval, within ±3."""
    tasks = by_task(trials, ahead)
    value = float(np.mean([np.concatenate(strata).mean() for strata in tasks]))
    low, high = np.clip(stratified_mean(tasks).at(np.array([0.025, 0.975])), -3, 3)
    return Estimate(value, min(value, float(low)), max(value, float(high)))


def _win_rate(trials: Sequence[Trial], wins: Floats, *, rivals: int) -> Estimate:
    """Mean over tasks of their mean, with a 95 % interval over trials."""
    tasks = by_task(trials, wins)
    value = float(np.mean([np.concatenate(strata).mean() for strata in tasks]))
    low, high = win_rate_interval(tasks, rivals=rivals)
    return Estimate(value, min(value, low), max(value, high))
