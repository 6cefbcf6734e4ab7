import os
import signal
import time

import pytest

from evo.campaign.progress import Progress
from evo.campaign.stopping import Stopping


def progress(step: str) -> Progress:
    return Progress(1, 2, step)


def ask(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_lets_what_is_in_hand_end_and_stops_at_the_next_step(number) -> None:
    told: list[str] = []
    with Stopping(lambda: told.append("stopping")) as stopping:
        stopping.watch(progress("archive"))
        ask(number)
        stopping.watch(progress("evaluate"))
        with pytest.raises(KeyboardInterrupt):
            stopping.watch(progress("archive"))

    assert told == ["stopping"]


def test_the_second_signal_stops_at_once() -> None:
    with Stopping(lambda: None):
        ask()
        with pytest.raises(KeyboardInterrupt):
            ask()


def test_what_takes_too_long_is_stopped_all_the_same() -> None:
    start = time.monotonic()
    with Stopping(lambda: None, grace_s=0.1), pytest.raises(KeyboardInterrupt):
        ask()
        time.sleep(30)

    assert time.monotonic() - start < 10


def test_afterwards_signals_mean_what_they_meant_before() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)

    with Stopping(lambda: None, grace_s=0.05):
        ask()
    time.sleep(0.1)

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)) == before
