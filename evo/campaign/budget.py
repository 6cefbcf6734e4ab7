"""Wall time of a campaign, summed over all processes that ran it, and the budget that limits it.

They are kept in a file, see `archive.history.hours`.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from archive.history.hours import read_seconds, save_seconds
from evo.core.errors import HistoryError
from evo.core.records import Outcome
from evo.evaluation.protocol import Job
from evo.evaluation.rungs import Runner
from evo.llm.limits import passed


class CampaignHours(NamedTuple):
    """Wall time of a campaign while it runs.

    Attributes:
        deadline: on the monotonic clock, when its hours are used up; None without a limit.
        so_far: gives the hours of all processes until now.
    """

    deadline: float | None
    so_far: Callable[[], float]


@contextmanager
def counted_hours(
    folder: Path,
    *,
    hours: float,
    clock: Callable[[], float] = time.monotonic,
    save_every_s: float = 10.0,
) -> Generator[CampaignHours]:
    """Count the hours of a campaign, and say when they end.

    The time spent in the context is added to the time that the campaign ran before.

    Args:
        folder: the campaign's.
        hours: budget of all processes together; 0 is no limit.
        clock: seconds since any moment.
        save_every_s: how often the file is updated.

    Raises:
        BudgetReachedError: the hours are used up already.
        HistoryError: the file is damaged, and a budget depends on it.
    """
    start, before = clock(), _before(folder, is_limit=hours > 0)
    left = 3600 * hours - before  # not as clock + 3600 · hours − before, which rounds
    if hours and left <= 0:
        raise passed(hours)

    def so_far() -> float:
        return (before + clock() - start) / 3600

    def save() -> None:
        save_seconds(folder, 3600 * so_far())

    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(save_every_s):
            with suppress(HistoryError):  # the campaign's own writes report a full disk
                save()

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield CampaignHours(start + left if hours else None, so_far)
    finally:
        ended.set()
        thread.join()
        with suppress(HistoryError):  # a full disk takes nothing from what is finished
            save()


def stop_at(deadline: float | None, train: Runner, *, hours: float) -> Runner:
    """Train until the deadline, then raise `BudgetReachedError`; finished trainings are saved."""
    if deadline is None:
        return train

    def run(jobs: Sequence[Job]) -> Iterable[Outcome]:
        for outcome in train(jobs):
            yield outcome
            if time.monotonic() >= deadline:
                raise passed(hours)

    return run


def _before(folder: Path, *, is_limit: bool) -> float:
    """Seconds of all earlier processes; a damaged count is an error only where it is a limit."""
    try:
        return read_seconds(folder)
    except HistoryError:
        if is_limit:
            raise
        return 0.0
