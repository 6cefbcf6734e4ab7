"""What a process of the sandbox gives up before it may see a candidate.

`lockdown` is the one place where a forked child is shut in. It takes away the zygote's pipes, the
user, memory, time and, where the kernel can filter system calls, every way to reach anything but
the one reply pipe: files, sockets, processes, signals.
"""

import fcntl
import os
import resource
import signal
import sys

from evo.validation import syscalls

REPLY = 3
"""The one descriptor that a locked child can reach anybody through."""

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_NOBODY = 65534
_IS_LINUX = sys.platform == "linux"


def lockdown(*, reply: int, parent: int, memory_bytes: int, cpu_s: int) -> None:
    """Shuts the calling process in, for good.

    Args:
        reply: descriptor to keep, as `REPLY`; all others are closed, 0 to 2 lead to nowhere.
        parent: process that this one must not outlive.
        memory_bytes: address space it may have in all.
        cpu_s: processor time until it is killed.
    """
    os.setsid()
    _keep_only(reply)
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, REPLY + 5),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (value, value))
    if os.geteuid() == 0:
        # Root has no limit on processes and may signal anybody.
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    # A change of user clears the death signal, so this comes after it.
    die_with(parent)
    if syscalls.is_available():
        syscalls.confine()


def die_with(parent: int) -> None:
    """Ends this process when its parent does, and hides its memory and pipes from others.

    The kernel watches the thread that started this process; the parent's main thread does best.
    """
    _set(_PR_SET_DUMPABLE, 0)
    _set(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Makes this process the parent of what its children leave behind, so that it can end them."""
    _set(_PR_SET_CHILD_SUBREAPER, 1)


def _keep_only(reply: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    # Out of the way first: either may have a number that the other is about to take.
    reply, nowhere = (_above(descriptor) for descriptor in (reply, nowhere))
    os.dup2(reply, REPLY)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(REPLY + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _above(descriptor: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD, REPLY + 1)


def _set(option: int, value: int) -> None:
    if _IS_LINUX and (failure := syscalls.prctl(option, value)):
        raise OSError(failure, f"prctl({option}): {os.strerror(failure)}")
