"""Calls to the C library that Python does not offer, with errors raised as OSError."""

import ctypes
import os
import sys
import time

_library = ctypes.CDLL(None, use_errno=True)
_library.syscall.restype = ctypes.c_long
IS_LINUX = sys.platform == "linux"


def prctl(option: int, value: int, argument: bytes | None = None) -> int:
    """Change how the kernel treats this process: 0, or the error number."""
    nothing = ctypes.c_ulong(0)
    arguments = (ctypes.c_ulong(value), ctypes.c_char_p(argument), nothing, nothing)
    return 0 if _library.prctl(option, *arguments) == 0 else ctypes.get_errno()


def expect_prctl(option: int, value: int, argument: bytes | None = None) -> None:
    """Change how the kernel treats this process, and raise on failure.

    Raises:
        OSError: the kernel refuses.
    """
    if failure := prctl(option, value, argument):
        raise OSError(failure, f"prctl({option}): {os.strerror(failure)}")


def syscall(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call and return its result, which is never negative.

    Raises:
        OSError: the kernel refuses.
    """
    converted = [
        ctypes.c_ulong(value) if isinstance(value, int) else ctypes.c_char_p(value)
        for value in arguments
    ]
    result = int(_library.syscall(ctypes.c_long(number), *converted))
    if result < 0:
        failure = ctypes.get_errno()
        raise OSError(failure, f"system call {number}: {os.strerror(failure)}")
    return result


def fork() -> int:
    """Fork without Python's hooks: 0 in the child, the child's process id in the parent.

    The hooks reset locks of threads that do not exist here and reseed random generators; they cost
    a millisecond per child, and would make results differ from one fork to the next.

    Raises:
        OSError: the kernel refuses.
    """
    # PyDLL keeps the interpreter's lock: the child has no thread to wait for.
    process = int(_holding_the_lock.fork())
    if process < 0:
        failure = ctypes.get_errno()
        raise OSError(failure, f"fork: {os.strerror(failure)}")
    return process


def processor_time_s(process: int) -> float:
    """Processor time that a process has used, in seconds.

    Raises:
        OSError: there is no such process.
    """
    clock = ctypes.c_int()
    if failure := _library.clock_getcpuclockid(ctypes.c_int(process), ctypes.byref(clock)):
        raise OSError(failure, f"process {process}: {os.strerror(failure)}")
    return time.clock_gettime(clock.value)


_holding_the_lock = ctypes.PyDLL(None, use_errno=True)
