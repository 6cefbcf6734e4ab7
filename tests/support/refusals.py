"""System calls that the kernel refuses in a child process, as it does for some file systems."""

import ctypes
import platform
import struct
from collections.abc import Callable

from evo.validation.sandbox import libc
from evo.validation.sandbox.syscalls import Filter, confine

FLOCK = {"x86_64": 73, "aarch64": 32}
"""Numbers of the call `flock` by processor."""

_PR_SET_NO_NEW_PRIVS = 38
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000


def refusal(call: dict[str, int], error: int) -> Callable[[], None]:
    """A function for `preexec_fn` after which a call fails with an error, also in descendants.

    Args:
        call: numbers of the system call by processor.
        error: such as `errno.ENOLCK`.
    """
    code = b"".join(
        struct.pack("HBBI", *instruction)
        for instruction in (
            (_LOAD, 0, 0, 0),
            (_JUMP_IF_EQUAL, 0, 1, call[platform.machine()]),
            (_RETURN, 0, 0, _ERROR | error),
            (_RETURN, 0, 0, _ALLOW),
        )
    )
    instructions = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(instructions))

    def refuse() -> None:
        libc.expect_prctl(_PR_SET_NO_NEW_PRIVS, 1)
        confine(Filter(instructions, header))

    return refuse
