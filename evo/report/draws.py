"""What the true measures of candidates may be, drawn together: the noise that a front must respect.

Independent draws would waste what is known: candidates train on the same seeds against the same
baselines, so they are lucky together, and so are two measures of one candidate. Resampling trials
would claim too much: who won all of a few trials wins all of any resample, as if it were certain.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr, stdtrit

from evo.evaluation.cells import Floats, by_cell, cell_of
from evo.evaluation.intervals import Beta, win_rate_posterior
from evo.evaluation.win_rates import at_highest_rung, by_task, trial_values
from evo.report.objectives import Objective, score_of
from evo.types import Record, Trial


class Student(NamedTuple):
    """Student's distribution around a mean."""

    mean: float
    error: float
    freedom: float


class Belief(NamedTuple):
    """What the trials say of one measure of one candidate.

    Attributes:
        posterior: where the true measure lies.
        numbers: of the trials, among all trials of a campaign: (t,).
        weights: how far each trial moves the measure, of unit length together; zeros where all
            trials of each stratum agree: (t,).
    """

    posterior: Beta | Student
    numbers: NDArray[np.intp]
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


class Trials:
    """The trials of a campaign's baselines, and what those of a candidate say beside them.

    Args:
        baselines: what the candidates were measured against, at least one, with their trials.
    """

    def __init__(self, baselines: Sequence[Record]) -> None:
        self._rivals = {record.id: score_of(record).trials for record in baselines}
        self._numbers: dict[tuple[str, str, int], int] = {}

    def beliefs(self, record: Record) -> Beliefs:
        """What is believed of the measures that trials decide."""
        trials = at_highest_rung(score_of(record).trials)
        keys = [(trial.task, trial.network, trial.seed) for trial in trials]
        numbers = np.array([self._numbers.setdefault(key, len(self._numbers)) for key in keys])
        found = trial_values(trials, self._rivals)
        posteriors = {
            "b_wr": win_rate_posterior(by_task(trials, found.b_wr), rivals=len(self._rivals)),
            "bsota_wr": win_rate_posterior(by_task(trials, found.bsota_wr), rivals=1),
            "margin": _student(by_task(trials, found.margin)),
        }
        return {
            key: Belief(posterior, numbers, _weights(trials, values))
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
        what no trial decides is exact. They are tied by a Gaussian copula with the correlations
        that the trials show:

            u_i = Φ(z_i),   z_i = Σ_t g_t·d_it / √(Σ_t d_it²),   g_t ~ N(0, 1) for each trial t

        with d_it the deviation of trial t from the mean of its stratum, times its weight in
        measure i; where all d_it are 0, z_i is drawn by itself.

        Args:
            records: n evaluated candidates.
            objectives: m measures, each in its own direction.
            count: how many draws.
            rng: what draws.
        """
        beliefs = [self.beliefs(record) for record in records]
        luck = rng.standard_normal((count, len(self._numbers)))
        found = np.empty((count, len(records), len(objectives)))
        for row, record in enumerate(records):
            for place, objective in enumerate(objectives):
                if not objective.is_noisy:
                    found[:, row, place] = objective.read(record)
                    continue
                belief = beliefs[row][objective.key]
                shared = luck[:, belief.numbers] @ belief.weights
                own = rng.standard_normal(count)
                found[:, row, place] = belief.at(ndtr(shared if belief.weights.any() else own))
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
    cells = by_cell(trials, values)
    tasks = [cell.task for cell in cells]
    moves = np.array(
        [
            (value - cells[cell].mean()) / len(cells[cell]) / tasks.count(cell.task)
            for value, cell in zip(values, map(cell_of, trials), strict=True)
        ]
    )
    length = np.sqrt(moves @ moves)
    return moves / length if length > 1e-12 else np.zeros(len(trials))
