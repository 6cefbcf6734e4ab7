"""Test the walls on this machine with harmless attacks, each tried in the real sandbox.

An attack counts as stopped when the sandbox refuses it with the error that the kernel, or the
zygote, gives for it. An attack that gets through does no harm: it only reports that it did.
"""

import re
import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, NamedTuple

from evo.core.places import writable_folder
from evo.validation.refusal import Refused
from evo.validation.sandbox import landlock, walls
from evo.validation.sandbox.connection import BOOT, SandboxError
from evo.validation.sandbox.sandbox import Sandbox, TraceRequest
from evo.validation.sandbox.walls import HOLDS, Wall

_DENIED = "PermissionError"
_NO_PROCESS = f"{_DENIED}|BlockingIOError"
"""Without a wall of the kernel, the limit on processes stops a fork."""
_ALL = frozenset(Wall)
_SECCOMP = frozenset({Wall.SECCOMP})


class Attack(NamedTuple):
    """An action that generated code must not be able to perform.

    Attributes:
        name: the action, for people.
        lines: the body of a component that does it; it raises where it gets through.
        alone: walls of the kernel that must each stop it without the others.
        stopped: regular expression that the reason of a stopped attack matches.
    """

    name: str
    lines: Sequence[str]
    alone: AbstractSet[Wall]
    stopped: str = _DENIED


_HERE = Path(__file__)
"""A file that exists wherever this runs."""
_WRITABLE = writable_folder(Path("runs"))
"""A folder that can be written without walls; None where the file system is read-only."""

_EVERY_ATTACK = (
    Attack("read a file", [f"open({str(_HERE)!r}).close()"], _ALL),
    Attack("list a folder", ["os.listdir('/')"], _ALL),
    Attack(
        "write a file",
        [
            f"path = {str(_WRITABLE)!r} + f'/evo-doctor-{{os.getpid()}}'",
            "open(path, 'w').close()",
            "os.unlink(path)",
        ],
        _ALL,
    ),
    Attack("read the parent's memory", ["open(f'/proc/{os.getppid()}/mem').close()"], _ALL),
    Attack("connect by TCP", ["socket.socket().connect((b'127.0.0.1', 9))"], _SECCOMP),
    Attack(
        "send by UDP",
        ["socket.socket(type=socket.SOCK_DGRAM).sendto(b'', (b'127.0.0.1', 9))"],
        _SECCOMP,
    ),
    Attack("fork", ["if os.fork() == 0: os._exit(0)"], _SECCOMP, _NO_PROCESS),
    Attack(
        "start a program",
        [f"os.execv({sys.executable!r}, ['python', '-c', ''])"],
        _ALL,
        _NO_PROCESS,
    ),
    Attack("signal the parent", ["os.kill(os.getppid(), 0)"], _SECCOMP),
    Attack("become root", ["os.setuid(0)"], _SECCOMP),
    Attack(
        "make memory executable",
        ["mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC).close()"],
        _SECCOMP,
    ),
    Attack("wait", ["time.sleep(0.01)"], _SECCOMP),
    Attack(
        "read the environment",
        ["raise ValueError(sorted(os.environ))"],
        frozenset(),
        r"ValueError: \[\]",
    ),
    Attack(
        "take more memory than allowed", ["held = bytearray(1 << 30)"], frozenset(), "MemoryError"
    ),
    Attack("compute for ever", ["while True: pass"], frozenset(), "computed longer than"),
    Attack(
        "answer without end",
        ["while True: os.write(3, b'\\xff' * 4096)"],
        frozenset(),
        "expected a reply of at most",
    ),
)


_IMPOSSIBLE = frozenset(
    name
    for name, is_possible in {
        "write a file": _WRITABLE is not None,
        "read the parent's memory": Path("/proc/self/mem").exists(),
    }.items()
    if not is_possible
)
"""Attacks that would fail on this machine without any wall, and so prove nothing."""

ATTACKS = tuple(attack for attack in _EVERY_ATTACK if attack.name not in _IMPOSSIBLE)


def examine(
    *,
    attacks: Sequence[Attack] = ATTACKS,
    available: AbstractSet[Wall] | None = None,
    boot: str = BOOT,
) -> dict[str, Any]:
    """Report of `evo doctor --json`: the walls, each attack, and whether everything holds.

    Each attack is tried against all walls together, then against each single wall that has to stop
    it: `let_through` names the attacks that a wall misses, and is None where the wall is absent.

    Args:
        attacks: what to try.
        available: the walls to build the sandbox with; those of this kernel by default.
        boot: program of the sandbox's zygote.
    """
    available = walls.standing() if available is None else available
    try:
        with Sandbox(standing=available, unsafe=True, boot=boot) as sandbox:
            tried = [
                {"attack": attack.name, "held": _is_stopped(attack, reason), "said": reason}
                for attack, reason in zip(attacks, _reasons(sandbox, attacks), strict=True)
            ]
            proofs = [
                {
                    "wall": wall.value,
                    "holds": HOLDS[wall],
                    "stands": wall in available,
                    "let_through": _let_through(sandbox, wall, attacks)
                    if wall in available
                    else None,
                }
                for wall in Wall
            ]
    except SandboxError as error:
        return {"all_hold": False, "problem": str(error), "walls": [], "attacks": []}
    all_hold = all(p["let_through"] == [] for p in proofs) and all(a["held"] for a in tried)
    return {
        "all_hold": all_hold,
        "problem": walls.absence(available) or None,
        "landlock_version": landlock.abi(),
        "walls": proofs,
        "attacks": tried,
    }


def _let_through(sandbox: Sandbox, wall: Wall, attacks: Sequence[Attack]) -> list[str]:
    """Names of the attacks that a single wall has to stop and does not."""
    sandbox.walls = frozenset({wall})
    alone = [attack for attack in attacks if wall in attack.alone]
    reasons = _reasons(sandbox, alone)
    return [a.name for a, reason in zip(alone, reasons, strict=True) if not _is_stopped(a, reason)]


def _reasons(sandbox: Sandbox, attacks: Sequence[Attack]) -> list[str]:
    """Reason of the refusal of each attack."""
    traces = sandbox.trace([TraceRequest(_source(attack), "f", (((2,),),)) for attack in attacks])
    return [trace.reason if isinstance(trace, Refused) else "it gave a graph" for trace in traces]


def _is_stopped(attack: Attack, reason: str) -> bool:
    return re.search(attack.stopped, reason) is not None


def _source(attack: Attack) -> str:
    return "\n".join(
        [
            "import mmap, os, socket, time",
            "class GotThrough(Exception): pass",
            "def f(x):",
            *(f"    {line}" for line in attack.lines),
            "    raise GotThrough('it was let through')",
        ]
    )
