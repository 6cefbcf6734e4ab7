"""The system calls that remain to a candidate: those that compute, and none that reach anything.

A seccomp filter, kept for good and by everything the process may start. It is an allow-list: no
file is opened (reading included), no socket, no process, no signal, no executable memory; what is
missing here fails with EPERM. It exists for Linux on x86-64; see `is_available`.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

_ALLOWED = {
    # input and output on descriptors that are open already
    "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8,
    # memory; mmap and mprotect are below
    "munmap": 11, "brk": 12, "mremap": 25, "madvise": 28, "get_mempolicy": 239,
    # the process itself
    "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "sigaltstack": 131,
    "getpid": 39, "gettid": 186, "getppid": 110, "getuid": 102, "getgid": 104, "geteuid": 107,
    "getegid": 108, "getrusage": 98, "sched_getaffinity": 204, "getcpu": 309, "rseq": 334,
    "set_robust_list": 273, "exit": 60, "exit_group": 231,
    # time, waiting, randomness and what the machine is
    "sched_yield": 24, "nanosleep": 35, "clock_nanosleep": 230, "restart_syscall": 219,
    "futex": 202, "gettimeofday": 96, "time": 201, "times": 100, "clock_gettime": 228,
    "clock_getres": 229, "getrandom": 318, "uname": 63, "sysinfo": 99,
}  # fmt: skip
_UNLESS_EXECUTABLE = {"mmap": 9, "mprotect": 10}

_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_MODE_FILTER = 2
_X86_64 = 0xC000003E
_PROT_EXEC = 4

_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _DENY, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_NUMBER, _ARCHITECTURE, _THIRD_ARGUMENT = 0, 4, 32
"""Offsets in what the kernel shows to the filter."""


def prctl(option: int, value: int, argument: bytes | None = None) -> int:
    """Changes how the kernel treats this process: 0, or the number of the error."""
    library = ctypes.CDLL(None, use_errno=True)
    nothing = ctypes.c_ulong(0)
    arguments = (ctypes.c_ulong(value), ctypes.c_char_p(argument), nothing, nothing)
    return 0 if library.prctl(option, *arguments) == 0 else ctypes.get_errno()


def is_available() -> bool:
    """Whether this kernel takes the filter."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    # Without a program the kernel says EFAULT where it knows filters, EINVAL where it does not.
    return prctl(_PR_SET_SECCOMP, _MODE_FILTER) == errno.EFAULT


def confine() -> None:
    """Keeps the calling process to the allowed system calls from here on.

    Raises:
        OSError: the kernel refuses.
    """
    program = _program()
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
    for option, value, argument in (
        (_PR_SET_NO_NEW_PRIVS, 1, None),
        (_PR_SET_SECCOMP, _MODE_FILTER, header),
    ):
        failure = prctl(option, value, argument)
        if failure:
            raise OSError(failure, f"prctl({option}): {os.strerror(failure)}")


def _program() -> bytes:
    """The filter in the kernel's bytecode: eight bytes an instruction, jumps count what to skip."""
    tests = [
        *((number, "allow") for number in _ALLOWED.values()),
        *((number, "check") for number in _UNLESS_EXECUTABLE.values()),
    ]
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_IF_EQUAL, 1, 0, _X86_64),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for place, (number, then) in enumerate(tests):
        left = len(tests) - place - 1
        # after the tests: deny, check (two instructions), allow, deny
        code.append((_JUMP_IF_EQUAL, left + (1 if then == "check" else 3), 0, number))
    code += [
        (_RETURN, 0, 0, _DENY),
        (_LOAD, 0, 0, _THIRD_ARGUMENT),
        (_JUMP_IF_BITS, 1, 0, _PROT_EXEC),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _DENY),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)
