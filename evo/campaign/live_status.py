"""Keeps the file of `archive.history.live_status` up to date while a campaign runs."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from archive.history.live_status import write_live_status
from evo.campaign.progress import Progress
from evo.core.errors import HistoryError


class LiveStatus:
    """Writes snapshots as a campaign progresses.

    Args:
        folder: the campaign's.
        every_s: shortest time between two writes within a step.
        clock: monotonic seconds.
    """

    def __init__(
        self, folder: Path, *, every_s: float = 2.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._every_s = every_s
        self._clock = clock
        self._step = (-1, "")
        self._written = 0.0

    def keep(self, progress: Progress) -> None:
        """Write a snapshot, unless one of the same step was written a moment ago."""
        now, step = self._clock(), (progress.generation, progress.step)
        if step == self._step and now < self._written + self._every_s:
            return
        self._step, self._written = step, now
        snapshot = {
            "generation": progress.generation,
            "generations": progress.generations,
            "step": progress.step,
            "trained": round(progress.trained, 4),
            "seconds": round(progress.seconds, 1),
            "seconds_left": progress.seconds_left,
        }
        with suppress(HistoryError):  # the campaign's own writes report a full disk
            write_live_status(self._folder, snapshot)
