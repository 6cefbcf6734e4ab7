"""The few calls to the C library that Python does not offer, with errors raised as OSError."""

import ctypes
import os
import sys
import time

_library = ctypes.CDLL(None, use_errno=True)
_library.syscall.restype = ctypes.c_long
IS_LINUX = sys.platform == "linux"


def prctl(option: int, value: int, argument: bytes | None = None) -> int:
    """Changes how the kernel treats this process: 0, or the number of the error."""
    nothing = ctypes.c_ulong(0)
    arguments = (ctypes.c_ulong(value), ctypes.c_char_p(argument), nothing, nothing)
    return 0 if _library.prctl(option, *arguments) == 0 else ctypes.get_errno()


def expect_prctl(option: int, value: int, argument: bytes | None = None) -> None:
    """The same where a failure is an error.

    Raises:
        OSError: the kernel refuses.
    """
    if failure := prctl(option, value, argument):
        raise OSError(failure, f"prctl({option}): {os.strerror(failure)}")


def syscall(number: int, *arguments: int | bytes | None) -> int:
    """What a system call gives; -1 and below never come back.

    Raises:
        OSError: the kernel refuses.
    """
    given = [
        ctypes.c_ulong(one) if isinstance(one, int) else ctypes.c_char_p(one) for one in arguments
    ]
    result = int(_library.syscall(ctypes.c_long(number), *given))
    if result < 0:
        failure = ctypes.get_errno()
        raise OSError(failure, f"system call {number}: {os.strerror(failure)}")
    return result


def fork() -> int:
    """A fork without Python's own hooks: 0 in the child, its process id in the parent.

    They reset locks of threads that are not there and draw new random seeds; that costs a
    millisecond a child, and makes what a candidate computes differ from one fork to the next.

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
    """Processor time that a process has taken.

    Raises:
        OSError: there is no such process.
    """
    clock = ctypes.c_int()
    if failure := _library.clock_getcpuclockid(ctypes.c_int(process), ctypes.byref(clock)):
        raise OSError(failure, f"process {process}: {os.strerror(failure)}")
    return time.clock_gettime(clock.value)


_holding_the_lock = ctypes.PyDLL(None, use_errno=True)
