"""Landlock: the kernel refuses access to files, whichever system call asks for it.

The ruleset handles every right and grants none: no file is opened, listed, made, renamed,
truncated or executed. Newer kernels also refuse TCP, abstract Unix sockets and signals to processes
outside. The rights depend on the kernel's version of Landlock (`abi`); see
https://docs.kernel.org/userspace-api/landlock.html. Descriptors that are already open stay usable.
"""

import struct

from evo.validation.sandbox import libc

# The same on every processor.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION = 1

_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""Number of file rights from each version on: rename across folders, truncate and ioctl came
later."""
_NET_RIGHTS = {4: 2}
"""Number of TCP rights: bind, connect."""
_SCOPES = {6: 2}
"""Number of scopes: abstract Unix sockets, signals."""


def abi() -> int:
    """Landlock version of this kernel, 0 for none."""
    if not libc.IS_LINUX:
        return 0
    try:
        return libc.syscall(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


def rights(version: int) -> tuple[int, int, int]:
    """Bit masks of all file rights, TCP rights and scopes at a version.

    >>> [f"{bits:b}" for bits in rights(4)]
    ['111111111111111', '11', '0']
    """
    files, net, scopes = (
        (1 << max((count for since, count in table.items() if since <= version), default=0)) - 1
        for table in (_FILE_RIGHTS, _NET_RIGHTS, _SCOPES)
    )
    return files, net, scopes


def ruleset() -> int:
    """Create a ruleset that grants nothing and return its descriptor.

    Raises:
        OSError: the kernel has no Landlock.
    """
    attributes = struct.pack("QQQ", *rights(abi()))
    # A kernel accepts unknown fields as long as they are zero.
    return libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)


def restrict(ruleset: int) -> None:
    """Apply a ruleset to the calling process, irrevocably; it must have no_new_privs set.

    Raises:
        OSError: the kernel refuses.
    """
    libc.syscall(_RESTRICT_SELF, ruleset, 0)
