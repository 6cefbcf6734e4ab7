"""Walls of the kernel, and which of them this machine has.

The other protections (limits of memory and time, no user, an empty process, plain data as the only
reply) need only a POSIX system. A sandbox that lacks one of these walls opens only on request.
"""

import sys
from collections.abc import Set as AbstractSet
from enum import StrEnum

from evo.core.errors import UsageError
from evo.validation.sandbox import landlock, syscalls


class Wall(StrEnum):
    """A wall of the kernel; the value is its name in messages and JSON."""

    LANDLOCK = "Landlock"
    SECCOMP = "seccomp"


HOLDS = {
    Wall.LANDLOCK: "files, TCP, abstract sockets, signals",
    Wall.SECCOMP: "every system call that reaches anything",
}
"""Protection that each wall gives."""

_NEEDS = {
    Wall.LANDLOCK: "Linux 5.13 or newer with `landlock` among its security modules",
    Wall.SECCOMP: "Linux on x86-64 or aarch64, with filters allowed",
}


def standing() -> frozenset[Wall]:
    """The walls that this kernel has."""
    is_available = {
        Wall.LANDLOCK: landlock.abi() > 0,
        Wall.SECCOMP: syscalls.is_available(),
    }
    return frozenset(wall for wall, available in is_available.items() if available)


def absence(walls: AbstractSet[Wall]) -> str:
    """Warning about missing walls and the consequences; empty if none is missing."""
    missing = "; ".join(
        f"{wall} ({HOLDS[wall]}), which needs {_NEEDS[wall]}" for wall in Wall if wall not in walls
    )
    return missing and (
        f"Walls that are absent on this machine: {missing}. Generated code might reach your files "
        "and processes; `evo doctor` shows what holds."
    )


def require_walls(walls: AbstractSet[Wall]) -> None:
    """Require all walls.

    Raises:
        UsageError: one is missing; the message says which, and how to continue without it.
    """
    if sys.platform == "win32":
        raise UsageError(
            "Generated code is not run on Windows, which has no walls for it. Run evo in its "
            "container (`docker build -t evo .`, see the Dockerfile) or under WSL; status, pareto, "
            "report, compare and view read such campaigns here. evo validate runs it on another "
            "machine where EVO_SANDBOX says how to reach one."
        )
    if missing := absence(walls):
        raise UsageError(
            f"{missing} evo's container on Linux has all of them. To run generated code here all "
            "the same: --unsafe-sandbox."
        )
