"""Proves the walls on this machine: harmless attacks, each tried in the real sandbox.

A wall counts as held when the attack was tried and the kernel, or the zygote, stopped it with the
words that such a stop has. An attack that gets through does no harm: it says so, and that is all.
"""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from evo.validation.refusal import Refused
from evo.validation.sandbox import landlock, walls
from evo.validation.sandbox.connection import SandboxError
from evo.validation.sandbox.sandbox import Sandbox, TraceRequest
from evo.validation.sandbox.walls import HOLDS, Wall

_DENIED = "PermissionError"
_NO_PROCESS = f"{_DENIED}|BlockingIOError"
"""The limit on processes speaks where no wall was asked before it."""
_ALL = frozenset(Wall)
_SECCOMP = frozenset({Wall.SECCOMP})


class _Attack(NamedTuple):
    """Something that generated code must not be able to do.

    Attributes:
        name: what it tries.
        lines: the body of a component that does it; it raises where it gets through.
        alone: the walls of the kernel that stop it each by itself.
        stopped: regular expression for what a stopped one comes to.
    """

    name: str
    lines: Sequence[str]
    alone: AbstractSet[Wall]
    stopped: str = _DENIED


_ATTACKS = (
    _Attack("read a file", ["open('/etc/hosts').close()"], _ALL),
    _Attack("list a folder", ["os.listdir('/')"], _ALL),
    _Attack(
        "write a file",
        [
            "path = f'/tmp/evo-doctor-{os.getpid()}'",
            "open(path, 'w').close()",
            "os.unlink(path)",
        ],
        _ALL,
    ),
    _Attack("read the parent's memory", ["open(f'/proc/{os.getppid()}/mem').close()"], _ALL),
    _Attack("connect by TCP", ["socket.socket().connect((b'127.0.0.1', 9))"], _SECCOMP),
    _Attack(
        "send by UDP",
        ["socket.socket(type=socket.SOCK_DGRAM).sendto(b'', (b'127.0.0.1', 9))"],
        _SECCOMP,
    ),
    _Attack("fork", ["if os.fork() == 0: os._exit(0)"], _SECCOMP, _NO_PROCESS),
    _Attack("start a program", ["os.execv('/bin/true', ['true'])"], _ALL, _NO_PROCESS),
    _Attack("signal the parent", ["os.kill(os.getppid(), 0)"], _SECCOMP),
    _Attack("become root", ["os.setuid(0)"], _SECCOMP),
    _Attack(
        "make memory executable",
        ["mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC).close()"],
        _SECCOMP,
    ),
    _Attack("wait", ["time.sleep(0.01)"], _SECCOMP),
    _Attack(
        "read the environment",
        ["raise ValueError(sorted(os.environ))"],
        frozenset(),
        r"ValueError: \[\]",
    ),
    _Attack(
        "take more memory than allowed", ["held = bytearray(1 << 30)"], frozenset(), "MemoryError"
    ),
    _Attack("compute for ever", ["while True: pass"], frozenset(), "computed longer than"),
    _Attack(
        "answer without end",
        ["while True: os.write(3, b'\\xff' * 4096)"],
        frozenset(),
        "expected a reply of at most",
    ),
)


def examine() -> dict[str, Any]:
    """What `evo doctor --json` prints: the walls, each attack, and whether everything holds.

    Each attack is tried against all walls, and against each wall by itself that has to stop it:
    `let_through` names those that it does not, and is None where the wall is absent.
    """
    standing = walls.standing()
    try:
        with Sandbox(standing=standing, unsafe=True) as sandbox:
            attacks = [
                {"attack": attack.name, "held": _is_held(attack, said), "said": said}
                for attack, said in zip(_ATTACKS, _told(sandbox, _ATTACKS), strict=True)
            ]
            proofs = [
                {
                    "wall": wall.value,
                    "holds": HOLDS[wall],
                    "stands": wall in standing,
                    "let_through": _let_through(sandbox, wall) if wall in standing else None,
                }
                for wall in Wall
            ]
    except SandboxError as error:
        return {"all_hold": False, "problem": str(error), "walls": [], "attacks": []}
    all_hold = all(p["let_through"] == [] for p in proofs) and all(a["held"] for a in attacks)
    return {
        "all_hold": all_hold,
        "problem": walls.absence(standing) or None,
        "landlock_version": landlock.abi(),
        "walls": proofs,
        "attacks": attacks,
    }


def _let_through(sandbox: Sandbox, wall: Wall) -> list[str]:
    """What a wall by itself does not stop although it has to."""
    sandbox.walls = frozenset({wall})
    attacks = [attack for attack in _ATTACKS if wall in attack.alone]
    told = _told(sandbox, attacks)
    return [a.name for a, said in zip(attacks, told, strict=True) if not _is_held(a, said)]


def _told(sandbox: Sandbox, attacks: Sequence[_Attack]) -> list[str]:
    """What each attack comes to."""
    told = sandbox.trace([TraceRequest(_source(attack), "f", (((2,),),)) for attack in attacks])
    return [one.reason if isinstance(one, Refused) else "it gave a graph" for one in told]


def _is_held(attack: _Attack, said: str) -> bool:
    return re.search(attack.stopped, said) is not None


def _source(attack: _Attack) -> str:
    return "\n".join(
        [
            "import mmap, os, socket, time",
            "class GotThrough(Exception): pass",
            "def f(x):",
            *(f"    {line}" for line in attack.lines),
            "    raise GotThrough('it was let through')",
        ]
    )
