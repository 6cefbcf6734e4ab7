"""Locks of files by the kernel; a system without them, such as Windows, says that it has none.

It answers as a file system without locks does, which every caller provides for.
"""

import errno
import sys

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
else:
    LOCK_SH, LOCK_EX, LOCK_NB = 1, 2, 4

    def flock(fd: int, operation: int, /) -> None:  # noqa: ARG001 - as that of fcntl
        """Fail.

        Raises:
            OSError: always.
        """
        raise OSError(errno.ENOSYS, "this system has no locks of files")


__all__ = ["LOCK_EX", "LOCK_NB", "LOCK_SH", "flock"]
