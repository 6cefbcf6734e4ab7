"""Commands of a person to a campaign of weeks: hints, pins, bans, pauses, models, budgets, days."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulated_day import Said

from archive.history.reader import Reader
from evo.campaign.commands import Command

EXTENSION = 4
"""Days that the campaign is extended by."""


def commands_by_generation(days: int, per_day: int) -> Said:
    """Commands of a person, by the generation after which they are sent."""

    def words(*parts: str, **how: Any) -> Callable[[Path], Command]:
        return lambda _: Command.of(parts[0], parts[1:], **how)

    said: dict[int, list[Callable[[Path], Command]]] = {}
    for day in range(1, days):
        noon = (day - 1) * per_day + max(1, per_day // 2)
        said.setdefault(noon, []).append(
            words("hint", f"Day {day}: try bounded functions.", generations=max(1, per_day // 3))
        )
        if day % 3 == 1:
            said[noon].append(lambda folder: Command.of("pin", [_best(folder)]))
        if day % 5 == 2:
            said[noon].append(lambda folder: Command.of("ban", [_worst_survivor(folder)]))
        if day % 4 == 0:
            said[noon] += [words("pause"), words("resume")]
        if day % 4 in (1, 3):
            said[noon].append(words("model", "two", "off" if day % 4 == 1 else "on"))
        if day % 6 == 0:
            said[noon].append(words("budget", "dollars=+5", "trainings=+1000"))
    extended = max(1, days - EXTENSION) * per_day
    last_call = max(1, extended - max(1, per_day // 2))
    said.setdefault(last_call, []).append(words("generations", f"{days * per_day}"))
    return said


def _best(folder: Path) -> str:
    return max(_survivors(folder), key=lambda one: one[1])[0]


def _worst_survivor(folder: Path) -> str:
    return min(_survivors(folder), key=lambda one: one[1])[0]


def _survivors(folder: Path) -> list[tuple[str, float]]:
    history = Reader.read(folder)
    return [
        (record.id, record.scored.margin.value)
        for record in history.records
        if record.id in history.survivors and record.is_proposal and record.novelty is not None
    ]
