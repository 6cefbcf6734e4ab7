"""The machines that a campaign ran on, and which outcomes each made: the file `machines`.

Results of one job differ in the last digits between processors. A line is appended when a process
goes on with a campaign on another machine than the last; no record depends on it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
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
        before: ids of candidates of that generation of which earlier machines had made outcomes.
        machine: what it is, by name of the property.
    """

    generation: int
    before: Sequence[str]
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
            before = [str(id_) for id_ in entry["before"]]
            stays.append(Stay(int(entry["generation"]), before, entry["machine"]))
    return stays


def note_machine(
    folder: Path, machine: Mapping[str, str], *, generation: int, before: Iterable[str]
) -> None:
    """Write down that this machine goes on, unless it is the one that was there last.

    Args:
        folder: the campaign's; the caller holds its lock.
        machine: what this one is.
        generation: the generation in progress.
        before: ids of the candidates of which it has outcomes already.
    """
    stays = read_stays(folder)
    if stays and stays[-1].machine == machine:
        return
    stays.append(Stay(generation, sorted(set(before)), machine))
    lines = "".join(json.dumps(stay._asdict()) + "\n" for stay in stays)
    with suppress(HistoryError):  # a full disk is found where it matters
        disk.replace(folder / MACHINES_FILE, lines.encode())


def machines_of(stays: Sequence[Stay], generation: int, id_: str) -> list[str]:
    """The machines that made, or may have made, the outcomes of a candidate, in order.

    Where the machine changed within its generation, a candidate that had outcomes before may have
    some of both; any other is the later machine's.

    >>> stays = [Stay(0, [], {"cpu": "A"}), Stay(3, ["x"], {"cpu": "B"})]
    >>> machines_of(stays, 2, "y"), machines_of(stays, 3, "x"), machines_of(stays, 3, "y")
    (['A'], ['A', 'B'], ['B'])
    """
    names: list[str] = []
    for stay in stays:
        if stay.generation > generation:
            break
        if stay.generation < generation or id_ not in stay.before:
            names.clear()
        if stay.name not in names:
            names.append(stay.name)
    return names
