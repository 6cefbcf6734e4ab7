"""What strategies came to on a pool: as facts for `--json`, and as a table for people."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from evo.core.arrays import Floats
from evo.core.estimate import Estimate
from evo.evaluation.statistics.mean import student_mean
from evo.report.views.layout import plain_table
from evo.screening.efficiency import TOP
from evo.tabular.benchmark import BenchmarkPlan, Course, Table

_STEPS = 50
"""Points of a curve in the facts."""


def tabular_facts(table: Table, plan: BenchmarkPlan, courses: Sequence[Course]) -> dict[str, Any]:
    """What `evo bench tabular --json` prints."""
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
        "strategies": [_facts(table, plan, course) for course in courses],
    }


def tabular_view(table: Table, plan: BenchmarkPlan, courses: Sequence[Course]) -> RenderableType:
    """A row a strategy, and a line on what was looked up."""
    view = plain_table(f"After {plan.budget} evaluations, means over {plan.seeds} seeds")
    view.add_column("strategy", no_wrap=True)
    for name in (f"top {TOP:.0%}", "regret", f"to {plan.reach:.3f}", "in", "s"):
        view.add_column(name, justify="right", no_wrap=True)
    for course in courses:
        missed = course.reached > plan.budget
        to_reach = _text(student_mean(course.reached.astype(np.float64)), 0)
        view.add_row(
            course.name,
            _text(student_mean(course.found[:, -1]), 2),
            _text(student_mean(_regret(table, course)), 3),
            f"≥ {to_reach}" if missed.any() else to_reach,
            f"{plan.seeds - int(missed.sum())}/{plan.seeds}",
            f"{course.seconds:.1f}",
        )
    line = (
        f"top {TOP:.0%}: share found of the best {len(table.best())} of {len(table.candidates)} by "
        f"{table.goal}; chance finds {plan.budget / len(table.candidates):.2f}. regret: behind the "
        f"pool's best, {table.truth.max():.3f}. to {plan.reach:.3f}: evaluations until one as good "
        "was found, and in how many seeds. s: processor time of choosing."
    )
    return Group(view, Text(line))


def _facts(table: Table, plan: BenchmarkPlan, course: Course) -> dict[str, Any]:
    places = np.unique(np.linspace(1, plan.budget, min(_STEPS, plan.budget)).astype(np.int64))
    return {
        "strategy": course.name,
        **_mean("found", course.found[:, -1]),
        **_mean("area", course.found.mean(axis=1)),
        **_mean("best", course.best[:, -1]),
        **_mean("regret", _regret(table, course)),
        **_mean("evaluations_to_reach", course.reached.astype(np.float64)),
        "reached_in": int((course.reached <= plan.budget).sum()),
        "seconds": course.seconds,
        "curve": [
            {
                "evaluated": int(k),
                **_mean("found", course.found[:, k]),
                **_mean("best", course.best[:, k - 1]),
            }
            for k in places
        ],
    }


def _regret(table: Table, course: Course) -> Floats:
    """(seeds,) by how much the best of the pool is better than the best found."""
    return table.truth.max() - course.best[:, -1]


def _mean(name: str, values: Floats) -> dict[str, Any]:
    mean = student_mean(values)
    return {name: mean.value, f"{name}_ci": [mean.low, mean.high]}


def _text(mean: Estimate, digits: int) -> str:
    return f"{mean.value:.{digits}f} ± {mean.high - mean.value:.{digits}f}"
