import struct

import pytest

from evo.validation.sandbox import syscalls

X86_64, AARCH64, I386 = 0xC000003E, 0xC00000B7, 0x40000003
ALLOW, DENY, KILL = 0x7FFF0000, 0x00050001, 0x80000000
READ_WRITE, EXECUTE = 3, 4
OF_EACH = {"x86_64": (X86_64, 9, 10, 1), "aarch64": (AARCH64, 222, 226, 64)}
"""Architecture, mmap, mprotect, write."""


def verdict(machine: str, architecture: int, number: int, third: int = 0) -> int:
    """The kernel's verdict: the filter's bytecode, run as the kernel runs it."""
    code = list(struct.iter_unpack("HBBI", syscalls.bytecode(machine)))
    data = struct.pack("=iIQ6Q", number, architecture, 0, 0, 0, third, 0, 0, 0)
    value, at = 0, 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        match operation:
            case 0x20:
                (value,) = struct.unpack_from("I", data, operand)
            case 0x15:
                at += if_true if value == operand else if_false
            case 0x45:
                at += if_true if value & operand else if_false
            case 0x06:
                return operand


@pytest.mark.parametrize("machine", OF_EACH)
def test_output_is_allowed_and_memory_unless_it_is_executable(machine):
    architecture, mmap, mprotect, write = OF_EACH[machine]

    assert verdict(machine, architecture, write) == ALLOW
    for number in (mmap, mprotect):
        assert verdict(machine, architecture, number, READ_WRITE) == ALLOW
        assert verdict(machine, architecture, number, READ_WRITE | EXECUTE) == DENY


@pytest.mark.parametrize("machine", OF_EACH)
def test_all_but_a_few_dozen_calls_are_denied(machine):
    architecture = OF_EACH[machine][0]

    allowed = [n for n in range(1024) if verdict(machine, architecture, n) != DENY]

    assert 30 <= len(allowed) <= 40


@pytest.mark.parametrize(
    ("machine", "numbers"),
    [
        # open, socket, connect, clone, fork, vfork, execve, kill, ptrace, openat, prlimit64,
        # memfd_create, io_uring_setup, clone3, openat2, nanosleep, futex, poll, prctl, seccomp
        (
            "x86_64",
            (
                2,
                41,
                42,
                56,
                57,
                58,
                59,
                62,
                101,
                257,
                302,
                319,
                425,
                435,
                437,
                35,
                202,
                7,
                157,
                317,
            ),
        ),
        # openat, socket, connect, clone, execve, kill, ptrace, prlimit64, memfd_create,
        # io_uring_setup, clone3, openat2, nanosleep, futex, ppoll, prctl, seccomp
        (
            "aarch64",
            (56, 198, 203, 220, 221, 129, 117, 261, 279, 425, 435, 437, 101, 98, 73, 167, 277),
        ),
    ],
)
def test_what_reaches_or_waits_is_denied(machine, numbers):
    architecture = OF_EACH[machine][0]

    assert {verdict(machine, architecture, number) for number in numbers} == {DENY}


def test_a_call_by_the_numbers_of_another_processor_ends_the_process():
    assert verdict("x86_64", I386, 1) == KILL
    assert verdict("aarch64", X86_64, 64) == KILL


def test_x32_numbers_are_denied_though_their_architecture_is_the_same():
    assert {verdict("x86_64", X86_64, 0x40000000 | number) for number in range(600)} == {DENY}
