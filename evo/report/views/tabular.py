"""The view of `evo bench tabular`: how quickly strategies find the best of a pool."""

from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from evo.core.estimate import Estimate
from evo.evaluation.statistics.mean import student_mean
from evo.report.facts.tabular import final_regret
from evo.report.views.tables import plain_table
from evo.screening.efficiency import TOP
from evo.tabular.benchmark import BenchmarkPlan, StrategyResult, Table


def tabular_view(
    table: Table, plan: BenchmarkPlan, results: Sequence[StrategyResult]
) -> RenderableType:
    """One row per strategy, and a legend."""
    view = plain_table(f"After {plan.budget} evaluations, means over {plan.seeds} seeds")
    view.add_column("strategy", no_wrap=True)
    for name in (f"top {TOP:.0%}", "regret", f"to {plan.reach:.3f}", "in", "s"):
        view.add_column(name, justify="right", no_wrap=True)
    for result in results:
        missed = result.reached > plan.budget
        to_reach = _text(student_mean(result.reached.astype(np.float64)), 0)
        view.add_row(
            result.name,
            _text(student_mean(result.recall[:, -1]), 2),
            _text(student_mean(final_regret(table, result)), 3),
            f"≥ {to_reach}" if missed.any() else to_reach,
            f"{plan.seeds - int(missed.sum())}/{plan.seeds}",
            f"{result.seconds:.1f}",
        )
    legend = (
        f"top {TOP:.0%}: share found of the best {len(table.best())} of {len(table.candidates)} by "
        f"{table.goal}; random choice finds {plan.budget / len(table.candidates):.2f}. regret: "
        f"distance to the pool's best, {table.truth.max():.3f}. to {plan.reach:.3f}: evaluations "
        "until one as good was found; in: number of seeds in which it was. s: processor time of "
        "choosing."
    )
    return Group(view, Text(legend))


def _text(mean: Estimate, digits: int) -> str:
    return f"{mean.value:.{digits}f} ± {mean.high - mean.value:.{digits}f}"
