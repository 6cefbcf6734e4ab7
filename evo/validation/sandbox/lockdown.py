"""Lock a forked child in before it may see a candidate.

`lockdown` is the only place where this happens. It closes the zygote's pipes, gives up the user,
limits memory and time and, with the walls of the kernel, blocks access to files, sockets, processes
and signals: only the reply pipe remains. What children can share is made once in the zygote, by
`prepare_confinement`.
"""

import os
import signal
import sys
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from evo.validation.sandbox import landlock, libc, syscalls
from evo.validation.sandbox.walls import Wall

if sys.platform != "win32":  # where nothing is locked in, but constants are read
    import fcntl
    import resource

REPLY = 3
"""Descriptor of the reply pipe, the only one that a locked child can write to."""
_RULESET = REPLY + 1

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_NOBODY = 65534


class Confinement(NamedTuple):
    """Descriptors and filter that children are locked in with.

    Attributes:
        nowhere: descriptor of /dev/null, in place of standard input, output and error.
        ruleset: descriptor of the Landlock ruleset; None without Landlock.
        filter: seccomp filter of system calls; None without seccomp.
    """

    nowhere: int
    ruleset: int | None
    filter: syscalls.Filter | None


def prepare_confinement(walls: AbstractSet[Wall]) -> Confinement:
    """Make what all children of this process share.

    Raises:
        OSError: the kernel lacks one of the walls.
    """
    return Confinement(
        nowhere=_above(os.open(os.devnull, os.O_RDWR)),
        ruleset=_above(landlock.ruleset()) if Wall.LANDLOCK in walls else None,
        filter=syscalls.make_filter() if Wall.SECCOMP in walls else None,
    )


def lockdown(
    confinement: Confinement, *, reply: int, parent: int, memory_bytes: int, cpu_s: int
) -> None:
    """Lock the calling process in, irrevocably.

    Args:
        confinement: result of `prepare_confinement`.
        reply: descriptor to keep, as `REPLY`; all others are closed, 0 to 2 become /dev/null.
        parent: process id of the process that this one must not outlive.
        memory_bytes: limit of address space.
        cpu_s: processor time after which the kernel kills the process.

    Raises:
        OSError: the kernel refuses; the process must end without seeing a candidate.
    """
    os.setsid()
    _keep_only(confinement, reply)
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_NOFILE, _RULESET + 5),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (value, value))
    if os.geteuid() == 0:
        _give_up_root()
    # A change of user clears the death signal, so this comes after it.
    die_with(parent)
    if libc.IS_LINUX:
        libc.expect_prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if confinement.ruleset is not None:
        landlock.restrict(_RULESET)
        os.close(_RULESET)
    if confinement.filter is not None:
        syscalls.confine(confinement.filter)


def die_with(parent: int) -> None:
    """Kill this process when its parent ends, and hide its memory and pipes from others.

    The kernel watches the thread that started this process; the parent's main thread does best.
    """
    if libc.IS_LINUX:
        libc.expect_prctl(_PR_SET_DUMPABLE, 0)
        libc.expect_prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _give_up_root() -> None:
    """Become user nobody: root has no limit on processes and may signal any of them."""
    try:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    except OSError as error:
        # In a container without the capabilities, or a user namespace that has no such user.
        raise OSError(
            f"root cannot become user {_NOBODY} here ({error.strerror}); run evo as another user"
        ) from error


def _keep_only(confinement: Confinement, reply: int) -> None:
    # Move it first: it may have a number that is about to be overwritten.
    reply = _above(reply)
    os.dup2(reply, REPLY)
    for standard in (0, 1, 2):
        os.dup2(confinement.nowhere, standard)
    first_closed = REPLY + 1
    if confinement.ruleset is not None:
        os.dup2(confinement.ruleset, _RULESET)
        first_closed = _RULESET + 1
    os.closerange(first_closed, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _above(descriptor: int) -> int:
    """The same descriptor under a number that no child needs."""
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _RULESET + 1)
