"""The facts of `evo bench search`: strategies on the landscape, with paired differences."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.evaluation.statistics.mean import student_mean, student_p
from evo.evaluation.statistics.paired_test import holm
from evo.studies.tabular.surrogate.benchmark import SearchPlan, SearchResult

_MEASURES = ("seen", "true", "fresh", "top", "hypervolume", "diversity", "reached", "seconds")
"""Figures of a search that are one number."""


class Difference(NamedTuple):
    """A strategy's fresh margin minus the reference's, paired by seed.

    Attributes:
        mean: with Student's 95 % interval.
        p: two-sided, of no difference, corrected for all strategies compared (Holm).
    """

    mean: Estimate
    p: float


def differences(results: Sequence[SearchResult], reference: str) -> dict[str, Difference]:
    """The difference of every other strategy to the reference, by name."""
    base = next(result for result in results if result.name == reference).values("fresh")
    others = [result for result in results if result.name != reference]
    paired = [result.values("fresh") - base for result in others]
    corrected = holm([student_p(values) for values in paired])
    return {
        result.name: Difference(student_mean(values), p)
        for result, values, p in zip(others, paired, corrected, strict=True)
    }


def search_facts(
    plan: SearchPlan, results: Sequence[SearchResult], reference: str
) -> dict[str, Any]:
    """The JSON document of `evo bench search --json`."""
    compared = differences(results, reference)
    return {
        "evaluations": plan.evaluations,
        "seeds": plan.seeds,
        "seed": plan.seed,
        "reach": plan.reach,
        "reference": reference,
        "strategies": [
            {
                "strategy": result.name,
                **{name: _mean(result.values(name)) for name in _MEASURES},
                "quarters": result.values("quarters").mean(axis=0).tolist(),
                "reached_in": reached_in(result),
                "evaluated": float(result.values("evaluations").mean()),
                "difference": _difference(compared.get(result.name)),
                "searches": [search._asdict() for search in result.searches],
            }
            for result in results
        ],
    }


def reached_in(result: SearchResult) -> int:
    """Number of searches in which the margin to reach was found."""
    return int((result.values("reached") <= result.values("evaluations")).sum())


def _mean(values: Floats) -> dict[str, Any]:
    mean = student_mean(values)
    return {"mean": mean.value, "ci": [mean.low, mean.high]}


def _difference(difference: Difference | None) -> dict[str, Any] | None:
    if difference is None:
        return None
    mean = difference.mean
    return {"mean": mean.value, "ci": [mean.low, mean.high], "p": difference.p}
