"""A sandbox on another machine or in a container, reached over the pipes of a command.

`EVO_SANDBOX` holds the command, such as `ssh worker evo sandbox` or `docker run --rm -i evo evo
sandbox`. It is a matter of the machine and no setting of a campaign: a graph is the same wherever
it was traced, as both sides must have the same versions of evo and torch. Source goes there, text
of graphs comes back; this side checks it as it checks that of its own children.

    <- {"evo": …, "torch": …, "walls": […]}

is what the other side says first; then it is a zygote as any other.
"""

import os
import shlex
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from importlib.metadata import version

from evo.core.errors import UsageError
from evo.validation.sandbox import frames, huge_pages, walls
from evo.validation.sandbox.walls import Wall

VARIABLE = "EVO_SANDBOX"

_PASSED_ON = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "SystemRoot", "USERPROFILE"}
    | {"SSH_AUTH_SOCK", "DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST", "XDG_RUNTIME_DIR"}
)
"""Variables that ssh and docker need; no key of evo reaches them, or what they start."""


def command() -> tuple[str, ...]:
    """The command that reaches a sandbox elsewhere; empty where this machine has its own."""
    return tuple(shlex.split(os.environ.get(VARIABLE, "")))


def client_environment() -> dict[str, str]:
    """The environment of the command."""
    return {name: value for name, value in os.environ.items() if name in _PASSED_ON}


def serve(program: list[str]) -> None:
    """Say which versions and walls are here, then become a zygote on the same pipes.

    Args:
        program: command line of a zygote, without the process whose end is its own.
    """
    frames.send(1, {**_versions(), "walls": sorted(walls.standing())})
    os.chdir("/")
    # With nothing of this environment, as every zygote.
    os.execve(program[0], [*program, str(os.getppid())], huge_pages.ENVIRONMENT)  # noqa: S606 - our own interpreter


def walls_there(hello: Mapping[str, object], reached_by: tuple[str, ...]) -> AbstractSet[Wall]:
    """The walls of the other side, from what it has said first.

    Raises:
        UsageError: it has other versions, or is no sandbox of evo.
    """
    where = shlex.join(reached_by)
    match hello:
        case {"evo": str(evo), "torch": str(torch), "walls": [*names]}:
            here = _versions()
            if {"evo": evo, "torch": torch} != here:
                raise UsageError(
                    f"{VARIABLE} ({where}) has evo {evo[:40]} and torch {torch[:40]}, this machine "
                    f"{here['evo']} and {here['torch']}: graphs could differ. Install the same."
                )
            return frozenset(wall for wall in Wall if wall.value in names)
        case _:
            raise UsageError(f"{VARIABLE} ({where}) is no `evo sandbox`: it says something else.")


def require_walls_there(there: AbstractSet[Wall], reached_by: tuple[str, ...]) -> None:
    """Require all walls of the other side.

    Raises:
        UsageError: one is missing.
    """
    if missing := ", ".join(sorted(set(Wall) - set(there))):
        raise UsageError(
            f"{VARIABLE} ({shlex.join(reached_by)}) lacks walls: {missing}. `evo doctor` there "
            "shows what holds. To run generated code there all the same: --unsafe-sandbox."
        )


def _versions() -> dict[str, str]:
    return {"evo": version("evo-search"), "torch": version("torch")}
