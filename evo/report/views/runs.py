"""The view of `evo list runs`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from evo.report.views.narrow import Fitted
from evo.report.views.tables import plain_table
from evo.report.views.text import clock_text

_COLUMNS = (
    *("state", "gen", "best", "B-WR", "usd", "hours", "left", "evaluated", "kind"),
    *("loss (baseline)", "metric (baseline)"),
)


def runs_view(runs: Sequence[Mapping[str, Any]], *, where: str) -> RenderableType:
    """One row per campaign, and the reasons of those that cannot be read.

    Args:
        runs: see `runs_facts`.
        where: the folder that was looked in.
    """
    if not runs:
        return Text(f"No campaigns in {where}.")
    table = plain_table(f"Campaigns in {where}, those last written last")
    table.add_column("name", overflow="fold")
    for name in _COLUMNS:
        is_text = name in ("state", "kind")
        table.add_column(name, justify="left" if is_text else "right", no_wrap=True)
    for run in runs:
        table.add_row(Text(run["name"]), *map(Text, _row(run)))
    problems = [Text(f"{run['name']}: {run['problem']}") for run in runs if run["problem"]]
    return Group(Fitted(table), *problems)


def _row(run: Mapping[str, Any]) -> Iterator[str]:
    yield run["state"]
    if run["problem"]:
        yield from [""] * (len(_COLUMNS) - 1)
        return
    best, hours, left = run["best"], run["hours"], run["seconds_left"]
    yield f"{max(0, run['generation'])}/{run['generations']}"
    yield "–" if best is None else f"{best['margin']:+.3f}"
    yield "–" if best is None else f"{best['b_wr']:.3f}"
    yield _dollars(run["llm"])
    yield "–" if hours is None else f"{hours:.2f}"
    yield "–" if left is None else clock_text(left)
    yield str(run["evaluated"])
    yield run["kind"]
    for name in ("loss", "metric"):
        yield ", ".join(_with_rival(one, name) for one in run["figures"]) or "–"


def _with_rival(figures: Mapping[str, Any], name: str) -> str:
    """The loss or metric of the best on a task, and of the best baseline there.

    >>> _with_rival({"loss": 0.12345, "baseline": {"loss": 0.2}}, "loss")
    '0.1235 (0.2)'
    """
    value, rival = figures[name], figures["baseline"]
    words = "–" if value is None else f"{value:.4g}"
    theirs = None if rival is None else rival[name]
    return words if theirs is None else f"{words} ({theirs:.4g})"


def _dollars(llm: Mapping[str, Any]) -> str:
    """Dollars spent; never zero where a price is unknown.

    >>> _dollars({"requests": 0}), _dollars({"requests": 2, "cost_usd": None})
    ('–', 'unknown')
    """
    if not llm["requests"]:
        return "–"
    return "unknown" if llm["cost_usd"] is None else f"{llm['cost_usd']:.2f}"
