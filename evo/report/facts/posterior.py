"""What the true measures of candidates may be, as draws: the noise that a front must respect.

Resampling trials would claim too much: who won all of a few trials wins all of any resample, as if
that were certain. So a measure is drawn from the distribution behind its interval. Two measures of
one candidate are lucky together, which the trials show. That two candidates share seeds and
baselines is left out: the correlations that few trials show are mostly chance, and draws tied by
them are further from the truth (benchmarks/bench_front.py). That true win rates rise and fall
together is not known here either: with several noisy objectives the fronts drawn are too long.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtr, stdtrit

from evo.core.arrays import Floats
from evo.core.records import Record, Trial
from evo.evaluation.statistics.intervals import Beta, win_rate_posterior
from evo.evaluation.statistics.win_rates import at_highest_rung, by_task, trial_values
from evo.evaluation.strata import by_stratum, stratum_of
from evo.report.facts.objectives import Objective


class Student(NamedTuple):
    """Student's distribution around a mean."""

    mean: float
    error: float
    freedom: float


class Belief(NamedTuple):
    """What the trials say of one measure of one candidate.

    Attributes:
        posterior: where the true measure lies.
        weights: how far each of the t trials moves the measure, of unit length together; zeros
            where all trials of each stratum agree: (t,).
    """

    posterior: Beta | Student
    weights: Floats

    def at(self, levels: Floats) -> Floats:
        """The quantiles at these levels in (0, 1)."""
        match self.posterior:
            case Beta(wins, losses):
                return betaincinv(wins, losses, levels)
            case Student(mean, error, freedom):
                return np.clip(mean + error * stdtrit(freedom, levels), -3, 3)


Beliefs = Mapping[str, Belief]
"""Of one candidate, by the key of an objective."""


class BaselineTrials:
    """The trials of a campaign's baselines, and what those of a candidate say beside them.

    Args:
        baselines: what the candidates were measured against, at least one, with their trials.
    """

    def __init__(self, baselines: Sequence[Record]) -> None:
        self._rivals = {record.id: record.scored.trials for record in baselines}

    def beliefs(self, record: Record) -> Beliefs:
        """What is believed of the measures that trials decide."""
        trials = at_highest_rung(record.scored.trials)
        found = trial_values(trials, self._rivals)
        posteriors = {
            "b_wr": win_rate_posterior(by_task(trials, found.b_wr), rivals=len(self._rivals)),
            "bsota_wr": win_rate_posterior(by_task(trials, found.bsota_wr), rivals=1),
            "margin": _student(by_task(trials, found.margin)),
        }
        return {
            key: Belief(posterior, _weights(trials, values))
            for (key, posterior), values in zip(posteriors.items(), found, strict=True)
        }

    def draws(
        self,
        records: Sequence[Record],
        objectives: Sequence[Objective],
        *,
        count: int,
        rng: np.random.Generator,
    ) -> Floats:
        """The measures as they may truly be, were there seeds without end: (count, n, m).

        A win rate has the beta distribution behind its interval, margin Student's around its mean;
        what no trial decides is exact. The measures of one candidate are tied by a Gaussian copula
        with the correlations that its trials show:

            u_k = Φ(z_k),   z_k = Σ_t g_t·d_kt / √(Σ_t d_kt²),   g_t ~ N(0, 1) for each trial t

        with d_kt the deviation of trial t from the mean of its stratum, times its weight in
        measure k; where all d_kt are 0, z_k is drawn by itself.

        Args:
            records: n evaluated candidates.
            objectives: m measures, each in its own direction.
            count: how many draws.
            rng: what draws.
        """
        found = np.empty((count, len(records), len(objectives)))
        for row, record in enumerate(records):
            beliefs = self.beliefs(record)
            luck = rng.standard_normal((count, len(beliefs["b_wr"].weights)))
            for place, objective in enumerate(objectives):
                if not objective.is_noisy:
                    found[:, row, place] = objective.read(record)
                    continue
                belief = beliefs[objective.key]
                own = rng.standard_normal(count)
                normals = luck @ belief.weights if belief.weights.any() else own
                found[:, row, place] = belief.at(ndtr(normals))
        return found


def _student(strata: Sequence[Sequence[Floats]]) -> Student:
    """Of the mean over tasks of the mean over trials, every stratum with a variance of its own."""
    shares = [1 / len(strata) / len(task) for task in strata for _ in task]
    cells = [cell for task in strata for cell in task]
    errors = [s**2 * cell.var(ddof=1) / len(cell) for s, cell in zip(shares, cells, strict=True)]
    return Student(
        mean=float(sum(s * cell.mean() for s, cell in zip(shares, cells, strict=True))),
        error=float(np.sqrt(sum(errors))),
        freedom=sum(len(cell) - 1 for cell in cells),
    )


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
