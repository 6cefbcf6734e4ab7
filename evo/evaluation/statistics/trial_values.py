"""Values of single trials against those of the baselines, of which win rates and margins are means.

It knows no intervals and needs no scipy, so that `evo status` starts quickly.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evo.core.arrays import Floats
from evo.core.records import Record
from evo.core.trials import Trial, TrialKey
from evo.evaluation.strata import by_stratum


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


def trials_of_baselines(records: Iterable[Record]) -> dict[str, tuple[Trial, ...]]:
    """Trials of the baselines among records, by id; decoded once, as each record is compared."""
    return {
        record.id: tuple(record.score.trials)
        for record in records
        if record.is_baseline and record.score is not None
    }


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


def lowest_losses(baselines: Mapping[str, Sequence[Trial]]) -> dict[TrialKey, float]:
    """The lowest loss of any baseline on each rung, task, network and seed."""
    lowest: dict[TrialKey, float] = {}
    for trials in baselines.values():
        for trial in trials:
            lowest[trial.key] = min(trial.loss, lowest.get(trial.key, trial.loss))
    return lowest


def margins_over(trials: Sequence[Trial], lowest: Mapping[TrialKey, float]) -> Floats:
    """`margins` of trials over the lowest losses of baselines, for which these were looked up."""
    losses = np.array([trial.loss for trial in trials])
    return _log_ratio(losses, np.array([lowest[trial.key] for trial in trials]))


def mean_over_tasks(trials: Sequence[Trial], values: Floats) -> float:
    """Mean over tasks of the mean over their trials."""
    tasks = by_task(trials, values)
    return float(np.mean([np.concatenate(strata).mean() for strata in tasks]))


def _losses(trials: Sequence[Trial], *, on: Sequence[Trial]) -> Floats:
    """Losses of a baseline on the tasks, networks, seeds and rungs of `on`, in its order."""
    loss_of = {trial.key: trial.loss for trial in trials}
    return np.array([loss_of[trial.key] for trial in on])


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
