"""The table of `evo confirm`: verdicts with their figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.core.estimate import Estimate
from evo.core.task_label import task_label
from evo.evaluation.statistics.paired_test import Verdict
from evo.report.views.text import interval_text


def verdict_table(facts: Mapping[str, Any]) -> RenderableType:
    """One row per candidate, within 80 columns, and a legend."""
    rung = facts["protocol"]["rungs"][0]
    table = Table(
        title=f"Confirmation: {rung['epochs']} epochs, {rung['seeds']} fresh seeds",
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 1, 1, 0),
    )
    table.add_column("candidate\nverdict", no_wrap=True)
    table.add_column("strongest baseline\nlog-ratio to it", no_wrap=True)
    table.add_column("\np", justify="right", no_wrap=True)
    table.add_column("B-WR\nBSOTA-WR", no_wrap=True)
    table.add_column("task by task", overflow="fold")
    for entry in facts["candidates"]:
        table.add_row(*_row(entry, facts["searched"]))
    return Group(table, Text(_LEGEND))


_LEGEND = """\

log-ratio: mean of log(baseline's loss / candidate's loss); above 0 is better.
p: one-sided, corrected for all candidates above (Holm); confirmed below 0.05.
Tasks, each by itself: + better, - worse, ~ undecided; * used by the search.
[ ]: 95 % intervals over these trials, which did not choose the candidates."""


def _row(entry: Mapping[str, Any], searched: Sequence[str]) -> tuple[Text, ...]:
    verdict = Text(f"{entry['id'][:8]}\n")
    is_confirmed = entry["verdict"] == Verdict.CONFIRMED.value
    verdict.append(entry["verdict"], style="green" if is_confirmed else "dim")
    if entry["reason"]:
        return verdict, Text("–"), Text("–"), Text("–"), Text(entry["reason"])
    low, high = entry["log_ratio_ci"]
    rates = [
        interval_text(Estimate(entry[key], *entry[f"{key}_ci"])) for key in ("b_wr", "bsota_wr")
    ]
    return (
        verdict,
        Text(f"{entry['strongest_baseline']}\n{entry['log_ratio']:+.3f} [{low:+.2f}, {high:+.2f}]"),
        Text(f"\n{_p_value(entry['p_corrected'])}"),
        Text("\n".join(rates)),
        Text(
            "\n".join(
                f"{_mark(task['log_ratio_ci'])} {task_label(name)}{'*' if name in searched else ''}"
                for name, task in entry["tasks"].items()
            )
        ),
    )


def _mark(ci: Sequence[float]) -> str:
    """+ where an interval lies above 0, - where below.

    >>> [_mark(ci) for ci in ((0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1))]
    ['+', '-', '~']
    """
    return "+" if ci[0] > 0 else "-" if ci[1] < 0 else "~"


def _p_value(p: float) -> str:
    """A p-value to three places.

    >>> _p_value(0.0312), _p_value(0.00002)
    ('0.031', '<0.001')
    """
    return "<0.001" if p < 0.001 else f"{p:.3f}"
