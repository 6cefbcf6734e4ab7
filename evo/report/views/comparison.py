"""The table of `evo compare`: two campaigns side by side."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.core.task_label import task_label
from evo.report.facts.figures import figure_words
from evo.report.views.text import value_text


def comparison_table(facts: Mapping[str, Any]) -> RenderableType:
    """One column per campaign, and below it how far the two can be compared."""
    table = Table()
    table.add_column("")
    for run in facts["runs"]:
        table.add_column(Text(run["name"]), justify="right", overflow="fold")
    # What only one of them has has no row, nor has what is not one value.
    for key in facts["runs"][0]:
        values = [run.get(key) for run in facts["runs"]]
        if key not in ("name", "best", "climb", "trouble", "figures"):
            table.add_row(key, *map(value_text, values))
    for key in ("b_wr", "bsota_wr", "margin", "n_behaviour"):
        bests = (run["best"] for run in facts["runs"])
        table.add_row(f"best: {key}", *(value_text(best and best[key]) for best in bests))
    by_task = [
        {one["task"]: figure_words(one) for one in run.get("figures", ())} for run in facts["runs"]
    ]
    for task in dict.fromkeys(task for run in by_task for task in run):
        table.add_row(f"best on {task_label(task)}", *(run.get(task, "–") for run in by_task))
    table.add_row("front members beaten", *map(value_text, facts["front_members_beaten"]))
    notes: list[Text] = []
    if not facts["comparable"]:
        differing = ", ".join(facts["differing"])
        notes.append(Text(f"Measured differently ({differing}): win rates are not comparable."))
    best = facts["best"]
    if best and best["log_loss_ratio"] is not None:
        low, high = best["log_loss_ratio_ci"]
        ratio = f"{best['log_loss_ratio']:+.3f} [{low:+.3f}, {high:+.3f}]"
        first = f"log(loss of the second's best / loss of the first's) {ratio}"
        over = f"over {best['seeds']} seeds, paired t test p = {best['p']:.3f}"
        notes.append(Text(f"{first} {over}; above 0 the first is better."))
    notes.append(
        Text("One run each compares these runs, not their settings: for those use several seeds.")
    )
    return Group(table, *notes)
