"""The facts of `evo bench tabular`: how quickly strategies find the best of a pool."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evo.core.arrays import Floats
from evo.evaluation.statistics.mean import student_mean
from evo.screening.efficiency import TOP_SHARE
from evo.studies.tabular.benchmark import BenchmarkPlan, StrategyResult, Table

_STEPS = 50
"""Most points of a curve."""


def tabular_facts(
    table: Table, plan: BenchmarkPlan, results: Sequence[StrategyResult]
) -> dict[str, Any]:
    """The JSON document of `evo bench tabular --json`."""
    return {
        "candidates": len(table.candidates),
        "top": len(table.best()),
        "top_share": TOP_SHARE,
        "goal": table.goal,
        "best_of_pool": float(table.truth.max()),
        "budget": plan.budget,
        "batch": plan.batch,
        "seeds": plan.seeds,
        "seed": plan.seed,
        "reach": plan.reach,
        "strategies": [_result_facts(table, plan, result) for result in results],
    }


def _result_facts(table: Table, plan: BenchmarkPlan, result: StrategyResult) -> dict[str, Any]:
    steps = np.unique(np.linspace(1, plan.budget, min(_STEPS, plan.budget)).astype(np.int64))
    return {
        "strategy": result.name,
        **_mean_facts("found", result.recall[:, -1]),
        **_mean_facts("area", result.recall.mean(axis=1)),
        **_mean_facts("best", result.best[:, -1]),
        **_mean_facts("regret", table.truth.max() - result.best[:, -1]),
        **_mean_facts("evaluations_to_reach", result.reached.astype(np.float64)),
        "reached_in": int((result.reached <= plan.budget).sum()),
        "seconds": result.seconds,
        "curve": [
            {
                "evaluated": int(step),
                **_mean_facts("found", result.recall[:, step]),
                **_mean_facts("best", result.best[:, step - 1]),
                **_mean_facts("regret", table.truth.max() - result.best[:, step - 1]),
            }
            for step in steps
        ],
    }


def _mean_facts(name: str, values: Floats) -> dict[str, Any]:
    mean = student_mean(values)
    return {name: mean.value, f"{name}_ci": [mean.low, mean.high]}
