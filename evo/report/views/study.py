"""The views of `evo study`: its plan, and its results."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.report.views.narrow import Fitted
from evo.report.views.tables import plain_table

_RESULTS = (
    *("state", "best", "confirmed", "mean", "in full", "valid", "new"),
    *("proposed", "gen", "B-WR", "hours"),
)
"""Columns; a narrow terminal has no room for the last ones."""


def plan_view(facts: Mapping[str, Any]) -> RenderableType:
    """One row per cell, and what all of them take.

    Args:
        facts: see `evo.studies.grid.plan.plan_facts`.
    """
    table = plain_table(f"Study {facts['name']}: {len(facts['cells'])} cells")
    table.add_column("cell", overflow="fold")
    for name in ("hypotheses", "trained", "hours", "usd", "requests", "tokens"):
        table.add_column(name, justify="right", no_wrap=True)
    for cell in facts["cells"]:
        table.add_row(*_planned(cell))
    if confirmation := facts["confirmation"]:
        table.add_row(
            "confirmation",
            "",
            f"{confirmation['trainings']:,}",
            _span(confirmation["hours"], "{:,.2f}"),
        )
    table.add_row(*_planned({**facts, "name": "all"}))
    calibration = facts["calibration"]
    rows = [
        f"From {calibration['trainings']} trainings of baselines in "
        f"{calibration['seconds']:.0f} s, with {facts['workers']} workers on {facts['device']}. "
        "Each figure is a range; a budget may end it sooner. Hours are of wall time, "
        + (
            f"with {calibration['reply_seconds']:.1f} s per reply of a model on this machine."
            if calibration["reply_seconds"]
            else "as long as replies do not wait."
        )
    ]
    if facts["unpriced"]:
        rows.append(f"No price is known of {', '.join(facts['unpriced'])}.")
    return Group(Fitted(table), *map(Text, rows))


def _planned(row: Mapping[str, Any]) -> Iterator[Text]:
    """Effort of a cell, or of all of them."""
    yield Text(row["name"])
    yield Text(f"{row['hypotheses']:,}")
    yield Text(_span(row["trainings"], "{:,.0f}"))
    yield Text(_span(row["hours"], "{:,.2f}"))
    yield Text("unknown" if row["cost_usd"] is None else _span(row["cost_usd"], "{:,.2f}"))
    yield Text(_span(row["requests"], "{:,.0f}"))
    yield Text(_span([number / 1e6 for number in row["tokens"]], "{:,.2f}") + "M")


def study_view(facts: Mapping[str, Any]) -> RenderableType:
    """One row per cell, then the axes that have two levels or more.

    Args:
        facts: see `study_facts`.
    """
    table = plain_table(f"Study {facts['name']}")
    table.add_column("cell", overflow="fold")
    for name in _RESULTS:
        table.add_column(name, justify="left" if name == "state" else "right", no_wrap=True)
    for row in facts["cells"]:
        table.add_row(Text(row["name"]), *map(Text, _row(row)))
    compared = [e for e in facts["effects"] if e["measure"] in ("best_margin", "mean_margin")]
    parts: list[RenderableType] = [Fitted(table)]
    if any(effect["pairs"] for effect in compared):
        parts.append(Fitted(_effects(compared)))
    return Group(*parts)


def dataset_view(facts: Mapping[str, Any]) -> RenderableType:
    """The files of an exported data set, and the benchmarks made of it.

    Args:
        facts: folder, rows by file, benchmarks.
    """
    table = plain_table(f"Data set {facts['folder']}")
    table.add_column("file", overflow="fold")
    table.add_column("rows", justify="right")
    for name, rows in facts["rows"].items():
        table.add_row(Text(name), f"{rows:,}")
    lines = [
        f"{bench['command']}" if bench["rows"] else f"No {bench['name']}: {bench['why']}."
        for bench in facts["benchmarks"]
    ]
    return Group(Fitted(table), *map(Text, lines))


def _row(row: Mapping[str, Any]) -> Iterator[str]:
    yield row["state"]
    if row["state"] == "not begun":
        yield from [""] * (len(_RESULTS) - 1)
        return
    best, confirmed = row["best"], row["confirmed"]
    yield "–" if best is None else f"{best['margin']:+.3f}"
    yield _confirmed(confirmed) if confirmed else "–"
    yield _signed(row["mean_margin"])
    yield f"{row['full']:,}"
    yield _share(row["valid_share"])
    yield _share(row["new_share"])
    yield f"{row['proposed']:,}"
    yield f"{row['generation']}/{row['generations']}"
    yield "–" if best is None else f"{best['b_wr']:.2f}"
    yield f"{row['processor_hours']:.2f}"


def _confirmed(entry: Mapping[str, Any]) -> str:
    if entry["log_ratio"] is None:
        return "failed"
    return f"{entry['log_ratio']:+.3f}, p {entry['p_study']:.3f}"


def _effects(effects: Sequence[Mapping[str, Any]]) -> Table:
    table = plain_table("Second level minus first, over cells that agree in all else")
    for name in ("axis", "levels", "measure"):
        table.add_column(name, overflow="fold")
    for name in ("pairs", "difference", "95 % interval", "p"):
        table.add_column(name, justify="right", no_wrap=True)
    for effect in effects:
        if effect["pairs"]:
            table.add_row(
                Text(effect["axis"]),
                Text(" → ".join(effect["levels"])),
                effect["measure"].replace("_", " "),
                str(effect["pairs"]),
                _signed(effect["mean"]),
                "–" if effect["ci"] is None else "[{:+.3f}, {:+.3f}]".format(*effect["ci"]),
                "–" if effect["p"] is None else f"{effect['p']:.3f}",
            )
    return table


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}"


def _span(bounds: Sequence[float], form: str) -> str:
    low, high = (form.format(bound) for bound in bounds)
    return low if low == high else f"{low}–{high}"
