"""The machines that a campaign ran on, and which outcomes each made: the file `machines`.

Results of one job differ in the last digits between processors. A line is appended when a process
goes on with a campaign on another machine than the last; no record depends on it.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from archive.store import disk
from evo.core.errors import HistoryError

MACHINES_FILE = "machines"


class Stay(NamedTuple):
    """A machine and the point from which on it made all outcomes.

    Attributes:
        generation: the first generation that it made outcomes of.
        outcomes: how many outcomes of that generation the machine before it had made.
        machine: what it is, by name of the property.
    """

    generation: int
    outcomes: int
    machine: Mapping[str, str]

    @property
    def name(self) -> str:
        """The machine in words."""
        return ", ".join(value for value in self.machine.values() if value)


def read_stays(folder: Path) -> list[Stay]:
    """The machines of a campaign, in order; empty where none was written down."""
    try:
        lines = (folder / MACHINES_FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    stays: list[Stay] = []
    for line in lines:
        with suppress(ValueError, TypeError, KeyError):
            entry: dict[str, Any] = json.loads(line)
            stays.append(Stay(int(entry["generation"]), int(entry["outcomes"]), entry["machine"]))
    return stays


def note_machine(
    folder: Path, machine: Mapping[str, str], *, generation: int, outcomes: int
) -> None:
    """Write down that this machine goes on, unless it is the one that was there last.

    Args:
        folder: the campaign's; the caller holds its lock.
        machine: what this one is.
        generation: the generation in progress.
        outcomes: how many outcomes of it there are already.
    """
    stays = read_stays(folder)
    if stays and stays[-1].machine == machine:
        return
    stays.append(Stay(generation, outcomes, machine))
    lines = "".join(json.dumps(stay._asdict()) + "\n" for stay in stays)
    with suppress(HistoryError):  # a full disk is found where it matters
        disk.replace(folder / MACHINES_FILE, lines.encode())


def machines_of(stays: Sequence[Stay], generation: int) -> list[str]:
    """The machines that made the outcomes of a generation, in order.

    >>> stays = [Stay(0, 0, {"cpu": "A"}), Stay(3, 2, {"cpu": "B"}), Stay(5, 0, {"cpu": "C"})]
    >>> [machines_of(stays, generation) for generation in (2, 3, 4, 5)]
    [['A'], ['A', 'B'], ['B'], ['C']]
    """
    names: list[str] = []
    for place, stay in enumerate(stays):
        following = stays[place + 1] if place + 1 < len(stays) else None
        begins = stay.generation <= generation
        ends = following is not None and (
            following.generation < generation
            or (following.generation == generation and following.outcomes == 0)
        )
        if begins and not ends and stay.name not in names:
            names.append(stay.name)
    return names
