"""Budgets that end a campaign's trainings: wall time, and the number of candidates trained.

Wall time is summed over all processes that ran the campaign; it is kept in a file, see
`archive.history.hours`.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.history.hours import read_seconds, save_seconds
from evo.core.errors import BudgetReachedError, HistoryError
from evo.core.records import Record, Status
from evo.core.step import Step
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job
from evo.evaluation.rungs import Runner
from evo.llm.limits import passed


class CampaignHours:
    """Wall time of a campaign while it runs, without the time in which it is paused.

    Args:
        before_s: seconds of all earlier processes.
        clock: seconds since any moment.
    """

    def __init__(
        self, before_s: float = 0.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._before_s = before_s
        self._clock = clock
        self._start = clock()
        self._paused_s = 0.0
        self._pause_start: float | None = None

    def so_far(self) -> float:
        """Hours of all processes until now."""
        now = self._clock() if self._pause_start is None else self._pause_start
        return (self._before_s + (now - self._start - self._paused_s)) / 3600

    def passed(self, limit: float) -> bool:
        """True if the hours of a limit are used up; 0 is no limit."""
        return 0 < limit <= self.so_far()

    @contextmanager
    def paused(self) -> Generator[None]:
        """Count no time as long as the context lasts."""
        self._pause_start = start = self._clock()
        try:
            yield
        finally:
            self._paused_s += self._clock() - start
            self._pause_start = None


@contextmanager
def counted_hours(
    folder: Path,
    *,
    limit: float,
    clock: Callable[[], float] = time.monotonic,
    save_every_s: float = 10.0,
) -> Generator[CampaignHours]:
    """Count the hours of a campaign, and keep them in its folder.

    The time spent in the context is added to the time that the campaign ran before.

    Args:
        folder: the campaign's.
        limit: hours of all processes together; 0 is no limit.
        clock: seconds since any moment.
        save_every_s: how often the file is updated.

    Raises:
        BudgetReachedError: the hours are used up already.
        HistoryError: the file is damaged, and a budget depends on it.
    """
    hours = CampaignHours(_before(folder, is_limit=limit > 0), clock=clock)
    if hours.passed(limit):
        raise passed(limit)

    def save() -> None:
        save_seconds(folder, 3600 * hours.so_far())

    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(save_every_s):
            with suppress(HistoryError):  # the campaign's own writes report a full disk
                save()

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield hours
    finally:
        ended.set()
        thread.join()
        with suppress(HistoryError):  # a full disk takes nothing from what is finished
            save()


def stop_at(train: Runner, hours: CampaignHours, *, limit: float) -> Runner:
    """Train until the hours of a limit are used up, then raise `BudgetReachedError`.

    Finished trainings are saved.
    """

    def run(jobs: Sequence[Job]) -> Iterable[Outcome]:
        for outcome in train(jobs):
            yield outcome
            if hours.passed(limit):
                raise passed(limit)

    return run


class TrainingBudget:
    """Evaluates candidates as long as a number of trainings is not exceeded.

    A generation is trained whole or not at all, so that its scores do not depend on the budget.

    Args:
        evaluate: trains the remaining records.
        most: candidates that are trained, over all generations.
        trained: number of candidates trained in the generations before.
    """

    def __init__(self, evaluate: Step, most: int, *, trained: Callable[[], int]) -> None:
        self._evaluate = evaluate
        self._most = most
        self._trained = trained

    def __call__(self, records: list[Record]) -> list[Record]:
        """The records, evaluated.

        Raises:
            BudgetReachedError: more would be trained than the budget allows.
        """
        due, trained = sum(record.status is Status.PROPOSED for record in records), self._trained()
        if trained + due > self._most:
            raise BudgetReachedError(
                f"Budget reached: {trained:,} of {self._most:,} trainings are spent, and the next "
                f"generation needs {due:,}."
            )
        return self._evaluate(records)


def _before(folder: Path, *, is_limit: bool) -> float:
    """Seconds of all earlier processes; a damaged count is an error only where it is a limit."""
    try:
        return read_seconds(folder)
    except HistoryError:
        if is_limit:
            raise
        return 0.0
