"""The view of `evo bench search`: one row per strategy, and a legend."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.core.estimate import Estimate
from evo.evaluation.statistics.mean import student_mean
from evo.report.facts.search_bench import differences, reached_in
from evo.report.views.tables import plain_table
from evo.tabular.surrogate.benchmark import SearchPlan, SearchResult


def search_view(
    plan: SearchPlan, results: Sequence[SearchResult], reference: str
) -> RenderableType:
    """The best of each strategy, then its course."""
    compared = differences(results, reference)
    title = f"After {plan.evaluations} evaluations, means over {plan.seeds} seeds"
    best = _table(title, "fresh", "difference", "p", "seen", "true")
    course = _table("Course", "mean margin by quarter", "top", "hypervolume", "diversity")
    effort = _table("Effort", f"to {plan.reach:g}", "in", "s")
    for result in results:
        other = compared.get(result.name)
        best.add_row(
            result.name,
            _text(student_mean(result.values("fresh"))),
            "" if other is None else _text(other.mean, sign="+"),
            "" if other is None else f"{other.p:.2g}",
            f"{result.values('seen').mean():.3f}",
            f"{result.values('true').mean():.3f}",
        )
        quarters = result.values("quarters").mean(axis=0)
        course.add_row(
            result.name,
            " ".join(f"{quarter:+.2f}" for quarter in quarters),
            f"{result.values('top').mean():.3f}",
            f"{result.values('hypervolume').mean():.3f}",
            f"{result.values('diversity').mean():.2f}",
        )
        reached = f"{result.values('reached').mean():.0f}"
        effort.add_row(
            result.name,
            f"≥ {reached}" if reached_in(result) < plan.seeds else reached,
            f"{reached_in(result)}/{plan.seeds}",
            f"{result.values('seconds').mean():.1f}",
        )
    legend = (
        "fresh: margin of the best candidate on training seeds that no search used; seen: as the "
        "search measured it; true: without noise; top: the highest without noise of all evaluated. "
        f"difference: of fresh to {reference}, paired by seed, with Student's 95 % interval; p: "
        f"corrected for {len(compared)} comparisons. to {plan.reach:g}: evaluations until a "
        "candidate truly had that margin; in: searches in which one did. s: processor time of a "
        "search."
    )
    return Group(best, course, effort, Text(legend))


def _table(title: str, *columns: str) -> Table:
    table = plain_table(title)
    table.add_column("strategy", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _text(mean: Estimate, *, sign: str = "") -> str:
    return f"{mean.value:{sign}.3f} ± {mean.high - mean.value:.3f}"
