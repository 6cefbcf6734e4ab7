"""Confirmation: test candidates against their strongest baseline on fresh trials.

A trial is task × network × seed, a stratum is task × network. Candidate and baseline share weights,
batches and data of every trial, so they are compared by the differences

    d(s, k) = log(loss of the baseline / loss of the candidate)   in stratum s with seed k

each within ±3: a lost trial counts as the worst possible one, and none is left out. All strata
weigh equally. The unit is the seed, with its mean over the strata: the strata of a seed share its
split and order of the data, so they are not independent.

The strongest baseline is the one with the lowest mean log loss over the same trials. Choosing it by
its result makes it look better than it is, so that the test errs on the side of the baseline.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.core.trials import Trial
from evo.evaluation.statistics.mean import student_mean
from evo.evaluation.statistics.trial_values import margins

LEVEL = 0.05
"""Probability that any candidate is confirmed if none is better (family-wise error rate)."""


class Verdict(StrEnum):
    """Verdict on a candidate. NOT_CONFIRMED does not mean that it is no better."""

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not confirmed"


class Comparison(NamedTuple):
    """A candidate against one baseline on the same trials.

    Attributes:
        log_ratio: mean of log(baseline's loss / own loss); above 0 the candidate is better.
        p: one-sided, of no advantage over the baseline; not corrected for other comparisons.
    """

    log_ratio: Estimate
    p: float


@dataclass(frozen=True)
class Confirmation:
    """A candidate against its strongest baseline.

    Attributes:
        strongest: the baseline's id.
        overall: over all strata, which decides.
        tasks: over the strata of each task alone, to see where it holds.
        p_corrected: p of `overall`, corrected for all candidates tested together.
    """

    strongest: str
    overall: Comparison
    tasks: dict[str, Comparison]
    p_corrected: float

    @property
    def verdict(self) -> Verdict:
        """CONFIRMED if the advantage is significant after the correction."""
        better = self.p_corrected < LEVEL and self.overall.log_ratio.value > 0
        return Verdict.CONFIRMED if better else Verdict.NOT_CONFIRMED


def confirm_candidates(
    candidates: Mapping[str, Sequence[Trial]],
    baselines: Mapping[str, Sequence[Trial]],
    *,
    tested: int | None = None,
) -> dict[str, Confirmation]:
    """Test every candidate against the strongest baseline, corrected for all of them.

    Args:
        candidates: trials by candidate id, with the same seeds in every stratum.
        baselines: trials by baseline id, for the same tasks, networks and seeds.
        tested: number of candidates in all, if some have no trials; those count with p = 1.
    """
    best = strongest(baselines)
    comparisons = {
        id_: _compare_by_task(trials, baselines[best]) for id_, trials in candidates.items()
    }
    p_values = [overall.p for overall, _ in comparisons.values()]
    missing = (tested or len(p_values)) - len(p_values)
    corrected = holm([*p_values, *[1.0] * missing])
    return {
        id_: Confirmation(best, overall, by_task, p)
        for (id_, (overall, by_task)), p in zip(comparisons.items(), corrected, strict=False)
    }


def compare_paired(trials: Sequence[Trial], other: Sequence[Trial]) -> Comparison:
    """Compare one component with another, over all strata.

    Args:
        trials: of the first, with the same seeds in every stratum.
        other: trials of the other, for the same tasks, networks and seeds.
    """
    return _comparison(_differences(trials, {"": other}))


def strongest(baselines: Mapping[str, Sequence[Trial]]) -> str:
    """Id of the baseline with the lowest mean log loss; all strata weigh equally.

    The best log loss of each trial is subtracted, which keeps the order and bounds lost trials.
    """
    behind = {id_: -_differences(trials, baselines).mean() for id_, trials in baselines.items()}
    return min(behind, key=lambda id_: (behind[id_], id_))


def sign_flip_p(differences: Floats) -> float:
    """One-sided p-value of paired differences under random signs.

    Fisher's randomization test (The Design of Experiments, 1935, §21): the probability of a sum at
    least as large if each difference has a random sign. Exact over all 2ⁿ signs: the sums of either
    half are sorted and counted against each other.

    >>> sign_flip_p(np.array([1.0, 2.0, 3.0]))
    0.125
    """
    half = len(differences) // 2
    first, second = _signed_sums(differences[:half]), np.sort(_signed_sums(differences[half:]))
    # Sums that equal the observed one up to rounding count too.
    observed = differences.sum() - 1e-9 * np.abs(differences).sum()
    count = len(second) - np.searchsorted(second, observed - first)
    return float(count.sum() / (len(first) * len(second)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for multiple testing by Holm's method, in the same order.

    If those below α are accepted, the probability of any false one is at most α.

    Step-down Bonferroni (S. Holm 1979, Scand. J. Statist. 6, 65–70): the i-th smallest of m is
    multiplied by m − i + 1, and none ends below a smaller one.

    >>> holm([0.03, 0.01, 0.5])
    [0.06, 0.03, 0.5]
    """
    order = np.argsort(p_values, kind="stable")
    steps = np.asarray(p_values)[order] * np.arange(len(order), 0, -1)
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return corrected.tolist()


def fewest_seeds(candidates: int) -> int:
    """Smallest number of seeds with which the test can confirm one of this many candidates.

    >>> fewest_seeds(8)
    8
    """
    return math.floor(math.log2(candidates / LEVEL)) + 1


def _compare_by_task(
    trials: Sequence[Trial], baseline: Sequence[Trial]
) -> tuple[Comparison, dict[str, Comparison]]:
    by_task: dict[str, list[Trial]] = {}
    for trial in trials:
        by_task.setdefault(trial.task, []).append(trial)
    return compare_paired(trials, baseline), {
        task: compare_paired(part, baseline) for task, part in by_task.items()
    }


def _comparison(differences: Floats) -> Comparison:
    """Mean of differences (strata, seeds), with Student's interval over the seeds."""
    seeds = differences.mean(axis=0)
    return Comparison(student_mean(seeds), sign_flip_p(seeds))


def _differences(trials: Sequence[Trial], rivals: Mapping[str, Sequence[Trial]]) -> Floats:
    """log(best rival's loss / own loss), within ±3: (strata, seeds)."""
    ordered = sorted(trials, key=lambda trial: (trial.task, trial.network, trial.seed))
    seeds = len({trial.seed for trial in trials})
    return margins(ordered, rivals).reshape(-1, seeds)


def _signed_sums(values: Floats) -> Floats:
    """All sums ±v₁ ± v₂ …: (2ⁿ,)."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums
