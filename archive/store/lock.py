"""A writer's lock per campaign, which ends with its process, even by SIGKILL.

HDF5's own locks can be disabled by an environment variable, so the campaign folder has a lock file
under `flock`. A forked child must never keep the lock: a worker that outlives its campaign's
process would prevent every resume, so children close their copy.
"""

import errno
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from socket import gethostname

from archive.store import disk
from archive.store.disk import reading, writing
from evo.core import flock
from evo.core.errors import HistoryError

_TIMEOUT_S = 0.5
"""How long a writer tries: a reader that calls `is_held` holds the lock for an instant."""


class Lock:
    """The exclusive lock of a campaign's writer. Take one with `Lock.take`.

    Args:
        descriptor: of the lock file, under `flock`.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> "Lock":
        """Acquire the lock, and write our process id and host into the file.

        Raises:
            HistoryError: another process holds it, or the file cannot be written.
        """
        with writing(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                if not _locked(descriptor, path):
                    holder = disk.read_at(descriptor, 200, 0).decode(errors="replace").strip()
                    raise HistoryError(
                        f"Campaign {path.parent} is being written by {holder or 'a process'}. "
                        "Wait for it to end or stop it; reading works meanwhile."
                    )
                with suppress(OSError):  # on a full disk the lock holds without a name
                    os.ftruncate(descriptor, 0)
                    name = f"process {os.getpid()} on {gethostname()}\n"
                    disk.write_at(descriptor, name.encode(), 0)
            except BaseException:
                os.close(descriptor)
                raise
        _held.add(descriptor)
        return cls(descriptor)

    def release(self) -> None:
        """Release the lock; releasing twice is harmless."""
        if self._descriptor in _held:
            _held.remove(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1


def _locked(descriptor: int, path: Path) -> bool:
    """Lock for writing; False where another process holds the lock.

    Raises:
        HistoryError: the file system has no locks.
    """
    try:
        return _flock(descriptor, flock.LOCK_EX, timeout_s=_TIMEOUT_S)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise HistoryError(
            f"The file system of {path.parent.parent} has no locks ({error.strerror}), without "
            "which two processes could write one campaign. Choose a folder on another file system, "
            "or mount this one with locks."
        ) from None


_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL})


def is_held(path: Path) -> bool:
    """True while a process holds the lock."""
    if not path.exists():
        return False
    with reading(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            return not _flock(descriptor, flock.LOCK_SH, timeout_s=0.0)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return False  # nobody can hold one
            raise
        finally:
            os.close(descriptor)


def _flock(descriptor: int, mode: int, *, timeout_s: float) -> bool:
    """Try to lock until the timeout; True on success."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            flock.flock(descriptor, mode | flock.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


_held: set[int] = set()


def _forget_in_child() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_forget_in_child)
