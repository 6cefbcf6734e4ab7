"""The view of `evo bench tabular`: how quickly strategies find the best of a pool."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from evo.report.views.tables import plain_table
from evo.report.views.text import mean_text


def tabular_view(facts: Mapping[str, Any]) -> RenderableType:
    """One row per strategy, and a legend.

    Args:
        facts: see `tabular_facts`.
    """
    budget, reach, top = facts["budget"], facts["reach"], f"top {facts['top_share']:.0%}"
    view = plain_table(f"After {budget} evaluations, means over {facts['seeds']} seeds")
    view.add_column("strategy", no_wrap=True)
    for name in (top, "regret", f"to {reach:.3f}", "in", "s"):
        view.add_column(name, justify="right", no_wrap=True)
    for row in facts["strategies"]:
        to_reach = _mean(row, "evaluations_to_reach", 0)
        view.add_row(
            row["strategy"],
            _mean(row, "found", 2),
            _mean(row, "regret", 3),
            f"≥ {to_reach}" if row["reached_in"] < facts["seeds"] else to_reach,
            f"{row['reached_in']}/{facts['seeds']}",
            f"{row['seconds']:.1f}",
        )
    legend = (
        f"{top}: share found of the best {facts['top']} of {facts['candidates']} by "
        f"{facts['goal']}; random choice finds {budget / facts['candidates']:.2f}. regret: "
        f"distance to the pool's best, {facts['best_of_pool']:.3f}. to {reach:.3f}: evaluations "
        "until one as good was found; in: number of seeds in which it was. s: processor time of "
        "choosing."
    )
    return Group(view, Text(legend))


def _mean(row: Mapping[str, Any], name: str, digits: int) -> str:
    return mean_text(row[name], row[f"{name}_ci"], digits=digits)
