"""The table of `evo fidelity`: how well short training ranks components."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from evo.report.views.tables import plain_table


def fidelity_table(facts: Mapping[str, Any]) -> RenderableType:
    """Kendall's τ of each measure against each truth, one column per network of the truth."""
    table = plain_table(f"Kendall's τ with full training, {facts['functions']} components")
    networks = ["combined", *facts["networks"]]
    for name in ("rung", "ranked by", "truth"):
        table.add_column(name, no_wrap=True)
    for name in networks:
        table.add_column(name, justify="right", no_wrap=True)
    rows: dict[tuple[int, str, str], dict[str, str]] = {}
    for row in facts["tau"]:
        low, high = row["tau_ci"]
        value = f"{row['tau']:.2f}"
        if row["network"] == "combined":
            value += f" [{low:.2f}, {high:.2f}]"
        rows.setdefault((row["rung"], row["measure"], row["truth"]), {})[row["network"]] = value
    for (rung, measure, truth), values in rows.items():
        table.add_row(str(rung), measure, truth, *(values[name] for name in networks))
    seconds = facts["seconds_per_candidate"]
    notes = [f"{seconds:.2f} processor seconds for a fully evaluated candidate."]
    if facts["halves"]:
        halves = " and ".join(f"{tau:.2f} on {measure}" for measure, tau in facts["halves"].items())
        notes.append(f"One half of the truth's seeds agrees with the other at τ {halves}.")
    return Group(table, *map(Text, notes))
