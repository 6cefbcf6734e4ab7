"""Posterior draws of the true measures of candidates: the noise that a front must respect.

Resampling trials would claim too much: a candidate that won all of a few trials wins all of any
resample, as if that were certain. So a measure is drawn from the distribution behind its interval.
Measures of one candidate are correlated, as its trials show. That two candidates share seeds and
baselines is ignored: the correlations that few trials show are mostly chance, and draws correlated
by them are further from the truth (benchmarks/bench_front.py). The correlation of true win rates is
not modelled either: with several noisy objectives the fronts drawn are too long.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtr

from evo.core.arrays import Floats
from evo.core.records import Record
from evo.core.trials import Trial
from evo.evaluation.statistics.intervals import Beta, win_rate_posterior
from evo.evaluation.statistics.mean import Student, stratified_mean
from evo.evaluation.statistics.trial_values import at_highest_rung, by_task, trial_values
from evo.evaluation.strata import by_stratum, stratum_of
from evo.report.facts.objectives import Objective


class Belief(NamedTuple):
    """The posterior of one measure of one candidate, given its trials.

    Attributes:
        posterior: distribution of the true measure.
        weights: effect of each of the t trials on the measure, of unit length together; zeros
            where all trials of each stratum agree: (t,).
    """

    posterior: Beta | Student
    weights: Floats

    def at(self, levels: Floats) -> Floats:
        """The quantiles at these levels in (0, 1)."""
        match self.posterior:
            case Beta(wins, losses):
                return betaincinv(wins, losses, levels)
            case Student():
                return np.clip(self.posterior.at(levels), -3, 3)


Beliefs = Mapping[str, Belief]
"""Of one candidate, by the key of an objective."""


class BaselineTrials:
    """The trials of a campaign's baselines, which turn a candidate's trials into posteriors.

    Args:
        baselines: at least one, with trials; the candidates were measured against them.
    """

    def __init__(self, baselines: Sequence[Record]) -> None:
        self._rivals = {record.id: record.scored.trials for record in baselines}

    def beliefs(self, record: Record) -> Beliefs:
        """The posteriors of the measures that trials decide, for one candidate."""
        trials = at_highest_rung(record.scored.trials)
        values_by_trial = trial_values(trials, self._rivals)
        posteriors = {
            "b_wr": win_rate_posterior(
                by_task(trials, values_by_trial.b_wr), rivals=len(self._rivals)
            ),
            "bsota_wr": win_rate_posterior(by_task(trials, values_by_trial.bsota_wr), rivals=1),
            "margin": stratified_mean(by_task(trials, values_by_trial.margin)),
        }
        return {
            key: Belief(posterior, _weights(trials, values))
            for (key, posterior), values in zip(posteriors.items(), values_by_trial, strict=True)
        }

    def draws(
        self,
        records: Sequence[Record],
        objectives: Sequence[Objective],
        *,
        count: int,
        rng: np.random.Generator,
    ) -> Floats:
        """Draws of the measures as unlimited seeds would show them: (count, n, m).

        A win rate has the beta distribution behind its interval, margin Student's around its mean;
        measures that no trial decides are exact. A Gaussian copula ties the measures of one
        candidate with the correlations that its trials show:

            u_k = Φ(z_k),   z_k = Σ_t g_t·d_kt / √(Σ_t d_kt²),   g_t ~ N(0, 1) for each trial t

        with d_kt the deviation of trial t from the mean of its stratum, times its weight in
        measure k; where all d_kt are 0, z_k is drawn by itself.

        Args:
            records: n evaluated candidates.
            objectives: m measures, each in its own direction.
            count: number of draws.
            rng: generator to draw from.
        """
        draws = np.empty((count, len(records), len(objectives)))
        for row, record in enumerate(records):
            beliefs = self.beliefs(record)
            luck = rng.standard_normal((count, len(beliefs["b_wr"].weights)))
            for column, objective in enumerate(objectives):
                if not objective.is_noisy:
                    draws[:, row, column] = objective.read(record)
                    continue
                belief = beliefs[objective.key]
                independent = rng.standard_normal(count)
                normals = luck @ belief.weights if belief.weights.any() else independent
                draws[:, row, column] = belief.at(ndtr(normals))
        return draws


def _weights(trials: Sequence[Trial], values: Floats) -> Floats:
    """Deviations of trials from their cell's mean, as far as they move the measure: unit length."""
    cells = by_stratum(trials, values)
    tasks = [cell.task for cell in cells]
    moves = np.array(
        [
            (value - cells[cell].mean()) / len(cells[cell]) / tasks.count(cell.task)
            for value, cell in zip(values, map(stratum_of, trials), strict=True)
        ]
    )
    length = np.sqrt(moves @ moves)
    return moves / length if length > 1e-12 else np.zeros(len(trials))
