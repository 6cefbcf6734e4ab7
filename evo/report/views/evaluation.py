"""The table of `evo evaluate`: files with their win rates."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from evo.core.estimate import Estimate
from evo.core.task_label import task_label
from evo.report.facts.figures import figure_words
from evo.report.views.narrow import Fitted
from evo.report.views.text import interval_text


def evaluation_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """One row per file: status, losses and metrics below the path; win rates, margin."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("file", overflow="fold")
    for name in ("B-WR [95 %]", "BSOTA-WR [95 %]", "margin"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        name = Text(f"{row['path']}\n{row['status']}")
        if row["reason"]:
            name.append(f": {row['reason']}", style="dim")
        for figures in row.get("figures", ()):
            task = task_label(figures["task"])
            name.append(f"\n{task}: {figure_words(figures)}")
        if row["b_wr"] is None:
            table.add_row(name, "–", "–", "–")
            continue
        table.add_row(
            name,
            interval_text(Estimate(row["b_wr"], *row["b_wr_ci"])),
            interval_text(Estimate(row["bsota_wr"], *row["bsota_wr_ci"])),
            f"{row['margin']:+.3f}",
        )
    return Fitted(table)
