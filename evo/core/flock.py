"""Locks of files by the kernel, which end with the process that holds them, however it ends.

Windows locks bytes, not files, and for one process alone: there the lock is one byte far behind the
content, which others may go on reading, and a shared lock is as exclusive as any.
"""

import os
import sys

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
else:
    import msvcrt

    LOCK_SH, LOCK_EX, LOCK_NB = 1, 2, 4
    _PLACE = 1 << 30

    def flock(fd: int, operation: int, /) -> None:
        """Lock a file; its position is then elsewhere.

        Args:
            fd: the open file's descriptor.
            operation: LOCK_SH or LOCK_EX, with LOCK_NB to fail at once; else it tries for seconds.

        Raises:
            BlockingIOError: another process holds the lock.
        """
        mode = msvcrt.LK_NBLCK if operation & LOCK_NB else msvcrt.LK_LOCK
        os.lseek(fd, _PLACE, os.SEEK_SET)
        try:
            msvcrt.locking(fd, mode, 1)
        except OSError as error:
            raise BlockingIOError(error.errno, error.strerror) from error


__all__ = ["LOCK_EX", "LOCK_NB", "LOCK_SH", "flock"]
