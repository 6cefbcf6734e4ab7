"""Confirmation: whether candidates beat their strongest baseline on fresh trials, many at once.

A trial is task × network × seed, a stratum is task × network. Candidate and baseline share weights,
batches and data of every trial, so they are compared by the differences

    d(s, k) = log(loss of the baseline / loss of the candidate)   in stratum s with seed k

each within ±3: a lost trial counts as the worst that a trial can be, and none is left out. All
strata weigh equally. The unit is the seed, with its mean over the strata: the strata of a seed
share its split and order of the data, so they are no independent evidence.

The strongest baseline is the one with the lowest mean log loss over the very same trials. Its luck
helped to choose it, which makes it look better than it is: a test against it errs on the side of
the baseline.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.core.records import Trial
from evo.evaluation.statistics.mean import student_mean
from evo.evaluation.statistics.win_rates import margins

LEVEL = 0.05
"""Chance that any candidate is confirmed where none is better."""


class Verdict(StrEnum):
    """What a confirmation says of a candidate; it never says that a candidate is no better."""

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
        p_corrected: of `overall`, corrected for all candidates tested beside it.
    """

    strongest: str
    overall: Comparison
    tasks: dict[str, Comparison]
    p_corrected: float

    @property
    def verdict(self) -> Verdict:
        """CONFIRMED where the advantage is significant among all that were tested."""
        better = self.p_corrected < LEVEL and self.overall.log_ratio.value > 0
        return Verdict.CONFIRMED if better else Verdict.NOT_CONFIRMED


def confirm_candidates(
    candidates: Mapping[str, Sequence[Trial]],
    baselines: Mapping[str, Sequence[Trial]],
    *,
    tested: int | None = None,
) -> dict[str, Confirmation]:
    """Every candidate against the strongest baseline, corrected for all of them.

    Args:
        candidates: trials by id, the same seeds in every stratum.
        baselines: the same trials by id.
        tested: how many candidates were tested in all, if some of them have no trials to show;
            those count with p = 1.
    """
    best = strongest(baselines)
    found = {id_: _compared(trials, baselines[best]) for id_, trials in candidates.items()}
    p_values = [overall.p for overall, _ in found.values()]
    missing = (tested or len(p_values)) - len(p_values)
    corrected = holm([*p_values, *[1.0] * missing])
    return {
        id_: Confirmation(best, overall, by_task, p)
        for (id_, (overall, by_task)), p in zip(found.items(), corrected, strict=False)
    }


def compare_paired(own: Sequence[Trial], other: Sequence[Trial]) -> Comparison:
    """One component against another, over all strata.

    Args:
        own: trials, the same seeds in every stratum.
        other: the same trials of the other.
    """
    return _comparison(_differences(own, {"": other}))


def strongest(baselines: Mapping[str, Sequence[Trial]]) -> str:
    """Id of the baseline with the lowest mean log loss, all strata weighing equally.

    The best loss of each trial is subtracted, which changes no order and gives lost trials a value.
    """
    behind = {id_: -_differences(trials, baselines).mean() for id_, trials in baselines.items()}
    return min(behind, key=lambda id_: (behind[id_], id_))


def sign_flip_p(differences: Floats) -> float:
    """Chance of so large a sum, were each of these differences as likely to have the other sign.

    Fisher's randomization test of paired differences, one-sided (The Design of Experiments, 1935,
    §21), exact over all 2ⁿ signs: the sums of either half are sorted and counted against each
    other.

    >>> sign_flip_p(np.array([1.0, 2.0, 3.0]))
    0.125
    """
    half = len(differences) // 2
    some, others = _signed_sums(differences[:half]), np.sort(_signed_sums(differences[half:]))
    # What equals the observed sum but for the order of addition counts too.
    reached = differences.sum() - 1e-9 * np.abs(differences).sum()
    count = len(others) - np.searchsorted(others, reached - some)
    return float(count.sum() / (len(some) * len(others)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected p-values in the same order; below α, the chance of any false one is at most α.

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
    """Seeds below which the test can confirm none of so many candidates.

    >>> fewest_seeds(8)
    8
    """
    return math.floor(math.log2(candidates / LEVEL)) + 1


def _compared(
    own: Sequence[Trial], baseline: Sequence[Trial]
) -> tuple[Comparison, dict[str, Comparison]]:
    by_task: dict[str, list[Trial]] = {}
    for trial in own:
        by_task.setdefault(trial.task, []).append(trial)
    return compare_paired(own, baseline), {
        task: compare_paired(trials, baseline) for task, trials in by_task.items()
    }


def _comparison(differences: Floats) -> Comparison:
    """Of differences (strata, seeds), with Student's interval over the seeds."""
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
