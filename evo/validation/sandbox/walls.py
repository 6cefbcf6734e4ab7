"""The walls that a kernel may lack, and which of them stand here.

The others (limits of memory and time, no user, an empty process, plain data as the only reply) need
nothing but a POSIX system. A sandbox without one of these walls is opened only on request.
"""

from collections.abc import Set as AbstractSet
from enum import StrEnum

from evo.core.errors import UsageError
from evo.validation.sandbox import landlock, syscalls


class Wall(StrEnum):
    """A wall of the kernel; the value is what it is called outside of this program."""

    LANDLOCK = "Landlock"
    SECCOMP = "seccomp"


HOLDS = {
    Wall.LANDLOCK: "files, TCP, abstract sockets, signals",
    Wall.SECCOMP: "every system call that reaches anything",
}
"""What each wall holds back."""

_NEEDS = {
    Wall.LANDLOCK: "Linux 5.13 or newer with `landlock` among its security modules",
    Wall.SECCOMP: "Linux on x86-64 or aarch64, with filters allowed",
}


def standing() -> frozenset[Wall]:
    """The walls that this kernel has."""
    found = {
        Wall.LANDLOCK: landlock.abi() > 0,
        Wall.SECCOMP: syscalls.is_available(),
    }
    return frozenset(wall for wall, stands in found.items() if stands)


def absence(walls: AbstractSet[Wall]) -> str:
    """What is missing and what that means; empty where all walls stand."""
    missing = "; ".join(
        f"{wall} ({HOLDS[wall]}), which needs {_NEEDS[wall]}" for wall in Wall if wall not in walls
    )
    return missing and (
        f"Walls that are absent on this machine: {missing}. Generated code might reach your files "
        "and processes; `evo doctor` shows what holds."
    )


def require(walls: AbstractSet[Wall]) -> None:
    """Passes where all walls stand.

    Raises:
        UsageError: what is missing, and how to go on without it.
    """
    if missing := absence(walls):
        raise UsageError(f"{missing} To run generated code all the same: --unsafe-sandbox.")
