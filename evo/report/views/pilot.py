"""The view of `evo try`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evo.core.task_label import task_label
from evo.report.views.tables import plain_table
from evo.report.views.text import clock_text


def pilot_view(facts: Mapping[str, Any]) -> RenderableType:
    """Baselines, noise, cost and the proposal, which can be copied into a file.

    Args:
        facts: see `evo.studies.pilot.pilot_facts`.
    """
    table = plain_table("Baselines, by the last rung")
    table.add_column("baseline", overflow="fold")
    for name in ("loss", "metric", "lost", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in sorted(facts["baselines"], key=lambda one: (one["loss"] is None, one["loss"])):
        values = ("–" if one[key] is None else f"{one[key]:.4g}" for key in ("loss", "metric"))
        table.add_row(Text(one["name"]), *values, str(one["lost"]), f"{one['seconds']:.1f}")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, words in _rows(facts):
        grid.add_row(Text(name), Text(words))
    return Group(table, grid, Text(), Text(settings_text(facts["proposal"]["settings"])))


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings as TOML.

    >>> print(settings_text({"kind": "loss", "protocol": {"rungs": [{"epochs": 2, "seeds": 4}]}}))
    kind = "loss"
    <BLANKLINE>
    [protocol]
    rungs = [{ epochs = 2, seeds = 4 }]
    """
    top_level = [f"{key} = {_value(value)}" for key, value in settings.items() if key != "protocol"]
    protocol = [f"{key} = {_value(value)}" for key, value in settings["protocol"].items()]
    return "\n".join([*top_level, "", "[protocol]", *protocol])


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(part)}" for key, part in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


def _rows(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if facts["problem"]:
        yield "problem", facts["problem"]
    for stratum, noise in facts["noise"].items():
        task, _, network = stratum.rpartition("/")
        yield (
            f"noise of {task_label(task)}, {network}",
            f"seeds differ by {noise['between_seeds']:.1%} in loss, baselines by "
            f"{noise['between_baselines']:.1%}; {noise['told_apart']} of {noise['pairs']} pairs "
            f"told apart; {noise['seeds_needed']} seeds needed",
        )
    if facts["rung_agreement"] is not None:
        count = len(facts["baselines"])
        yield (
            "agreement of the rungs",
            f"Kendall's tau {facts['rung_agreement']:.2f} over {count} baselines",
        )
    if facts["memory_bytes"] is not None:
        yield "memory", f"{facts['memory_bytes'] / 1e9:.2f} GB per worker"
    proposal = facts["proposal"]
    yield (
        "cost of a candidate",
        f"{proposal['first_rung_seconds']:.1f} processor seconds at the first rung, "
        f"{proposal['both_rungs_seconds']:.1f} at both",
    )
    baselines = clock_text(3600 * proposal["baselines_hours"])
    yield (
        f"in {proposal['hours']:g} h",
        f"baselines {baselines}, then about {proposal['candidates']:,} candidates on "
        f"{proposal['workers']} workers",
    )
