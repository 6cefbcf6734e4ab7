"""What each wall of the sandbox holds by itself."""

import os
from pathlib import Path

import pytest
from sandboxed import HONEST, attack, needs_all_walls, trace

from evo.core.errors import UsageError
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.sandbox.walls import Wall

pytestmark = needs_all_walls


SCRATCH = Path(f"/dev/shm/attack-{os.getpid()}")
"""A name of this process, since tests run side by side."""
REACHES = {
    "a file": (["open('/etc/hosts')"], {Wall.LANDLOCK, Wall.SECCOMP}),
    "a folder": (["os.listdir('/')"], {Wall.LANDLOCK, Wall.SECCOMP}),
    "a new file": ([f"open('{SCRATCH}', 'w')"], {Wall.LANDLOCK, Wall.SECCOMP}),
    "a file's length": (["os.truncate('/dev/null', 0)"], {Wall.SECCOMP}),
    "TCP": (["socket.socket().connect((b'127.0.0.1', 9))"], {Wall.LANDLOCK, Wall.SECCOMP}),
    "a port": (["socket.socket().bind((b'127.0.0.1', 0))"], {Wall.LANDLOCK, Wall.SECCOMP}),
    "UDP": (
        ["socket.socket(type=socket.SOCK_DGRAM).sendto(b'', (b'127.0.0.1', 9))"],
        {Wall.SECCOMP},
    ),
    "executable memory": (
        ["mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)"],
        {Wall.SECCOMP},
    ),
    "a memory file": (["os.memfd_create('x')"], {Wall.SECCOMP}),
    "the clock": (["time.sleep(0.001)"], {Wall.SECCOMP}),
}
SETS = ({Wall.LANDLOCK, Wall.SECCOMP}, {Wall.LANDLOCK}, {Wall.SECCOMP}, set())


@pytest.mark.parametrize("name", REACHES)
@pytest.mark.parametrize("standing", SETS, ids=["both", "Landlock", "seccomp", "none"])
def test_each_wall_holds_by_itself_what_it_has_to_and_nothing_holds_without(name, standing, unsafe):
    lines, holds = REACHES[name]
    unsafe.walls = frozenset(standing)

    told = str(trace(unsafe, attack(*lines, "raise ValueError('reached')"))[0])
    SCRATCH.unlink(missing_ok=True)

    assert ("PermissionError" in told) == bool(holds & standing), told


UNDER_THE_WALLS = {
    "no other user": ("os.getresuid() + os.getresgid()", str((65534,) * 6)),
    "no group": ("os.getgroups()", "[]"),
    "no process": ("os.fork()", "BlockingIOError"),
    "no processor time": ("resource.getrlimit(resource.RLIMIT_CPU)", "(3, 3)"),
    "no core": ("resource.getrlimit(resource.RLIMIT_CORE)", "(0, 0)"),
    "no locked memory": ("resource.getrlimit(resource.RLIMIT_MEMLOCK)", "(0, 0)"),
    "few descriptors": ("resource.getrlimit(resource.RLIMIT_NOFILE)", "(9, 9)"),
    "no written byte": (f"os.write(os.open('{SCRATCH}', 65), b'x')", "File too large"),
    "no privilege": ("'NoNewPrivs:\\t1' in open('/proc/self/status').read()", "True"),
    "no look at itself from outside": ("open('/proc/self/mem')", "PermissionError"),
    "a session of its own": ("os.getsid(0) == os.getpid()", "True"),
    "no way back": ("os.setuid(0)", "PermissionError"),
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("name", UNDER_THE_WALLS)
def test_what_needs_no_wall_of_the_kernel_stands_without_them(name, unsafe):
    line, words = UNDER_THE_WALLS[name]
    unsafe.walls = frozenset()

    told = str(trace(unsafe, attack(f"raise ValueError({line})"))[0])
    SCRATCH.unlink(missing_ok=True)

    assert words in told


def test_landlock_keeps_abstract_sockets_of_others_out_of_reach(unsafe):
    import socket

    name = f"evo-test-{os.getpid()}"
    connect = f"socket.socket(socket.AF_UNIX).connect('\\0{name}')"
    lines = [connect, "raise ValueError('reached')"]
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen()

        unsafe.walls = frozenset({Wall.LANDLOCK})
        held = str(trace(unsafe, attack(*lines))[0])
        unsafe.walls = frozenset()
        reached = str(trace(unsafe, attack(*lines))[0])

    assert "PermissionError" in held
    assert "reached" in reached


@pytest.mark.parametrize("missing", Wall)
def test_without_a_wall_nothing_runs_unless_asked_for(missing):
    standing = frozenset(Wall) - {missing}

    with Sandbox(standing=standing) as careful, pytest.raises(UsageError) as refusal:
        trace(careful, HONEST)
    with Sandbox(standing=standing, unsafe=True) as bold:
        assert isinstance(trace(bold, HONEST)[0], str)

    assert f"absent on this machine: {missing}" in str(refusal.value)
    assert "--unsafe-sandbox" in str(refusal.value)
