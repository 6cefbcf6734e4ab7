"""Wall-time budget of a campaign, summed over all processes that ran it.

The file `hours` in the campaign's folder is updated while a process runs, so that a SIGKILL loses
the last seconds only. It exists where a budget names hours, and no record depends on it.
"""

import json
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.store import disk
from evo.core.errors import HistoryError
from evo.core.records import Outcome
from evo.evaluation.protocol import Job
from evo.evaluation.rungs import Runner
from evo.llm.limits import passed

HOURS_FILE = "hours"


@contextmanager
def counted_hours(
    folder: Path,
    *,
    hours: float,
    clock: Callable[[], float] = time.monotonic,
    save_every_s: float = 10.0,
) -> Generator[float | None]:
    """Deadline on the monotonic clock when a campaign's hours end; None without a limit.

    The time spent in the context is added to the time that the campaign ran before.

    Args:
        folder: the campaign's.
        hours: budget of all processes together; 0 is no limit.
        clock: seconds since any moment.
        save_every_s: how often the file is updated.

    Raises:
        BudgetReachedError: the hours are used up already.
        HistoryError: the file is damaged.
    """
    if not hours:
        yield None
        return
    start, before = clock(), _read(folder / HOURS_FILE)
    left = 3600 * hours - before  # not as clock + 3600 · hours − before, which rounds
    if left <= 0:
        raise passed(hours)
    deadline = start + left

    def save() -> None:
        seconds = before + clock() - start
        disk.replace(folder / HOURS_FILE, json.dumps({"seconds": round(seconds, 3)}).encode())

    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(save_every_s):
            with suppress(HistoryError):  # the campaign's own writes report a full disk
                save()

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield deadline
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


def _read(path: Path) -> float:
    """Seconds of all earlier processes."""
    if not path.exists():
        return 0.0
    try:
        seconds = json.loads(path.read_bytes())["seconds"]
    except (OSError, ValueError, LookupError, TypeError):
        seconds = None
    if not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
        raise HistoryError(f"{path} is damaged. Delete it to count the campaign's hours from zero.")
    return float(seconds)
