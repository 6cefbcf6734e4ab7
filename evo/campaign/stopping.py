"""How a person or a scheduler stops a campaign: Ctrl-C and SIGTERM end it in order, twice at once.

The first signal lets what is in hand come to its end for a few seconds, so that trainings that are
all but done are acknowledged instead of trained again. The campaign then stops where it tells of
itself, between two steps or after a seal. The second signal stops it wherever it is, which loses
nothing that was acknowledged either.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

from evo.campaign.progress import Progress

GRACE_S = 3.0
"""Longest time between the first signal and the end of the work."""


class Stopping:
    """Turns signals into a `KeyboardInterrupt` at a good moment, while the context lasts.

    In a thread other than the main one, where Python allows no signal handlers, it does nothing.

    Args:
        tell: is called at the first signal.
        grace_s: how long what is in hand may take then.
    """

    def __init__(self, tell: Callable[[], None], *, grace_s: float = GRACE_S) -> None:
        self._tell = tell
        self._grace_s = grace_s
        self._is_asked = False
        self._before: dict[int, Any] = {}

    def watch(self, progress: Progress) -> None:
        """Look whether to stop here; to be called with all that a campaign tells.

        Raises:
            KeyboardInterrupt: it is time.
        """
        if self._is_asked and progress.step not in ("evaluate", "baselines"):
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self._is_asked:
            # Also when time is up. From here on nothing must hold up who asks again.
            raise KeyboardInterrupt
        if number == signal.SIGALRM:
            return
        self._is_asked = True
        signal.setitimer(signal.ITIMER_REAL, self._grace_s)
        self._tell()
