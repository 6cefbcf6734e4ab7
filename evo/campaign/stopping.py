"""Stop a campaign by Ctrl-C, SIGTERM or `evo ctl`: once in order, twice at once.

After the first signal running trainings have a few seconds to finish, so that those nearly done are
recorded instead of trained again. The campaign then stops at its next progress report, between two
steps or after a seal. The second signal stops it at once, which loses nothing recorded either.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

from evo.campaign.progress import Progress

AT_WORK = ("evaluate", "baselines")
"""Steps in which trainings are in progress, which a stop or a pause lets finish."""
_ALARM = () if sys.platform == "win32" else (signal.SIGALRM,)
GRACE_S = 3.0
"""Longest time between the first signal and the end of the work."""


class Stopping:
    """Context manager that turns signals into a `KeyboardInterrupt` at a safe moment.

    In a thread other than the main one, where Python allows no signal handlers, it does nothing.

    Args:
        on_signal: called at the first signal.
        grace_s: seconds that running trainings may take after it.
    """

    def __init__(self, on_signal: Callable[[], None], *, grace_s: float = GRACE_S) -> None:
        self._on_signal = on_signal
        self._grace_s = grace_s
        self._is_asked = False
        self._asked_at = 0.0
        self._reason = ""
        self._before: dict[int, Any] = {}

    def watch(self, progress: Progress) -> None:
        """Stop here if asked to; call it with every progress report.

        Raises:
            KeyboardInterrupt: a stop was asked for.
        """
        if self._is_asked and (progress.step not in AT_WORK or self._is_over()):
            raise KeyboardInterrupt(self._reason)

    def ask(self, reason: str) -> None:
        """Stop as at a signal; safe from any thread.

        Args:
            reason: why, in words, for `archive.history.stop_reason`.
        """
        if not self._is_asked:
            self._reason, self._asked_at, self._is_asked = reason, time.monotonic(), True
            if self._before and sys.platform != "win32":
                signal.setitimer(signal.ITIMER_REAL, self._grace_s)
            self._on_signal()

    def _is_over(self) -> bool:
        """True if the grace time has passed where no signal ends it."""
        return not (self._before and _ALARM) and time.monotonic() > self._asked_at + self._grace_s

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in (signal.SIGINT, signal.SIGTERM, *_ALARM):
            self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before and sys.platform != "win32":
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self._is_asked:
            # Also when the grace time is over. From here on a signal stops at once.
            raise KeyboardInterrupt(self._reason)
        if number in _ALARM:
            return
        self.ask("")
