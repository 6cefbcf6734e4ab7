"""The view of `evo ctl RUN`."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType

from evo.report.views.tables import facts_table


def steering_view(facts: Mapping[str, Any]) -> RenderableType:
    """What holds now, and everything that was said so far.

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
    said = {
        f"{change['time']} (from {change['first']} on)": change_words(change)
        for change in facts["changes"]
    }
    tables = [facts_table(said)] if said else []
    return Group(facts_table(shown), *tables)


def change_words(change: Mapping[str, Any]) -> str:
    """A command as it was given, or the settings that were changed.

    >>> change_words({"command": "pin 1a2b3c4d", "settings": {"steering.pinned": ["1a2b3c4d"]}})
    'pin 1a2b3c4d'
    >>> change_words({"settings": {"generations": 70, "llm.budget.hours": 2.5}})
    'generations = 70, llm.budget.hours = 2.5'
    """
    settings = ", ".join(f"{key} = {value}" for key, value in change["settings"].items())
    return str(change.get("command") or settings)
