"""A person's commands to a campaign: settings in force, and all with their generation."""

from collections.abc import Mapping
from typing import Any

from archive.history.changes import is_paused
from archive.history.reader import Reader
from evo.campaign.commands import Command, CommandOutcome


def steering_facts(history: Reader) -> dict[str, Any]:
    """The JSON document of `evo ctl RUN`."""
    steering, llm = history.config.get("steering", {}), history.config.get("llm", {})
    following = history.generation + 1
    hints = [hint for hint in steering.get("hints", ()) if hint["last"] in range(1, following)]
    return {
        "name": history.folder.name,
        "generation": history.generation,
        "generations": history.config["generations"],
        "is_running": history.is_running,
        "is_paused": is_paused(history.changes),
        "hints": [hint for hint in steering.get("hints", ()) if hint not in hints],
        "pinned": list(steering.get("pinned", ())),
        "banned": list(steering.get("banned", ())),
        "models_off": list(llm.get("off", ())),
        "budget": {key: limit for key, limit in llm.get("budget", {}).items() if limit},
        "workers": history.config.get("workers", 0),
        "changes": change_facts(history),
    }


def change_facts(history: Reader) -> list[dict[str, Any]]:
    """Every change of a campaign, with the generation that it holds from."""
    return [
        {
            "first": change.first,
            "settings": dict(change.settings),
            "time": change.time,
            **({"command": change.command} if change.command else {}),
        }
        for change in history.changes
    ]


def answer_facts(sent: Command, answer: CommandOutcome, *, is_running: bool) -> dict[str, Any]:
    """The answer to a command.

    Args:
        sent: the command.
        answer: what came of it.
        is_running: whether a process runs the campaign.
    """
    return {
        "command": sent.words,
        "key": sent.key,
        "changed": answer.changed,
        "generation": answer.first,
        "is_running": is_running,
        "message": answer.message,
    }


def change_words(change: Mapping[str, Any]) -> str:
    """A command as it was given, or the settings that were changed.

    >>> change_words({"command": "pin 1a2b3c4d", "settings": {"steering.pinned": ["1a2b3c4d"]}})
    'pin 1a2b3c4d'
    >>> change_words({"settings": {"generations": 70, "llm.budget.hours": 2.5}})
    'generations = 70, llm.budget.hours = 2.5'
    """
    settings = ", ".join(f"{key} = {value}" for key, value in change["settings"].items())
    return str(change.get("command") or settings)
