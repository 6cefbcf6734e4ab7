import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evo.core.errors import UsageError
from evo.validation.sandbox import huge_pages, landlock, libc, syscalls, walls
from evo.validation.sandbox.walls import Wall


def test_each_version_of_landlock_is_asked_for_all_that_it_knows():
    bits = [tuple(one.bit_count() for one in landlock.rights(version)) for version in range(8)]

    assert bits == [
        (0, 0, 0),
        (13, 0, 0),
        (14, 0, 0),
        (15, 0, 0),
        (15, 2, 0),
        (16, 2, 0),
        (16, 2, 2),
        (16, 2, 2),
    ]


def test_a_kernel_without_a_wall_is_told_from_one_with_it(monkeypatch):
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    monkeypatch.setattr(syscalls, "is_available", lambda: True)
    assert walls.standing() == {Wall.SECCOMP}

    monkeypatch.setattr(landlock, "abi", lambda: 1)
    monkeypatch.setattr(syscalls, "is_available", lambda: False)
    assert walls.standing() == {Wall.LANDLOCK}


def test_off_linux_and_on_other_processors_there_are_no_walls(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert not syscalls.is_available()

    monkeypatch.setattr(libc, "IS_LINUX", False)
    assert walls.standing() == frozenset()


def test_what_is_missing_is_named_with_what_it_needs_and_the_way_round():
    assert walls.absence(set(Wall)) == ""
    walls.require_walls(set(Wall))

    with pytest.raises(UsageError) as refusal:
        walls.require_walls({Wall.SECCOMP})

    for words in ("Landlock (files", "Linux 5.13", "evo doctor", "--unsafe-sandbox"):
        assert words in str(refusal.value)
    assert "seccomp" not in str(refusal.value)


def test_a_failed_system_call_is_an_error_with_its_name():
    with pytest.raises(OSError, match="system call 3: Bad file descriptor"):
        libc.syscall(3, 10**6)


def test_processor_time_of_another_process_is_what_it_took():
    code = "import time\nwhile time.process_time() < 0.2: pass\nprint(1, flush=True)\ninput()"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    child.stdout.readline()

    assert 0.2 <= libc.processor_time_s(child.pid) < 0.4
    child.communicate(b"\n")
    with pytest.raises(OSError, match="process"):
        libc.processor_time_s(child.pid)


def test_large_pages_lie_in_private_memory_and_nowhere_else(tmp_path):
    maps = tmp_path / "maps"
    maps.write_text(
        "00100000-00900000 rw-p 00000000 00:00 0                          [heap]\n"
        "00a00000-00b00000 rw-p 00000000 00:00 0 \n"
        "01000000-01800000 r-xp 00000000 00:00 0 \n"
        "02000000-02800000 rw-s 00000000 00:00 0 \n"
        "03000000-03800000 rw-p 00000000 fe:00 77                         /lib/libtorch.so\n"
        "04100000-04700000 rw-p 00000000 00:00 0 \n"
    )

    assert list(huge_pages.addresses(maps)) == [
        0x200000,
        0x400000,
        0x600000,
        0x4200000,
        0x4400000,
    ]


@pytest.mark.heavy(alone="a process of its own, whose memory is compared")
def test_packing_keeps_every_byte():
    data = (ctypes.c_char * (16 << 20))()
    data[:] = os.urandom(1 << 20) * 16
    before = bytes(data)

    huge_pages.pack_memory()

    assert bytes(data) == before


def test_packing_where_there_is_no_proc_does_nothing(tmp_path):
    began = time.monotonic()

    huge_pages.pack_memory(tmp_path / "none")

    assert time.monotonic() - began < 0.1


def test_constants_are_what_libraries_hold_read_only_but_once_wrote(tmp_path):
    details = tmp_path / "smaps"
    details.write_text(
        "00100000-00300000 r--p 00000000 fe:00 77                         /lib/a-b.so\n"
        "Size:               2048 kB\nAnonymous:             0 kB\n"
        "00400000-00403000 r--p 00300000 fe:00 77                         /lib/a-b.so\n"
        "Size:                 12 kB\nAnonymous:            8 kB\n"
        "00403000-00404000 rw-p 00303000 fe:00 77                         /lib/a-b.so\n"
        "Anonymous:             4 kB\n"
        "00500000-00501000 r--p 00000000 00:00 0 \nAnonymous:             4 kB\n"
    )

    assert list(huge_pages.constants(details)) == [(0x400000, 0x3000)]
    assert list(huge_pages.constants(tmp_path / "none")) == []


_SHARING = """
import ctypes, sys
from evo.validation.sandbox import huge_pages
ranges = list(huge_pages.constants())
before = [ctypes.string_at(*one) for one in ranges]
huge_pages.share_constants()
assert before == [ctypes.string_at(*one) for one in ranges]
print(len(ranges), len(list(huge_pages.constants())))
"""


@pytest.mark.skipif(not libc.IS_LINUX, reason="reads the mappings of Linux")
def test_shared_constants_keep_every_byte_and_are_no_longer_the_process_s_own():
    root = str(Path(huge_pages.__file__).parents[3])
    command = [sys.executable, "-c", _SHARING]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)

    before, after = map(int, ended.stdout.split())
    assert before > 5
    assert after == 0


def test_who_dies_with_its_parent_also_hides_its_memory():
    code = (
        "import ctypes, os\n"
        "from evo.validation.sandbox.lockdown import die_with\n"
        "die_with(os.getppid())\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"  # PR_GET_DUMPABLE
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "0\n"


def test_who_has_lost_its_parent_ends_at_once():
    code = "from evo.validation.sandbox.lockdown import die_with; die_with(1); print('lives')"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has groups to give up")
def test_a_child_of_root_keeps_no_group():
    code = (
        "import os\n"
        "from evo.validation.sandbox import lockdown\n"
        "os.setgroups([4242])\n"
        "c = lockdown.prepare_confinement(set())\n"
        "lockdown.lockdown(c, reply=1, parent=os.getppid(), memory_bytes=1 << 40, cpu_s=9)\n"
        "os.write(lockdown.REPLY, repr(os.getgroups()).encode())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]"
