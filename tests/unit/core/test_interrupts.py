import math
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from evo.core.errors import EvoError
from evo.core.interrupts import plain_interrupts


class Interrupted:
    """A lock; the signal comes as a wait takes it back, which happens by itself once in a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.release = self._lock.release
        self._taken = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        self._taken += 1
        if self._taken == 2:
            signal.raise_signal(signal.SIGUSR1)
        return self._lock.acquire(blocking, timeout)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _is_owned(self) -> bool:
        return self._lock.locked()


@pytest.fixture
def condition() -> Iterator[threading.Condition]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt("asked to")

    before = signal.signal(signal.SIGUSR1, interrupt)
    yield threading.Condition(Interrupted())  # type: ignore[arg-type] - it is used as any lock is
    signal.signal(signal.SIGUSR1, before)


def test_an_interruption_that_breaks_a_lock_is_an_interruption(
    condition: threading.Condition,
) -> None:
    with pytest.raises(KeyboardInterrupt, match="asked to"), plain_interrupts(), condition:
        condition.wait(0.001)


def test_without_it_the_lock_would_fail(condition: threading.Condition) -> None:
    with pytest.raises(RuntimeError, match="unlocked"), condition:
        condition.wait(0.001)


@pytest.mark.parametrize("error", [EvoError("the disk is full"), OSError("no space")])
def test_errors_to_mend_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)), plain_interrupts():
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise error  # noqa: B904 - as a clean-up would


def test_what_is_meant_to_follow_an_interruption_stays_what_it_is() -> None:
    with pytest.raises(SystemError, match="130"), plain_interrupts():
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise SystemError(130) from None


def test_an_interruption_that_came_before_explains_nothing() -> None:
    with pytest.raises(ValueError):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            with plain_interrupts():
                math.log(0)


def test_errors_of_their_own_pass() -> None:
    with pytest.raises(ValueError), plain_interrupts():
        math.log(0)
