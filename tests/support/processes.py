"""Processes as the kernel sees them, and waiting for what another process does."""

import time
from collections.abc import Callable
from pathlib import Path


def processes() -> dict[int, tuple[int, str]]:
    """Parent and state of each process, those that ended and were not waited for included."""
    table: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it has ended meanwhile
        table[int(entry.parent.name)] = (int(parent), state)
    return table


def children(parent: int) -> list[int]:
    """Processes whose parent this is, those that ended and were not waited for included."""
    return sorted(process for process, (above, _) in processes().items() if above == parent)


def descendants(ancestor: int) -> list[int]:
    """Living processes below this one."""
    table = processes()

    def below(parent: int) -> list[int]:
        living = [p for p, (above, state) in table.items() if above == parent and state != "Z"]
        return [*living, *(one for process in living for one in below(process))]

    return below(ancestor)


def is_alive(process: int) -> bool:
    return processes().get(process, (0, "Z"))[1] != "Z"


def becomes_true(condition: Callable[[], object], *, within_s: float = 5.0) -> bool:
    """True if a condition holds before the time is up; asked more rarely the longer it takes."""
    start = time.monotonic()
    while (waited := time.monotonic() - start) < within_s:
        if condition():
            return True
        time.sleep(min(0.02 + waited / 20, 0.2))
    return bool(condition())


def wait_for(condition: Callable[[], object], *, timeout_s: float = 120.0) -> None:
    """Returns as soon as a condition holds.

    Raises:
        AssertionError: it did not within the time.
    """
    assert becomes_true(condition, within_s=timeout_s), "waited in vain"
