"""The facts of `evo bench tabular`: how quickly strategies find the best of a pool."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evo.core.arrays import Floats
from evo.evaluation.statistics.mean import student_mean
from evo.tabular.benchmark import BenchmarkPlan, Course, Table

_STEPS = 50
"""Most points of a curve."""


def tabular_facts(table: Table, plan: BenchmarkPlan, courses: Sequence[Course]) -> dict[str, Any]:
    """The JSON document of `evo bench tabular --json`."""
    return {
        "candidates": len(table.candidates),
        "top": len(table.best()),
        "goal": table.goal,
        "best_of_pool": float(table.truth.max()),
        "budget": plan.budget,
        "batch": plan.batch,
        "seeds": plan.seeds,
        "seed": plan.seed,
        "reach": plan.reach,
        "strategies": [_course_facts(table, plan, course) for course in courses],
    }


def final_regret(table: Table, course: Course) -> Floats:
    """The best of the pool minus the best that was found with the whole budget: (seeds,)."""
    return table.truth.max() - course.best[:, -1]


def _course_facts(table: Table, plan: BenchmarkPlan, course: Course) -> dict[str, Any]:
    steps = np.unique(np.linspace(1, plan.budget, min(_STEPS, plan.budget)).astype(np.int64))
    return {
        "strategy": course.name,
        **_mean_facts("found", course.found[:, -1]),
        **_mean_facts("area", course.found.mean(axis=1)),
        **_mean_facts("best", course.best[:, -1]),
        **_mean_facts("regret", final_regret(table, course)),
        **_mean_facts("evaluations_to_reach", course.reached.astype(np.float64)),
        "reached_in": int((course.reached <= plan.budget).sum()),
        "seconds": course.seconds,
        "curve": [
            {
                "evaluated": int(step),
                **_mean_facts("found", course.found[:, step]),
                **_mean_facts("best", course.best[:, step - 1]),
            }
            for step in steps
        ],
    }


def _mean_facts(name: str, values: Floats) -> dict[str, Any]:
    mean = student_mean(values)
    return {name: mean.value, f"{name}_ci": [mean.low, mean.high]}
