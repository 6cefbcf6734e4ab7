"""Share the processors of a machine, or its GPUs, among the campaigns of one user.

Each process that has trainings to do holds a file of its own in a folder per user, under a lock
that the kernel releases when the process ends, however it ends. It counts the others and takes its
share: equal parts, and what one of them cannot use goes to the rest. A campaign that waits, as for
a language model, holds none. Shares decide when a training starts and nothing else: results never
depend on them.
"""

import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from evo.core import flock

_LOOK_S = 0.5
"""Seconds for which a look at the other processes counts."""


def fair_shares(demands: Sequence[int], total: int) -> list[int]:
    """Places of each process: at least one, then one more in turn up to what it can use.

    Args:
        demands: number of places that each could use.
        total: number of places.

    >>> fair_shares([8, 8], 8), fair_shares([8, 1, 8], 8)
    ([4, 4], [4, 1, 3])
    >>> fair_shares([2, 2, 2], 2), fair_shares([4, 4, 4], 8)
    ([1, 1, 1], [3, 3, 2])
    """
    places = [1 for _ in demands]
    left = total - len(places)
    while left > 0 and (open_ := [i for i, most in enumerate(demands) if places[i] < most]):
        for i in open_[:left]:
            places[i] += 1
        left -= len(open_)
    return places


class Share:
    """The share of one process in the places of a machine.

    Args:
        folder: where processes meet; None shares with nobody.
        what: of what there are places: "cpu" or "cuda".
        total: number of places.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        folder: Path | None,
        what: str,
        total: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._what = what
        self._total = total
        self._clock = clock
        self._path: Path | None = None
        self._descriptor = -1
        self._demand = 0
        self._users = 0
        self._seen: tuple[float, int] | None = None

    @contextmanager
    def taken(self) -> Generator[None]:
        """Take part while the context lasts."""
        self._users += 1
        with suppress(OSError):  # a folder that vanished, or without locks: nobody to share with
            self._enter()
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:  # several threads may take part for one process
                self._leave()

    def places(self, demand: int) -> int:
        """Number of trainings that may run now.

        Args:
            demand: number that this process could run, at least 1.
        """
        if self._path is None:
            return demand
        if demand != self._demand:
            self._demand = demand
            os.pwrite(self._descriptor, f"{demand:<11}\n".encode(), 0)
            self._seen = None
        now = self._clock()
        if self._seen is None or now - self._seen[0] >= _LOOK_S:
            self._seen = (now, self._counted(self._path))
        return min(demand, self._seen[1])

    def _enter(self) -> None:
        if self._folder is None:
            return
        while self._path is None:
            # A fresh order each time: nobody is always the one with a place more, or less.
            path = self._folder / f"{self._what}-{uuid4().hex[:8]}-{os.getpid()}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                flock.flock(descriptor, flock.LOCK_EX)
            except OSError:
                path.unlink()
                os.close(descriptor)
                raise
            # Before it was locked, another process may have taken it for that of a dead one.
            if path.exists():
                self._path, self._descriptor = path, descriptor
                self._demand, self._seen = 0, None
            else:
                os.close(descriptor)

    def _leave(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._path, self._descriptor = None, -1

    def _counted(self, mine: Path) -> int:
        """Count the places of this process beside those of all others that run."""
        demands = {mine.name: self._demand}
        for path in mine.parent.glob(f"{self._what}-*"):
            if path != mine and (demand := _demand_of(path)):
                demands[path.name] = demand
        names = sorted(demands)
        return fair_shares([demands[name] for name in names], self._total)[names.index(mine.name)]


def _demand_of(path: Path) -> int:
    """Number of places that the process of a file could use; 0 where it has ended."""
    with suppress(OSError, ValueError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            flock.flock(descriptor, flock.LOCK_SH | flock.LOCK_NB)
        except BlockingIOError:
            return max(1, int(os.pread(descriptor, 12, 0) or b"1"))
        else:
            path.unlink()
        finally:
            os.close(descriptor)
    return 0


def meeting_folder() -> Path | None:
    """The folder in which a user's processes meet; None where none can be had safely.

    On Windows, whose locks keep others from reading, each process takes the whole machine.
    """
    if sys.platform == "win32":
        return None
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    candidates = [Path(runtime) / "evo"] if runtime else []
    with suppress(FileNotFoundError):
        candidates.append(Path(tempfile.gettempdir()) / f"evo-{os.getuid()}")
    for folder in candidates:
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            status = folder.lstat()
            is_private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
            if is_private and status.st_uid == os.getuid() and os.access(folder, os.W_OK):
                return folder
    return None
