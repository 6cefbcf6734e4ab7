"""Landlock: the kernel's own refusal of files, whatever system call asks for them.

A ruleset that handles every right and grants none: no file is opened, listed, made, renamed,
truncated or executed. Newer kernels also refuse TCP, abstract Unix sockets and signals to whoever
is not shut in the same way. What the kernel knows is asked of it, by number (`abi`); see
https://docs.kernel.org/userspace-api/landlock.html. A process keeps what it has open.
"""

import struct

from evo.validation.sandbox import libc

# The same on every processor.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION = 1

_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many rights to files there are from each version on: rename across folders, truncate, ioctl
came later."""
_NET_RIGHTS = {4: 2}
"""TCP: bind, connect."""
_SCOPES = {6: 2}
"""Abstract Unix sockets, signals."""


def abi() -> int:
    """The version that this kernel knows, 0 for none."""
    if not libc.IS_LINUX:
        return 0
    try:
        return libc.syscall(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


def rights(version: int) -> tuple[int, int, int]:
    """Bits of all rights to files, to TCP, and of all scopes at a version.

    >>> [f"{bits:b}" for bits in rights(4)]
    ['111111111111111', '11', '0']
    """
    files, net, scopes = (
        (1 << max((count for since, count in table.items() if since <= version), default=0)) - 1
        for table in (_FILE_RIGHTS, _NET_RIGHTS, _SCOPES)
    )
    return files, net, scopes


def ruleset() -> int:
    """The descriptor of a ruleset that grants nothing.

    Raises:
        OSError: the kernel has no Landlock.
    """
    attributes = struct.pack("QQQ", *rights(abi()))
    # A kernel takes fields it does not know as long as they are zero.
    return libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)


def restrict(ruleset: int) -> None:
    """Binds the calling process to a ruleset for good; it may gain no privileges any more.

    Raises:
        OSError: the kernel refuses.
    """
    libc.syscall(_RESTRICT_SELF, ruleset, 0)
