"""The view of `evo bench search`: one row per strategy, and a legend."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.report.views.tables import plain_table
from evo.report.views.text import mean_text


def search_view(facts: Mapping[str, Any]) -> RenderableType:
    """The best of each strategy, then its course.

    Args:
        facts: see `search_facts`.
    """
    title = f"After {facts['evaluations']} evaluations, means over {facts['seeds']} seeds"
    best = _table(title, "fresh", "difference", "p", "seen", "true")
    course = _table("Course", "mean margin by quarter", "top", "hypervolume", "diversity")
    effort = _table("Effort", f"to {facts['reach']:g}", "in", "s")
    compared = 0
    for row in facts["strategies"]:
        name, other = row["strategy"], row["difference"]
        compared += other is not None
        best.add_row(
            name,
            _mean(row["fresh"]),
            "" if other is None else _mean(other, sign="+"),
            "" if other is None else f"{other['p']:.2g}",
            f"{row['seen']['mean']:.3f}",
            f"{row['true']['mean']:.3f}",
        )
        course.add_row(
            name,
            " ".join(f"{quarter:+.2f}" for quarter in row["quarters"]),
            f"{row['top']['mean']:.3f}",
            f"{row['hypervolume']['mean']:.3f}",
            f"{row['diversity']['mean']:.2f}",
        )
        reached, found_in = f"{row['reached']['mean']:.0f}", row["reached_in"]
        effort.add_row(
            name,
            f"≥ {reached}" if found_in < facts["seeds"] else reached,
            f"{found_in}/{facts['seeds']}",
            f"{row['seconds']['mean']:.1f}",
        )
    legend = (
        "fresh: margin of the best candidate on training seeds that no search used; seen: as the "
        "search measured it; true: without noise; top: the highest without noise of all evaluated. "
        f"difference: of fresh to {facts['reference']}, paired by seed, with Student's 95 % "
        f"interval; p: corrected for {compared} comparisons. to {facts['reach']:g}: evaluations "
        "until a candidate truly had that margin; in: searches in which one did. s: processor time "
        "of a search."
    )
    return Group(best, course, effort, Text(legend))


def _table(title: str, *columns: str) -> Table:
    table = plain_table(title)
    table.add_column("strategy", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _mean(fact: Mapping[str, Any], *, sign: str = "") -> str:
    return mean_text(fact["mean"], fact["ci"], digits=3, sign=sign)
