"""The view of `evo ctl RUN`."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType

from evo.report.facts.steering import change_words
from evo.report.views.tables import facts_table


def steering_view(facts: Mapping[str, Any]) -> RenderableType:
    """The settings in force, and all commands so far.

    Args:
        facts: see `steering_facts`.
    """
    state = "running" if facts["is_running"] else "not running"
    shown = {
        "name": facts["name"],
        "generation": f"{max(facts['generation'], 0)} of {facts['generations']}",
        "state": f"{state}, paused" if facts["is_paused"] else state,
        "budget": facts["budget"] or "no limit",
        "workers": facts["workers"] or "one per processor, or one per GPU",
    }
    for hint in facts["hints"]:
        until = f"to {hint['last']}" if hint["last"] else "on"
        shown[f"hint from {hint['first']} {until}"] = hint["text"]
    for key in ("pinned", "banned", "models_off"):
        if facts[key]:
            shown[key.replace("_", " ")] = ", ".join(facts[key])
    said: dict[str, list[str]] = {}
    for change in sorted(facts["changes"], key=lambda change: change["time"]):
        when = f"{change['time'][:19]} UTC, from {change['first']} on"
        said.setdefault(when, []).append(change_words(change))
    tables = [facts_table({when: "; ".join(words) for when, words in said.items()})] if said else []
    return Group(facts_table(shown), *tables)
