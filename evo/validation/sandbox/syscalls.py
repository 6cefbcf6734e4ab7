"""Seccomp filter: allow a candidate only system calls that compute and reach nothing.

The filter cannot be removed and is inherited. It is an allow-list: no files, sockets, processes,
signals or executable memory, and no waiting, so that a candidate that takes time takes processor
time. Every other call fails with EPERM. Linux on x86-64 and aarch64; the numbers for aarch64 are
those of the kernel's headers but have never run, see `is_available`.
"""

import ctypes
import errno
import platform
import struct
from typing import NamedTuple

from evo.validation.sandbox import libc

_ALLOWED = {
    # output on descriptors that are open already
    "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62),
    # memory; mmap and mprotect are below
    "munmap": (11, 215), "brk": (12, 214), "mremap": (25, 216), "madvise": (28, 233),
    "get_mempolicy": (239, 236),
    # the process itself
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132), "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173),
    "getuid": (102, 174), "getgid": (104, 176), "geteuid": (107, 175), "getegid": (108, 177),
    "getrusage": (98, 165), "sched_getaffinity": (204, 123), "getcpu": (309, 168),
    "rseq": (334, 293), "set_robust_list": (273, 99), "exit": (60, 93), "exit_group": (231, 94),
    # time, randomness and what the machine is
    "sched_yield": (24, 124), "restart_syscall": (219, 128), "gettimeofday": (96, 169),
    "time": (201, None), "times": (100, 153), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "getrandom": (318, 278), "uname": (63, 160), "sysinfo": (99, 179),
}  # fmt: skip
"""Numbers on x86-64 and on aarch64."""
_UNLESS_EXECUTABLE = {"mmap": (9, 222), "mprotect": (10, 226)}

_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_AUDIT_NAMES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The kernel's audit number per processor, different for 32-bit calls in a 64-bit process; in the
order of the numbers above."""
_PROT_EXEC = 4

_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _DENY, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_NUMBER, _ARCHITECTURE, _THIRD_ARGUMENT = 0, 4, 32
"""Offsets in the data that the kernel passes to the filter."""


class Filter(NamedTuple):
    """A filter program, made once in the zygote and installed by each child."""

    instructions: "ctypes.Array[ctypes.c_char]"
    header: bytes


def is_available() -> bool:
    """True if this kernel accepts the filter."""
    if not libc.IS_LINUX or platform.machine() not in _AUDIT_NAMES:
        return False
    # Without a program the kernel says EFAULT where it knows filters, EINVAL where it does not.
    return libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER) == errno.EFAULT


def make_filter() -> Filter:
    """The filter for this processor."""
    code = bytecode(platform.machine())
    instructions = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(instructions))
    return Filter(instructions, header)


def confine(by: Filter) -> None:
    """Restrict the calling process to the allowed system calls; it must have no_new_privs set.

    Raises:
        OSError: the kernel refuses.
    """
    libc.expect_prctl(_PR_SET_SECCOMP, _MODE_FILTER, by.header)


def bytecode(machine: str) -> bytes:
    """The filter as BPF bytecode: eight bytes per instruction, jumps count instructions to skip."""
    column = list(_AUDIT_NAMES).index(machine)
    tests = [
        (number, then)
        for table, then in ((_ALLOWED, "allow"), (_UNLESS_EXECUTABLE, "check"))
        for numbers in table.values()
        # x32 calls have numbers of their own, from 2³⁰ on: none of them is here.
        if (number := numbers[column]) is not None
    ]
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, _AUDIT_NAMES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for index, (number, then) in enumerate(tests):
        remaining = len(tests) - index - 1
        # after the tests: deny, check (two instructions), allow, deny
        code.append((_JUMP_IF_EQUAL, remaining + (1 if then == "check" else 3), 0, number))
    code += [
        (_RETURN, 0, 0, _DENY),
        (_LOAD, 0, 0, _THIRD_ARGUMENT),
        (_JUMP_IF_BITS, 1, 0, _PROT_EXEC),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _DENY),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)
